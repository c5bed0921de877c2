/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* URLs of http and https, as far as it matters where a request goes. */

#include <stdbool.h>

#include "macro.h"

typedef struct HttpUrl {
        char *text; /* without user, password and fragment */
        bool https;
        char *host;            /* lower case, without the brackets of IPv6 */
        char *port;            /* always there */
        char *host_port;       /* as credentials are looked up: with the port if it is an unusual one */
        char *user, *password; /* that stood in the URL; NULL: none */
} HttpUrl;

void http_url_done(HttpUrl *u);
#define _cleanup_http_url_ _cleanup_(http_url_done)

/* -EINVAL with *ret_error (allocated) for what is no URL, -EPROTONOSUPPORT for other schemes. */
int http_url_parse(const char *text, HttpUrl *ret, char **ret_error);
/* Where a redirect leads. The same errors; a user in location is not taken. */
int http_url_follow(const HttpUrl *from, const char *location, HttpUrl *ret, char **ret_error);

HttpUrl http_url_copy(const HttpUrl *u);

bool http_url_same_origin(const HttpUrl *a, const HttpUrl *b);

/* For messages: a user's password and what may be a secret in the query are not shown. Allocated. */
char *http_url_mask(const char *text);

/* Kinds of addresses that only their own kind may redirect to. */
typedef enum HttpAddressKind {
        HTTP_ADDRESS_OTHER,
        HTTP_ADDRESS_LOOPBACK,   /* this machine: 127.0.0.0/8, 0.0.0.0/8, ::1, :: */
        HTTP_ADDRESS_LINK_LOCAL, /* 169.254.0.0/16, fe80::/10, and where clouds keep a machine's secrets */
} HttpAddressKind;

/* Of an address, or a name that is known to mean one; HTTP_ADDRESS_OTHER for names. */
HttpAddressKind http_address_kind(const char *host);
