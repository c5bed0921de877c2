/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app-process.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include "alloc.h"
#include "executable.h"
#include "file.h"
#include "mounts.h"
#include "namespaces.h"
#include "target.h"

const char *process_failure_text(const ProcessFailure *f) {
        switch (f->what) {
        case PROCESS_JOIN: return "cannot join the app's namespaces";
        case PROCESS_CGROUP: return "cannot show the app's cgroup in /sys/fs/cgroup";
        case PROCESS_OUTPUT: return "cannot connect its input and output";
        case PROCESS_TERMINAL: return "cannot get the terminal";
        case PROCESS_CONFINE: return confine_step_name(f->step);
        case PROCESS_EXECUTE: return "cannot execute it";
        }
        return "cannot start it";
}

static void reset_signals(void) {
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        signal(SIGPIPE, SIG_DFL);
}

/* Lowering the value needs CAP_SYS_RESOURCE, which the host's root may lack: no reason not to run. */
static void set_oom_score(const App *a) {
        char text[16];
        if (!a->plan->has_oom_score_adj)
                return;
        snprintf(text, sizeof(text), "%d", a->plan->oom_score_adj);
        write_string_at(AT_FDCWD, "/proc/self/oom_score_adj", text, 0);
}

/* The app's cgroup namespace and mount namespace. Its first process completes the latter: only now does the
 * cgroup exist that is shown in it. */
static int join(const App *a, ProcessFailure *f) {
        _cleanup_close_ int cgroup = -1;
        f->what = PROCESS_CGROUP;
        if (a->cgroup >= 0 && !a->completed) {
                _cleanup_free_ char *path = xasprintf("/sys/fs/cgroup/app-%s", a->plan->name);
                cgroup = mount_clone(AT_FDCWD, path, false);
                int r = cgroup;
                if (r >= 0 && a->plan->read_only_paths)
                        r = mount_restrict(cgroup, "", false, MOUNT_ATTR_RDONLY, 0);
                if (r < 0)
                        return r;
        }
        f->what = PROCESS_JOIN;
        if (setns(a->root.namespace, CLONE_NEWNS) < 0 || (a->cgroup >= 0 && unshare(CLONE_NEWCGROUP) < 0))
                return -errno;
        if (!a->completed && !a->devices_guarded &&
                        mount_restrict(AT_FDCWD, "/dev", false, MOUNT_ATTR_RDONLY, 0) < 0)
                return -errno;
        f->what = PROCESS_CGROUP;
        return cgroup < 0 ? 0 : mount_attach_at(cgroup, AT_FDCWD, "/sys/fs/cgroup");
}

static int connect_output(const App *a, bool main, ProcessFailure *f) {
        f->what = PROCESS_TERMINAL;
        if (a->terminal >= 0) {
                if (ioctl(a->terminal, TIOCSCTTY, 0) < 0)
                        return -errno;
                for (int i = 0; i < 3; i++)
                        if (dup2(a->terminal, i) < 0)
                                return -errno;
                return 0;
        }
        f->what = PROCESS_OUTPUT;
        if (a->logs->interactive)
                return 0;
        _cleanup_close_ int null = open("/dev/null", O_RDWR | O_NOCTTY | O_CLOEXEC);
        if (null < 0 || dup2(null, 0) < 0 || dup2(a->streams[0].out, 1) < 0 ||
                        dup2(a->streams[1].out, 2) < 0)
                return -errno;
        return 0;
}

static int run(const App *a, char *const argv[], bool main, ProcessFailure *f) {
        int r;
        reset_signals();
        setsid();
        set_oom_score(a);
        if ((r = join(a, f)) < 0 || (r = connect_output(a, main, f)) < 0)
                return r;
        /* everything of PID 1's goes with execve, the failure pipe among it */
        f->what = PROCESS_OUTPUT;
        if (syscall(SYS_close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
                return -errno;

        Confinement c = {
                .uid = main ? a->user.uid : 0,
                .gid = main ? a->user.gid : 0,
                .gids = main ? a->plan->gids : NULL,
                .n_gids = main ? a->plan->n_gids : 0,
                .working_directory = a->plan->working_directory,
                .capabilities = a->plan->capabilities,
                .no_new_privileges = a->plan->no_new_privileges,
                .seccomp = a->plan->seccomp ? &a->filter : NULL,
        };
        f->what = PROCESS_CONFINE;
        if ((r = confine(&c, &f->step)) < 0)
                return r;
        f->what = PROCESS_EXECUTE;
        return executable_run(argv, a->environment);
}

pid_t process_start(App *a, char *const argv[], bool main, int *ret_failure) {
        int fds[2];
        if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
                return -errno;
        _cleanup_close_ int in = fds[0], out = fds[1], pidfd = -1;
        pid_t pid = namespaces_fork(0, a->cgroup, &pidfd);
        if (pid == 0) {
                ProcessFailure f = {};
                f.error = -run(a, argv, main, &f);
                _exit(write(out, &f, sizeof(f)) < 0 ? 1 : PROCESS_EXIT_EXECUTE);
        }
        if (pid > 0) {
                a->completed = true;
                *ret_failure = TAKE_FD(in);
        }
        return pid;
}
