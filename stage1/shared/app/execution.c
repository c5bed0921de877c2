/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "execution.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "alloc.h"
#include "executable.h"
#include "mounts.h"
#include "oom-score.h"
#include "plan-rlimits.h"
#include "security-label.h"
#include "strv.h"

static bool has_variable(char *const *environment, const char *name) {
        size_t n = strlen(name);
        STRV_FOREACH (e, environment)
                if (strncmp(*e, name, n) == 0 && (*e)[n] == '=')
                        return true;
        return false;
}

void execution_set_variable(char ***environment, const char *name, const char *value) {
        size_t n = strlen(name);
        for (char **e = *environment; e && *e; e++)
                if (strncmp(*e, name, n) == 0 && (*e)[n] == '=') {
                        free(*e);
                        *e = xasprintf("%s=%s", name, value);
                        return;
                }
        strv_push(environment, xasprintf("%s=%s", name, value));
}

void execution_default_variable(char ***environment, const char *name, const char *value) {
        if (!has_variable(*environment, name))
                strv_push(environment, xasprintf("%s=%s", name, value));
}

char **execution_environment(const PlanApp *a, const User *user) {
        const char *name = user->name ?: "root";
        char **environment = strv_copy(a->environment);
        execution_default_variable(&environment, "SHELL", user->shell ?: "/bin/sh");
        execution_default_variable(&environment, "USER", name);
        execution_default_variable(&environment, "LOGNAME", name);
        execution_default_variable(&environment, "HOME", user->home ?: "/root");
        return environment;
}

/* All: what rkt's caller ignores (nohup, a shell's "&") is not for the app to
 * inherit. */
static void reset_signals(void) {
        sigset_t none;
        sigemptyset(&none);
        for (int i = 1; i < NSIG; i++)
                signal(i, SIG_DFL); /* fails for those that cannot be changed, and the C
                                       library's own */
        sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Before anything of the app's is near: the proc that these are written to is
 * ours. */
static int set_label(const PlanApp *a, ExecutionFailure *f) {
        f->what = EXECUTION_SELINUX;
        int r = a->selinux_context ? security_set_selinux(a->selinux_context) : 0;
        if (r < 0 || !a->apparmor_profile)
                return r;
        f->what = EXECUTION_APPARMOR;
        return security_set_apparmor(a->apparmor_profile);
}

static int set_rlimits(const PlanApp *a, ExecutionFailure *f) {
        f->what = EXECUTION_RLIMITS;
        return plan_rlimits_apply(a);
}

static int put_cgroup(const Execution *e) {
        int r = e->cgroup_mount < 0 ? 0 : mount_attach_at(e->cgroup_mount, AT_FDCWD, CGROUP_ROOT);
        for (size_t i = 0; i < e->n_hierarchies && r >= 0; i++)
                r = mount_attach_at(e->hierarchies[i].fd, AT_FDCWD, e->hierarchies[i].path);
        return r;
}

static int join(const Execution *e, ExecutionFailure *f) {
        f->what = EXECUTION_ATTACH;
        int r = e->cgroup1 ? cgroup1_attach(e->cgroup1, 0) : 0;
        if (r < 0)
                return r;
        f->what = EXECUTION_JOIN;
        if (e->user_namespace >= 0 && setns(e->user_namespace, CLONE_NEWUSER) < 0)
                return -errno;
        if (setns(e->mount_namespace, CLONE_NEWNS) < 0 || (e->has_cgroup && unshare(CLONE_NEWCGROUP) < 0))
                return -errno;
        r = e->close_dev ? mount_restrict(AT_FDCWD, "/dev", false, MOUNT_ATTR_RDONLY, 0) : 0;
        if (r < 0)
                return r;
        f->what = EXECUTION_CGROUP;
        return put_cgroup(e);
}

static int connect_terminal(const Execution *e, ExecutionFailure *f) {
        f->what = EXECUTION_TERMINAL;
        /* what a service manager starts leads a session already */
        if ((setsid() < 0 && getsid(0) != getpid()) || ioctl(e->terminal, TIOCSCTTY, 0) < 0)
                return -errno;
        for (int i = 0; i < 3; i++)
                if (!e->keep[i] && dup2(e->terminal, i) < 0)
                        return -errno;
        return 0;
}

static int connect_standard(const Execution *e, ExecutionFailure *f) {
        f->what = EXECUTION_OUTPUT;
        for (int i = 0; i < 3; i++)
                if (e->standard[i] >= 0 && e->standard[i] != i && dup2(e->standard[i], i) < 0)
                        return -errno;
        int first = 3 + (int) e->n_sockets;
        for (size_t i = 0; i < e->n_sockets; i++)
                if (dup2(e->sockets[i], 3 + (int) i) < 0)
                        return -errno;
        /* Now, not with execve: the working directory and the program come from the image, which may name
         * /proc/self/fd/N (CVE-2024-21626). What is left is no directory. */
        if (e->failure > first && syscall(SYS_close_range, first, (unsigned) e->failure - 1, 0) < 0)
                return -errno;
        return syscall(SYS_close_range, (unsigned) e->failure + 1, ~0U, 0) < 0 ? -errno : 0;
}

static int run(const Execution *e, ExecutionFailure *f) {
        int r;
        reset_signals();
        /* a host's root may lack what lowering it takes: no reason not to run */
        if (e->app->has_oom_score_adj)
                oom_score_set(e->app->oom_score_adj);
        if ((r = set_label(e->app, f)) < 0 || (r = join(e, f)) < 0 ||
                        (e->terminal >= 0 && (r = connect_terminal(e, f)) < 0) ||
                        (r = connect_standard(e, f)) < 0 || (r = set_rlimits(e->app, f)) < 0)
                return r;
        bool own = e->user &&
                   e->app->n_gids == 0; /* what the pod manifest says goes before the image's files */
        Confinement c = {
                .uid = e->user ? e->user->uid : 0,
                .gid = e->user ? e->user->gid : 0,
                .gids = own       ? e->user->gids
                        : e->user ? e->app->gids
                                  : NULL,
                .n_gids = own       ? e->user->n_gids
                          : e->user ? e->app->n_gids
                                    : 0,
                .working_directory = e->app->working_directory,
                .capabilities = e->app->capabilities,
                .ambient = e->user ? e->app->ambient : 0,
                .no_new_privileges = e->app->no_new_privileges,
                .seccomp = e->filter,
        };
        f->what = EXECUTION_CONFINE;
        if ((r = confine(&c, &f->step)) < 0)
                return r;
        /* last: a change of user clears it */
        if (e->parent_death_signal > 0)
                prctl(PR_SET_PDEATHSIG, e->parent_death_signal, 0, 0, 0);
        f->what = EXECUTION_EXECUTE;
        return executable_run(e->argv, e->environment);
}

ExecutionFailure execution_run(const Execution *e) {
        ExecutionFailure f = {};
        f.error = -run(e, &f);
        return f;
}

char *execution_explain(const Execution *e, const ExecutionFailure *f, int rootfd) {
        const char *directory = e->app->working_directory, *what = "cannot start it";
        switch (f->what) {
        case EXECUTION_EXECUTE:
                return executable_explain(rootfd, e->argv, e->environment, directory, f->error);
        case EXECUTION_CONFINE:
                if (f->step == CONFINE_WORKING_DIRECTORY)
                        return xasprintf("cannot enter the working directory %s: %s", directory,
                                        strerror(f->error));
                what = confine_step_name(f->step);
                break;
        case EXECUTION_SELINUX:
                return xasprintf("cannot get the SELinux context %s: %s", e->app->selinux_context,
                                strerror(f->error));
        case EXECUTION_APPARMOR:
                return xasprintf("cannot get the AppArmor profile %s: %s", e->app->apparmor_profile,
                                strerror(f->error));
        case EXECUTION_RLIMITS: what = "cannot set its resource limits"; break;
        case EXECUTION_ATTACH: what = "cannot join the app's cgroups"; break;
        case EXECUTION_JOIN: what = "cannot join the app's namespaces"; break;
        case EXECUTION_CGROUP: what = "cannot show the app's cgroup in /sys/fs/cgroup"; break;
        case EXECUTION_OUTPUT: what = "cannot connect its input and output"; break;
        case EXECUTION_TERMINAL: what = "cannot get the terminal"; break;
        }
        return xasprintf("%s: %s", what, strerror(f->error));
}
