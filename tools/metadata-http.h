/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The HTTP side of the metadata service, by libmicrohttpd, which parses what clients send. Nobody is
 * trusted: sizes, numbers of connections and the time of a request are limited. */

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "macro.h"
#include "uuid.h"

typedef struct HttpRequest {
        struct MHD_Connection *connection;
        const char *method; /* of HEAD, GET: it is answered without the body */
        const char *path;   /* as it stands in the request, without the query */
        char *body;         /* NULL: none; else with a NUL behind it */
        size_t body_size;
        void *state; /* of who answers; freed with free(3) */
} HttpRequest;

typedef struct HttpAnswer {
        unsigned status; /* 0: none yet */
        const char *type;
        char *text; /* allocated; NULL: the body is file, or none */
        size_t size;
        int file;                   /* or -1; closed */
        const char *allow;          /* with status 405: the methods that there are */
        char pod[UUID_STRING_SIZE]; /* whom it was about, for the log; "": nobody */
} HttpAnswer;

typedef struct HttpService {
        const char *name;
        bool has_token;                                   /* the first part of a path is a secret */
        size_t body_max;                                  /* bytes */
        unsigned connections_max, connections_of_address; /* 0: no limit of the latter */
        /* Called before there is a body; sets an answer where the request is not to go on. */
        void (*begin)(HttpRequest *q, HttpAnswer *a, void *userdata);
        void (*finish)(HttpRequest *q, HttpAnswer *a, void *userdata);
        void *userdata;
} HttpService;

typedef struct HttpServer HttpServer;

/* Serves on the listening socket, which becomes the server's. The service is borrowed. Logs; NULL. */
HttpServer *http_server_new(const HttpService *service, int socket);
void http_server_free(HttpServer *s);

int http_server_poll_fd(const HttpServer *s);
/* Milliseconds until http_server_run is to be called in any case; -1: only when there is something. */
int http_server_timeout(const HttpServer *s);
void http_server_run(HttpServer *s);
/* Takes no more connections. */
void http_server_quiesce(HttpServer *s);
unsigned http_server_connections(const HttpServer *s);
/* When something was last asked of any server, in monotonic_ns(). */
uint64_t http_server_last_use(void);

/* A body of plain text; the text is formatted. */
void http_answer_text(HttpAnswer *a, unsigned status, const char *format, ...) _printf_(3, 4);
