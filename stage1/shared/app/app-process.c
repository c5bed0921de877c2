/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app-process.h"

#include <errno.h>
#include <fcntl.h>

#include "alloc.h"
#include "descriptor-limit.h"
#include "namespaces.h"
#include "pod-cgroup-mounts.h"
#include "strv.h"

void process_describe(const App *a, Execution *ret) {
        *ret = (Execution){
                .app = a->plan,
                .user = a->phase == APP_MAIN ? &a->user : NULL,
                .filter = a->plan->seccomp ? &a->plan->filter : NULL,
                .user_namespace = -1,
                .mount_namespace = a->root.namespace,
                .has_cgroup = a->cgroup >= 0,
                .cgroup1 = &a->cgroup1,
                .cgroup_mount = -1,
                .close_dev = !a->completed && !a->devices_guarded && !plan_app_has_all_devices(a->plan),
                .standard = { -1, -1, -1 },
                .terminal = a->master >= 0 && a->phase != APP_MAIN ? -1 : a->terminal,
                .argv = a->phase == APP_PRE_START   ? a->plan->pre_start
                        : a->phase == APP_POST_STOP ? a->plan->post_stop
                                                    : a->plan->exec,
                .environment = a->environment,
        };
}

/* sd_listen_fds(3): the number of the process is part of it. */
static char **socket_environment(const App *a) {
        char **environment = strv_copy(a->environment);
        _cleanup_free_ char *names = strv_join(a->sockets->names, ":");
        strv_push(&environment, xasprintf("LISTEN_PID=%d", (int) getpid()));
        strv_push(&environment, xasprintf("LISTEN_FDS=%zu", a->sockets->n));
        strv_push(&environment, xasprintf("LISTEN_FDNAMES=%s", names));
        return environment;
}

/* The pipe's end, where the app's sockets do not come to lie. */
static int move_up(const App *a, int fd) {
        int lowest = 3 + (a->sockets ? (int) a->sockets->n : 0);
        if (fd >= lowest)
                return fd;
        int moved = fcntl(fd, F_DUPFD_CLOEXEC, lowest);
        close(fd);
        return moved;
}

/* What has a terminal and is not chosen here leads there. A hook does not have it as its own, but may print.
 */
void process_choose_standard(const App *a, int null, Execution *e) {
        for (int i = 0; i < 3; i++) {
                AppIoMode mode = a->plan->io.modes[i];
                if (mode == APP_IO_TTY)
                        e->standard[i] = a->phase == APP_MAIN ? -1 : i == 0 ? null : a->terminal;
                else if (mode == APP_IO_NULL)
                        e->standard[i] = null;
                else if (i == 0)
                        e->standard[i] = a->input >= 0 ? a->input : null;
                else
                        e->standard[i] = a->streams[i - 1].out;
        }
}

static ExecutionFailure run(const App *a, int failure) {
        Execution e;
        process_describe(a, &e);
        e.failure = failure;
        _cleanup_strv_ char **environment = NULL;
        if (a->phase == APP_MAIN && a->sockets && a->sockets->n > 0) {
                environment = socket_environment(a);
                e.environment = environment;
                e.sockets = a->sockets->fds;
                e.n_sockets = a->sockets->n;
        }
        /* The app's first process puts its cgroup into its mount namespace: only now does the cgroup exist.
         * A volume over its place is what was asked for instead. */
        if (a->cgroup >= 0 && !a->completed && !plan_app_has_volume_over(a->plan, CGROUP_ROOT)) {
                int r = pod_cgroup_mounts_open(a, &e);
                if (r < 0)
                        return (ExecutionFailure){ .what = EXECUTION_CGROUP, .error = -r };
        }
        /* PID 1's own, which is not the image's to replace */
        int null = open("/dev/null", O_RDWR | O_NOCTTY | O_CLOEXEC);
        if (null < 0)
                return (ExecutionFailure){ .what = EXECUTION_OUTPUT, .error = errno };
        if (!a->logs->interactive)
                process_choose_standard(a, null, &e);
        if (e.terminal < 0)
                setsid();
        descriptor_limit_restore();
        return execution_run(&e);
}

pid_t process_fork(const App *a) {
        _cleanup_close_ int pidfd = -1;
        return namespaces_fork(0, a->cgroup1.fds[CGROUP1_SYSTEMD] < 0 ? a->cgroup : -1, &pidfd);
}

pid_t process_start(App *a, int *ret_failure) {
        int fds[2];
        if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
                return -errno;
        _cleanup_close_ int in = fds[0], out = move_up(a, fds[1]);
        if (out < 0)
                return -errno;
        pid_t pid = process_fork(a);
        if (pid == 0) {
                ExecutionFailure f = run(a, out);
                _exit(write(out, &f, sizeof(f)) < 0 ? 1 : EXECUTION_EXIT_FAILURE);
        }
        if (pid > 0) {
                a->completed = true;
                *ret_failure = TAKE_FD(in);
        }
        return pid;
}
