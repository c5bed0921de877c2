/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A plugin that asks the daemon, from its request until it has its answer. */

#include <stddef.h>

#include "dhcp-attachment.h"

typedef struct Connection {
        int fd;
        char *text;
        size_t size;
        Attachment *waits_for; /* NULL: its request is still being read */
} Connection;

Connection *connection_accept(int listener); /* NULL: there is none any more */
void connection_free(Connection *c);

/* Reads what there is. 1: the request is whole, in text; 0: more to come; negative: forget the connection.
 */
int connection_read(Connection *c);

/* Both end the conversation. result may be NULL; it is freed. */
void connection_answer(Connection *c, json_object *result);
void connection_fail(Connection *c, int code, const char *error);
