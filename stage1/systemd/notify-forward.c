/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "notify-forward.h"

#include <sys/socket.h>
#include <sys/un.h>

#include "alloc.h"
#include "log.h"
#include "strv.h"

#define SYSTEMD_SOCKET "/run/systemd/notify"

/* Not what would have systemd take another process for the app's, or keep descriptors. */
static bool passes(const char *line) {
        static const char *const names[] = { "READY=", "STATUS=", "RELOADING=", "STOPPING=", "ERRNO=",
                "MONOTONIC_USEC=", "EXTEND_TIMEOUT_USEC=" };
        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (startswith(line, names[i]))
                        return true;
        return false;
}

/* In the app's name: systemd goes by the sender's process, and we may say whose we are. */
static void send_as(pid_t pid, const char *text) {
        struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = SYSTEMD_SOCKET };
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        struct iovec part = { (char *) text, strlen(text) };
        union {
                struct cmsghdr header;
                char space[CMSG_SPACE(sizeof(struct ucred))];
        } control = {};
        struct msghdr m = { .msg_name = &address,
                .msg_namelen = sizeof(address),
                .msg_iov = &part,
                .msg_iovlen = 1,
                .msg_control = &control,
                .msg_controllen = sizeof(control) };
        struct ucred credentials = { .pid = pid };
        control.header = (struct cmsghdr){ .cmsg_level = SOL_SOCKET,
                .cmsg_type = SCM_CREDENTIALS,
                .cmsg_len = CMSG_LEN(sizeof(credentials)) };
        memcpy(CMSG_DATA(&control.header), &credentials, sizeof(credentials));
        if (fd < 0 || sendmsg(fd, &m, MSG_NOSIGNAL) < 0)
                log_debug("the pod's systemd does not take what process %d says of itself", (int) pid);
}

static void pass_on(void *userdata, const char *text) {
        const App *a = userdata;
        _cleanup_strv_ char **lines = strv_split(text, '\n'), **kept = strv_copy(NULL);
        STRV_FOREACH (line, lines)
                if (passes(*line))
                        strv_add(&kept, *line);
        if (a->phase != APP_MAIN || a->pid <= 0 || strv_length(kept) == 0)
                return;
        _cleanup_free_ char *message = strv_join(kept, "\n");
        send_as(a->pid, message);
}

void notify_forward(App *a) {
        a->notify.pass_on = pass_on;
        a->notify.userdata = a;
}
