/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "metadata-registration.h"

#include <errno.h>
#include <sys/socket.h>

#include "alloc.h"
#include "log.h"
#include "metadata-state.h"
#include "types.h"

#define CONNECTIONS_MAX 32

/* The socket's mode keeps others off already; it can be changed, and descriptors can be passed on. What
 * registers a pod decides what is signed in its name. */
static bool is_root(struct MHD_Connection *connection) {
        struct ucred peer;
        socklen_t size = sizeof(peer);
        int fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
        return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == 0;
}

static void begin(HttpRequest *q, HttpAnswer *a, void *userdata) {
        MetadataRegistration *target = q->state = xnew(MetadataRegistration, 1);
        if (!is_root(q->connection)) {
                http_answer_text(a, MHD_HTTP_FORBIDDEN, "only root registers pods\n");
                return;
        }
        int r = metadata_registration_parse(q->path, target);
        if (r == -ENOENT)
                http_answer_text(a, MHD_HTTP_NOT_FOUND, "there is nothing at this path\n");
        else if (r < 0)
                http_answer_text(a, MHD_HTTP_BAD_REQUEST, "expected /pods/UUID or /pods/UUID/APP\n");
        else if (!streq(q->method, "PUT") && (target->app[0] || !streq(q->method, "DELETE"))) {
                http_answer_text(a, MHD_HTTP_METHOD_NOT_ALLOWED, "the method is not one for this path\n");
                a->allow = target->app[0] ? "PUT" : "PUT, DELETE";
        } else
                memcpy(a->pod, target->uuid, sizeof(a->pod));
}

static int put(int state, const MetadataRegistration *target, const HttpRequest *q, char **ret_error) {
        const char *text = q->body ?: "";
        if (target->app[0])
                return metadata_state_put_app(
                                state, target->uuid, target->app, text, q->body_size, ret_error);
        const char *token = MHD_lookup_connection_value(q->connection, MHD_GET_ARGUMENT_KIND, "token");
        if (!token || !metadata_token_is_valid(token)) {
                *ret_error = xstrdup("expected a token of 32 hexadecimal digits in the query");
                return -EINVAL;
        }
        return metadata_state_put_pod(state, target->uuid, token, text, q->body_size, ret_error);
}

static void finish(HttpRequest *q, HttpAnswer *a, void *userdata) {
        int *state = userdata;
        const MetadataRegistration *target = q->state;
        _cleanup_free_ char *error = NULL;
        int r = streq(q->method, "PUT") ? put(*state, target, q, &error)
                                        : metadata_state_remove(*state, target->uuid);
        if (r >= 0)
                a->status = MHD_HTTP_OK;
        else if (r == -EINVAL || r == -EFBIG)
                http_answer_text(a, MHD_HTTP_BAD_REQUEST, "%s\n", error ?: strerror(-r));
        else if (r == -ENOENT)
                http_answer_text(a, MHD_HTTP_NOT_FOUND, "there is no such pod, or it has no such app\n");
        else if (r == -EEXIST)
                http_answer_text(a, MHD_HTTP_CONFLICT, "another pod has this token\n");
        else {
                log_error_errno(r, "pod %s: cannot change what is known of it", target->uuid);
                http_answer_text(a,
                                r == -ENOSPC || r == -EDQUOT ? MHD_HTTP_INSUFFICIENT_STORAGE
                                                             : MHD_HTTP_INTERNAL_SERVER_ERROR,
                                "%s\n", strerror(-r));
        }
}

void metadata_registration_init(HttpService *ret, int *state) {
        *ret = (HttpService){
                .name = "registration",
                .body_max = APPC_MANIFEST_MAX,
                .connections_max = CONNECTIONS_MAX,
                .begin = begin,
                .finish = finish,
                .userdata = state,
        };
}
