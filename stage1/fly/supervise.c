/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "alloc.h"
#include "event.h"
#include "execution.h"
#include "file.h"
#include "log.h"
#include "memory.h"
#include "process.h"
#include "strv.h"

typedef struct Life {
        const Supervision *s;
        User user;
        char **environment;
        int signals;
        bool is_main; /* of the process that runs now */
        int asked;    /* the last signal that was passed on to the main process; 0: none */
} Life;

/* What a terminal sends goes to the whole process group, so the app has it already; faults are ours. */
static void signal_set(sigset_t *ret) {
        const int own[] = { SIGTSTP, SIGTTIN, SIGTTOU, SIGCONT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT,
                SIGTRAP, SIGSYS };
        sigfillset(ret);
        for (size_t i = 0; i < ELEMENTSOF(own); i++)
                sigdelset(ret, own[i]);
}

void supervise_block_signals(void) {
        sigset_t set;
        signal_set(&set);
        sigprocmask(SIG_BLOCK, &set, NULL);
}

static void tell(const Life *l, EventKind kind, int status) {
        event_send(&(Event){
                        .kind = kind,
                        .pod = l->s->uuid,
                        .app = kind == EVENT_POD_STARTED || kind == EVENT_POD_READY ||
                                                               kind == EVENT_POD_STOPPED
                                               ? NULL
                                               : l->s->app->name,
                        .has_status = status >= 0,
                        .status = status,
        });
}

static int write_number(const Supervision *s, const char *file, pid_t number) {
        char text[16];
        snprintf(text, sizeof(text), "%d\n", (int) number);
        int r = write_string_at(s->pod, file, text, 0644);
        return r < 0 ? log_error_errno(r, "cannot write the pod's %s", file) : 0;
}

static int write_environment(const Life *l) {
        _cleanup_free_ char *lines = strv_join(l->environment, "\n"), *text = xasprintf("%s\n", lines);
        _cleanup_free_ char *path = xasprintf("rkt/env/%s", l->s->app->name);
        int r = write_string_at(l->s->stage1, path, text, 0644);
        return r < 0 ? log_error_errno(r, "cannot write stage1/rootfs/%s", path) : 0;
}

static void record_status(const Life *l, int status) {
        _cleanup_free_ char *text = xasprintf("%d", status);
        _cleanup_free_ char *path = xasprintf("rkt/status/%s", l->s->app->name);
        int r = replace_file_at(l->s->stage1, path, text, strlen(text), 0644, false);
        if (r < 0)
                log_error_errno(r, "cannot record the app's status in stage1/rootfs/%s", path);
}

static void tell_ready(const Life *l) {
        if (symlinkat("ready", l->s->stage1, "rkt/supervisor-status") < 0 && errno != EEXIST)
                log_warning_errno(errno, "cannot make stage1/rootfs/rkt/supervisor-status");
}

static void describe(const Life *l, char *const *argv, Execution *ret) {
        *ret = (Execution){
                .app = l->s->app,
                .user = l->is_main ? &l->user : NULL,
                .user_namespace = -1,
                .mount_namespace = l->s->root->namespace,
                .cgroup_mount = -1,
                .standard = { -1, -1, -1 },
                .terminal = -1,
                .parent_death_signal = SIGTERM,
                .argv = argv,
                .environment = l->environment,
        };
}

/* Nobody may find the number of a process that is not there, so the process writes it itself. */
static _noreturn_ void run_child(const Life *l, char *const *argv, int failure) {
        Execution e;
        describe(l, argv, &e);
        e.failure = failure;
        if (l->is_main && (write_number(l->s, "pgid", getpgrp()) < 0 ||
                                          write_number(l->s, "pid", getpid()) < 0))
                _exit(EXIT_RKT_FAILURE);
        ExecutionFailure f = execution_run(&e);
        _exit(write(failure, &f, sizeof(f)) < 0 ? 1 : EXECUTION_EXIT_FAILURE);
}

static bool check_execution(const Life *l, char *const *argv, int failure) {
        ExecutionFailure f;
        if (read(failure, &f, sizeof(f)) != sizeof(f))
                return true;
        Execution e;
        describe(l, argv, &e);
        _cleanup_free_ char *why = execution_explain(&e, &f, l->s->root->root);
        log_error("app %s: %s", l->s->app->name, why);
        return false;
}

/* Returns its pid, or -errno. */
static pid_t start(const Life *l, char *const *argv) {
        int fds[2];
        if (pipe2(fds, O_CLOEXEC) < 0)
                return log_error_errno(errno, "pipe");
        _cleanup_close_ int in = fds[0], out = fds[1];
        pid_t pid = fork();
        if (pid < 0)
                return log_error_errno(errno, "app %s: cannot start a process", l->s->app->name);
        if (pid == 0)
                run_child(l, argv, out);
        close(TAKE_FD(out));
        /* the pipe ends with execve */
        if (check_execution(l, argv, in) && l->is_main) {
                tell_ready(l);
                tell(l, EVENT_APP_STARTED, -1);
                tell(l, EVENT_POD_READY, -1);
        }
        return pid;
}

/* Whoever asks rkt to stop means the app, which may have a signal of its own for that. */
static void pass_on(Life *l, pid_t pid, const struct signalfd_siginfo *info) {
        int number = (int) info->ssi_signo;
        if (info->ssi_code > 0)
                return; /* from the kernel, which has told the app, too */
        if (l->is_main)
                l->asked = number = number == SIGTERM ? l->s->app->life.stop_signal : number;
        kill(pid, number);
}

/* Waits for the process. It stays a zombie while signals may still be passed to it, so that its number is
 * nobody else's. */
static int wait_for(Life *l, pid_t pid) {
        bool idle = false;
        int wstatus;
        for (;;) {
                pid_t ended = waitpid(pid, &wstatus, WNOHANG);
                if (ended == pid)
                        return process_exit_status(wstatus);
                if (ended < 0 && errno != EINTR)
                        return log_error_errno(errno, "waitpid");
                struct pollfd p = { .fd = l->signals, .events = POLLIN };
                struct signalfd_siginfo info;
                int n = poll(&p, 1, idle ? -1 : MEMORY_IDLE_MS);
                idle = n == 0;
                if (idle)
                        memory_give_back();
                else if (n > 0 && read(l->signals, &info, sizeof(info)) == sizeof(info) &&
                                info.ssi_signo != SIGCHLD)
                        pass_on(l, pid, &info);
        }
}

/* Starts it and waits: its status. */
static int run(Life *l, char *const *argv) {
        pid_t pid = start(l, argv);
        int status = pid < 0 ? pid : wait_for(l, pid);
        return status < 0 ? EXIT_RKT_FAILURE : status;
}

static int run_hook(Life *l, char *const *argv, const char *name) {
        int status = argv ? run(l, argv) : 0;
        if (status != 0)
                log_error("app %s: the %s hook ended with status %d", l->s->app->name, name, status);
        return status;
}

static int live(Life *l) {
        const PlanApp *a = l->s->app;
        tell(l, EVENT_POD_STARTED, -1);
        int status = run_hook(l, a->pre_start, "pre-start");
        if (status == 0) {
                l->is_main = true;
                status = run(l, a->exec);
                l->is_main = false;
        }
        record_status(l, status);
        tell(l, EVENT_APP_EXITED, status);
        run_hook(l, a->post_stop, "post-stop");
        if (l->asked != 0 && status == 128 + l->asked)
                status = 0;
        tell(l, EVENT_POD_STOPPED, status);
        return status;
}

int supervise(const Supervision *s) {
        _cleanup_free_ char *error = NULL;
        Life l = { .s = s };
        sigset_t set;
        int r = user_resolve(s->root->root, s->app->user, s->app->group, NULL, &l.user, &error);
        if (r < 0) {
                log_error("app %s: %s", s->app->name, error);
                return r;
        }
        l.environment = execution_environment(s->app, &l.user);
        signal_set(&set);
        _cleanup_close_ int signals = l.signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
        if (signals < 0)
                r = log_error_errno(errno, "signalfd");
        if (r >= 0 && (r = write_environment(&l)) >= 0)
                r = live(&l);
        user_done(&l.user);
        strv_free(l.environment);
        return r;
}
