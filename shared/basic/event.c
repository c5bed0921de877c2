/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "event.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>

#include "alloc.h"
#include "log.h"
#include "signal-name.h"

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

/* The IDs are names that others match by: they stay as they are. */
static const struct {
        const char *name, *id;
} kinds[_EVENT_KIND_MAX] = {
        [EVENT_POD_PREPARED] = { "pod-prepared", "bd943e6438db45af94b2f05f91f3bec3" },
        [EVENT_POD_STARTED] = { "pod-started", "66eee9a1b5c2409e89fbd869092e25fb" },
        [EVENT_APP_STARTED] = { "app-started", "561630c122da4e5eb2e497f61ccb5945" },
        [EVENT_APP_EXITED] = { "app-exited", "8580c512c88644caa20eda6641ccde2a" },
        [EVENT_APP_OOM_KILLED] = { "app-oom-killed", "a516520438d54ee08c3418f338cb4f83" },
        [EVENT_APP_RESTARTING] = { "app-restarting", "21fc4353551d4c09b2a79c8cc913ec58" },
        [EVENT_APP_HEALTHY] = { "app-healthy", "2d9178821b994977a53e826f932903b7" },
        [EVENT_APP_UNHEALTHY] = { "app-unhealthy", "653f0fec9c874a788d70c9a72d701491" },
        [EVENT_POD_READY] = { "pod-ready", "2a296763a24a4f288b5ed39b30cfd701" },
        [EVENT_POD_STOPPED] = { "pod-stopped", "c3adddf950b04945a69916393fe5ec42" },
        [EVENT_POD_REMOVED] = { "pod-removed", "43e267aa4e744c78946fddf832b06667" },
        [EVENT_IMAGE_FETCHED] = { "image-fetched", "8e61aa58560549f889d6911c9d04dae5" },
        [EVENT_IMAGE_REMOVED] = { "image-removed", "ab8fb99b4f53405599891265fda06ed7" },
};

const char *event_kind_name(EventKind k) {
        return kinds[k].name;
}

const char *event_kind_id(EventKind k) {
        return kinds[k].id;
}

int event_kind_parse(const char *name, EventKind *ret) {
        for (EventKind k = 0; k < _EVENT_KIND_MAX; k++)
                if (streq(kinds[k].name, name)) {
                        *ret = k;
                        return 0;
                }
        return -EINVAL;
}

static char *describe_end(const Event *e) {
        if (e->signal > 0) {
                _cleanup_free_ char *name = signal_name(e->signal);
                return xasprintf("was ended by %s", name);
        }
        return e->has_status ? xasprintf("ended with status %d", e->status) : xstrdup("ended");
}

static char *message_text(const Event *e) {
        const char *image = e->reference ?: "of no name";
        _cleanup_free_ char *end = NULL;
        switch (e->kind) {
        case EVENT_POD_PREPARED: return xasprintf("Pod %s was prepared", e->pod);
        case EVENT_POD_STARTED: return xasprintf("Pod %s was started", e->pod);
        case EVENT_APP_STARTED: return xasprintf("App %s of pod %s was started", e->app, e->pod);
        case EVENT_APP_EXITED:
                end = describe_end(e);
                return xasprintf("App %s of pod %s %s", e->app, e->pod, end);
        case EVENT_APP_OOM_KILLED:
                return xasprintf("Memory was out: the kernel killed a process of app %s of pod %s", e->app,
                                e->pod);
        case EVENT_APP_RESTARTING:
                return xasprintf("App %s of pod %s will be started again", e->app, e->pod);
        case EVENT_APP_HEALTHY: return xasprintf("App %s of pod %s is healthy", e->app, e->pod);
        case EVENT_APP_UNHEALTHY:
                return xasprintf("App %s of pod %s is unhealthy: its last check ended with status %d",
                                e->app, e->pod, e->status);
        case EVENT_POD_READY: return xasprintf("Pod %s is ready", e->pod);
        case EVENT_POD_STOPPED: end = describe_end(e); return xasprintf("Pod %s %s", e->pod, end);
        case EVENT_POD_REMOVED: return xasprintf("Pod %s was removed", e->pod);
        case EVENT_IMAGE_FETCHED: return xasprintf("Image %s was put in the store as %s", image, e->image);
        case EVENT_IMAGE_REMOVED:
                return xasprintf("Image %s was removed from the store: %s", image, e->image);
        case _EVENT_KIND_MAX: break;
        }
        return xstrdup("");
}

/* What went wrong stands out; what was expected does not. */
static int priority(const Event *e) {
        if (e->kind == EVENT_APP_OOM_KILLED)
                return LOG_ERR;
        if (e->kind == EVENT_APP_UNHEALTHY)
                return LOG_WARNING;
        return e->has_status && e->status != 0 ? LOG_NOTICE : LOG_INFO;
}

/* A field of one line: names have no control characters, and if one has, it makes no field of its own. */
static void add(FILE *f, const char *field, const char *value) {
        if (!value)
                return;
        fprintf(f, "%s=", field);
        for (; *value; value++)
                fputc((unsigned char) *value < ' ' ? '?' : *value, f);
        fputc('\n', f);
}

static void add_number(FILE *f, const char *field, int number) {
        fprintf(f, "%s=%d\n", field, number);
}

char *event_compose(const Event *e) {
        _cleanup_free_ char *text = message_text(e);
        _cleanup_free_ char *name = e->signal > 0 ? signal_name(e->signal) : NULL;
        char *message = NULL;
        size_t size;
        FILE *f = open_memstream(&message, &size);
        if (!f)
                return xstrdup("");
        add(f, "MESSAGE", text);
        add(f, "MESSAGE_ID", event_kind_id(e->kind));
        add_number(f, "PRIORITY", priority(e));
        add(f, "SYSLOG_IDENTIFIER", "rkt");
        add(f, "RKT_EVENT", event_kind_name(e->kind));
        add(f, "RKT_POD", e->pod);
        add(f, "RKT_APP", e->app);
        add(f, "RKT_IMAGE", e->image);
        add(f, "RKT_IMAGE_NAME", e->reference);
        if (e->has_status)
                add_number(f, "RKT_STATUS", e->status);
        add(f, "RKT_SIGNAL", name);
        fclose(f);
        return message;
}

static const struct sockaddr_un journal = { .sun_family = AF_UNIX, .sun_path = JOURNAL_SOCKET };
static int socket_fd = -1;
static bool connected;

static int open_socket(void) {
        if (socket_fd < 0)
                socket_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        return socket_fd < 0 ? -errno : socket_fd;
}

void event_connect(void) {
        int fd = open_socket();
        connected = fd >= 0 && connect(fd, (const struct sockaddr *) &journal, sizeof(journal)) >= 0;
}

static int send_once(const Event *e) {
        int fd = open_socket();
        if (fd < 0)
                return fd;
        _cleanup_free_ char *message = event_compose(e);
        ssize_t n = sendto(fd, message, strlen(message), MSG_NOSIGNAL,
                        connected ? NULL : (const struct sockaddr *) &journal,
                        connected ? 0 : sizeof(journal));
        return n < 0 ? -errno : 0;
}

void event_send(const Event *e) {
        int saved = errno, r = send_once(e);
        if (r < 0)
                log_debug_errno(r, "the journal has not been told of %s", event_kind_name(e->kind));
        errno = saved;
}
