/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What systemd executes as PID 1 in its place when it has stopped everything: ends its own services, which
 * have the journal to write, and the pod, with the status of the apps. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "alloc.h"
#include "become.h"
#include "client.h"
#include "duration.h"
#include "file.h"
#include "log.h"
#include "pod-root.h"
#include "process.h"

#define FLUSH_TIMEOUT_S 10
#define STOP_TIMEOUT_MS 5000
#define CHILDREN_MAX    (64 * 1024)

/* Once the agent has written the apps' last lines. */
static int ask_status(void) {
        struct timeval timeout = { .tv_sec = FLUSH_TIMEOUT_S };
        int status = EXIT_RKT_FAILURE;
        _cleanup_close_ int fd = client_send("end");
        if (fd < 0)
                return status;
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
        return client_receive(fd, &status) < 0 ? EXIT_RKT_FAILURE : status;
}

/* Whether there is another child than the agent. */
static bool others_left(const char *agent) {
        siginfo_t info = {};
        _cleanup_free_ char *children = NULL, *alone = xasprintf("%s ", agent);
        while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG) == 0 && info.si_pid > 0)
                info.si_pid = 0;
        int r = read_file_at(AT_FDCWD, "/proc/1/task/1/children", CHILDREN_MAX, &children, NULL);
        return r >= 0 && *children && !streq(children, alone);
}

static void stop_others(const char *agent) {
        sigset_t child;
        sigemptyset(&child);
        sigaddset(&child, SIGCHLD);
        sigprocmask(SIG_SETMASK, &child, NULL);
        kill(-1, SIGTERM); /* the agent minds only whoever is outside */
        kill(-1, SIGCONT);
        uint64_t deadline = monotonic_ns() + STOP_TIMEOUT_MS * NSEC_PER_MSEC;
        struct timespec step = { .tv_nsec = 100 * NSEC_PER_MSEC };
        while (others_left(agent) && monotonic_ns() < deadline)
                sigtimedwait(&child, NULL, &step);
}

int main(int argc, char **argv) {
        _cleanup_free_ char *agent = NULL;
        process_begin("shutdown");
        bool again = argc > 1 && streq(argv[1], "reboot");
        int status = again ? EXIT_RKT_FAILURE : ask_status();
        (void) !read_line_at(AT_FDCWD, POD_ROOT_AGENT, &agent);
        stop_others(agent ?: "");
        if (again)
                become_systemd(environ, false);
        _exit(status); /* whoever is left, the kernel takes along */
}
