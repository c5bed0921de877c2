/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "metadata-http.h"

#include <ctype.h>
#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "alloc.h"
#include "duration.h"
#include "log.h"
#include "option.h"

#define IDLE_SECONDS      10
#define REQUEST_SECONDS   30          /* from its first byte to its answer's last */
#define HEADER_BYTES_MAX  (32 * 1024) /* libmicrohttpd's memory for a connection */
#define LOGGED_PATH_BYTES 120

/* A connection, from the moment on that the request that it is at may have begun. */
typedef struct Connection {
        struct Connection *next, **previous;
        int fd;
        uint64_t began;
} Connection;

struct HttpServer {
        const HttpService *service;
        struct MHD_Daemon *daemon;
        Connection *connections;
};

typedef struct Exchange {
        HttpRequest request;
        HttpAnswer answer;
        bool too_large;
} Exchange;

static uint64_t last_use;

uint64_t http_server_last_use(void) {
        return last_use;
}

void http_answer_text(HttpAnswer *a, unsigned status, const char *format, ...) {
        va_list ap;
        va_start(ap, format);
        free(a->text);
        a->text = xvasprintf(format, ap);
        va_end(ap);
        a->size = strlen(a->text);
        a->status = status;
        a->type = "text/plain; charset=utf-8";
}

/* What a client has sent does not write to a terminal, nor does its token, which is a secret, get into a
 * journal. */
static void log_request(const HttpServer *s, const Exchange *e) {
        char path[LOGGED_PATH_BYTES + 1];
        const char *rest = e->request.path;
        if (s->service->has_token && *rest)
                rest += 1 + strcspn(rest + 1, "/");
        size_t n = 0;
        for (; rest[n] && n < LOGGED_PATH_BYTES; n++)
                path[n] = isgraph((unsigned char) rest[n]) ? rest[n] : '?';
        path[n] = 0;
        log_info("%s: %s: %.10s %s: %u", s->service->name, e->answer.pod[0] ? e->answer.pod : "unknown pod",
                        e->request.method, path, e->answer.status);
}

/* Takes over what the answer holds. */
static struct MHD_Response *make_response(HttpAnswer *a) {
        struct MHD_Response *response = NULL;
        struct stat st;
        if (a->file >= 0 && fstat(a->file, &st) >= 0) {
                response = MHD_create_response_from_fd((uint64_t) st.st_size, a->file);
                if (response)
                        a->file = -1;
        } else if (a->text) {
                response = MHD_create_response_from_buffer(a->size, a->text, MHD_RESPMEM_MUST_FREE);
                if (response)
                        a->text = NULL;
        } else
                response = MHD_create_response_from_buffer(0, (void *) "", MHD_RESPMEM_PERSISTENT);
        if (!response)
                return NULL;
        if (a->type)
                MHD_add_response_header(response, "Content-Type", a->type);
        if (a->allow)
                MHD_add_response_header(response, "Allow", a->allow);
        MHD_add_response_header(response, "Cache-Control", "no-store");
        return response;
}

static enum MHD_Result respond(const HttpServer *s, Exchange *e) {
        struct MHD_Response *response = make_response(&e->answer);
        if (!response)
                return MHD_NO;
        log_request(s, e);
        enum MHD_Result r = MHD_queue_response(e->request.connection, e->answer.status, response);
        MHD_destroy_response(response);
        return r;
}

/* A body that is said to be too large is not waited for. */
static bool announces_too_much(const HttpServer *s, struct MHD_Connection *connection) {
        uint64_t size;
        const char *text = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Length");
        return text && (parse_uint(text, UINT64_MAX, &size) < 0 || size > s->service->body_max);
}

static enum MHD_Result begin(HttpServer *s, struct MHD_Connection *connection, const char *path,
                const char *method, void **ret) {
        Exchange *e = xnew(Exchange, 1);
        *ret = e;
        e->answer.file = -1;
        e->request = (HttpRequest){
                .connection = connection, .path = path, .method = strcmp(method, "HEAD") ? method : "GET"
        };
        s->service->begin(&e->request, &e->answer, s->service->userdata);
        if (e->answer.status == 0 && announces_too_much(s, connection))
                http_answer_text(&e->answer, MHD_HTTP_CONTENT_TOO_LARGE,
                                "the body is larger than %zu bytes\n", s->service->body_max);
        return e->answer.status ? respond(s, e) : MHD_YES;
}

/* One that is larger than it was said to be is read, up to a point, to be told so. */
static enum MHD_Result take(const HttpServer *s, Exchange *e, const char *data, size_t *size) {
        HttpRequest *q = &e->request;
        if (q->body_size + *size > 2 * s->service->body_max)
                return MHD_NO;
        e->too_large |= q->body_size + *size > s->service->body_max;
        if (!e->too_large) {
                q->body = xreallocarray(q->body, q->body_size + *size + 1, 1);
                memcpy(q->body + q->body_size, data, *size);
                q->body[q->body_size + *size] = 0;
        }
        q->body_size += *size;
        *size = 0;
        return MHD_YES;
}

static enum MHD_Result on_request(void *userdata, struct MHD_Connection *connection, const char *path,
                const char *method, const char *version, const char *data, size_t *size, void **state) {
        HttpServer *s = userdata;
        Exchange *e = *state;
        last_use = monotonic_ns();
        if (!e)
                return begin(s, connection, path, method, state);
        if (e->answer.status)
                return MHD_NO; /* it has its answer */
        if (*size > 0)
                return take(s, e, data, size);
        e->request.path = path;
        if (e->too_large)
                http_answer_text(&e->answer, MHD_HTTP_CONTENT_TOO_LARGE,
                                "the body is larger than %zu bytes\n", s->service->body_max);
        else
                s->service->finish(&e->request, &e->answer, s->service->userdata);
        return respond(s, e);
}

static void on_completed(void *userdata, struct MHD_Connection *connection, void **state,
                enum MHD_RequestTerminationCode code) {
        Exchange *e = *state;
        const union MHD_ConnectionInfo *info =
                        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
        Connection *c = info ? info->socket_context : NULL;
        if (c)
                c->began = monotonic_ns();
        if (!e)
                return;
        if (e->answer.file >= 0)
                close(e->answer.file);
        free(e->answer.text);
        free(e->request.body);
        free(e->request.state);
        free(e);
        *state = NULL;
}

static void on_connection(void *userdata, struct MHD_Connection *connection, void **context,
                enum MHD_ConnectionNotificationCode code) {
        HttpServer *s = userdata;
        Connection *c = *context;
        if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
                if (!c)
                        return;
                *c->previous = c->next;
                if (c->next)
                        c->next->previous = c->previous;
                free(c);
                *context = NULL;
                return;
        }
        last_use = monotonic_ns();
        c = xnew(Connection, 1);
        *c = (Connection){
                .next = s->connections,
                .previous = &s->connections,
                .fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd,
                .began = last_use,
        };
        if (c->next)
                c->next->previous = &c->next;
        s->connections = c;
        *context = c;
}

/* A byte now and then keeps a connection from being idle; its time ends nevertheless. */
static void end_slow_requests(HttpServer *s) {
        uint64_t now = monotonic_ns();
        for (Connection *c = s->connections; c; c = c->next)
                if (now - c->began > REQUEST_SECONDS * NSEC_PER_SEC)
                        shutdown(c->fd, SHUT_RDWR);
}

/* Paths are decoded by who reads them, each part for itself. */
static size_t leave_encoded(void *userdata, struct MHD_Connection *connection, char *text) {
        return strlen(text);
}

static void log_library(void *userdata, const char *format, va_list ap) {
        _cleanup_free_ char *text = xvasprintf(format, ap);
        log_debug("libmicrohttpd: %.*s", (int) strcspn(text, "\n"), text);
}

HttpServer *http_server_new(const HttpService *service, int socket) {
        HttpServer *s = xnew(HttpServer, 1);
        s->service = service;
        s->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_ERROR_LOG, 0, NULL, NULL, on_request, s,
                        MHD_OPTION_EXTERNAL_LOGGER, log_library, NULL, MHD_OPTION_LISTEN_SOCKET, socket,
                        MHD_OPTION_CONNECTION_LIMIT, service->connections_max,
                        MHD_OPTION_PER_IP_CONNECTION_LIMIT, service->connections_of_address,
                        MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                        (size_t) HEADER_BYTES_MAX, MHD_OPTION_NOTIFY_COMPLETED, on_completed, s,
                        MHD_OPTION_NOTIFY_CONNECTION, on_connection, s, MHD_OPTION_UNESCAPE_CALLBACK,
                        leave_encoded, NULL, MHD_OPTION_END);
        if (s->daemon)
                return s;
        log_error("%s: libmicrohttpd cannot serve on its socket", service->name);
        free(s);
        return NULL;
}

void http_server_free(HttpServer *s) {
        if (!s)
                return;
        MHD_stop_daemon(s->daemon);
        free(s);
}

int http_server_poll_fd(const HttpServer *s) {
        return MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
}

int http_server_timeout(const HttpServer *s) {
        unsigned long long ms;
        if (MHD_get_timeout(s->daemon, &ms) != MHD_YES)
                return -1;
        return (int) MIN(ms, 1000u);
}

void http_server_run(HttpServer *s) {
        end_slow_requests(s);
        MHD_run(s->daemon);
}

void http_server_quiesce(HttpServer *s) {
        int socket = MHD_quiesce_daemon(s->daemon);
        if (socket >= 0)
                close(socket);
}

unsigned http_server_connections(const HttpServer *s) {
        return MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS)->num_connections;
}
