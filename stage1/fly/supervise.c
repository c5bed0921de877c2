/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "alloc.h"
#include "duration.h"
#include "event.h"
#include "execution.h"
#include "file.h"
#include "fly-lock.h"
#include "log.h"
#include "memory.h"
#include "process.h"
#include "strv.h"

typedef enum Phase {
        PRE_START,
        MAIN,
        POST_STOP,
} Phase;

typedef struct Life {
        const Supervision *s;
        User user;
        char **environment;
        int signals;
        Phase phase;       /* of the process that runs now */
        int asked;         /* the last signal that was passed on; 0: none */
        bool stopping;     /* by SIGTERM */
        bool hurried;      /* by force: what is left behind gets no time */
        uint64_t deadline; /* when the process has to have ended; 0: it may take its time */
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
                .user = l->phase == MAIN ? &l->user : NULL,
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
        if (l->phase == MAIN && (write_number(l->s, "pgid", getpgrp()) < 0 ||
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
        if (check_execution(l, argv, in) && l->phase == MAIN) {
                tell_ready(l);
                tell(l, EVENT_APP_STARTED, -1);
                tell(l, EVENT_POD_READY, -1);
        }
        return pid;
}

static void set_deadline(Life *l) {
        l->deadline = monotonic_ns() + l->s->app->life.stop_timeout_ms * NSEC_PER_MSEC;
}

static bool is_kill(Life *l, const struct signalfd_siginfo *info) {
        bool yes = (int) info->ssi_signo == FLY_KILL_SIGNAL && info->ssi_code == SI_QUEUE &&
                   info->ssi_int == FLY_KILL_VALUE;
        l->stopping |= yes;
        l->hurried |= yes;
        return yes;
}

/* Whoever asks rkt to stop means the app, which may have a signal of its own for that. What cleans up
 * afterwards is on its way out already. */
static void pass_on(Life *l, pid_t pid, const struct signalfd_siginfo *info) {
        int number = (int) info->ssi_signo;
        if (info->ssi_code > 0)
                return; /* from the kernel, which has told the app, too */
        if (is_kill(l, info)) {
                kill(pid, SIGKILL);
                return;
        }
        if (number == SIGTERM && !l->stopping) {
                l->stopping = true;
                set_deadline(l);
        }
        if (l->phase == POST_STOP)
                return;
        if (l->phase == MAIN && number == SIGTERM)
                number = l->s->app->life.stop_signal;
        l->asked = number;
        kill(pid, number);
}

/* Milliseconds until the deadline, or until nothing has happened for so long that memory can be given back.
 */
static int patience(const Life *l, bool idle) {
        uint64_t now = monotonic_ns();
        uint64_t most = idle ? INT_MAX : MEMORY_IDLE_MS;
        if (l->deadline == 0)
                return idle ? -1 : (int) most;
        uint64_t left = l->deadline <= now ? 0 : (l->deadline - now) / NSEC_PER_MSEC + 1;
        return (int) MIN(most, left);
}

/* Waits for a signal: true with it, if it is one that is for the app. */
static bool wait_for_signal(const Life *l, bool *idle, struct signalfd_siginfo *ret) {
        struct pollfd p = { .fd = l->signals, .events = POLLIN };
        int n = poll(&p, 1, patience(l, *idle));
        *idle = n == 0;
        if (n == 0)
                memory_give_back();
        return n > 0 && read(l->signals, ret, sizeof(*ret)) == sizeof(*ret) && ret->ssi_signo != SIGCHLD;
}

static bool is_over(Life *l) {
        return l->deadline != 0 && l->deadline <= monotonic_ns();
}

/* Waits for the process. It stays a zombie while signals may still be passed to it, so that its number is
 * nobody else's. */
static int wait_for(Life *l, pid_t pid) {
        bool idle = false;
        int wstatus;
        while (!leftovers_reap(pid, &wstatus)) {
                struct signalfd_siginfo info;
                if (wait_for_signal(l, &idle, &info))
                        pass_on(l, pid, &info);
                if (is_over(l)) {
                        log_warning("app %s: it has not stopped within %.3g s: killing it", l->s->app->name,
                                        (double) l->s->app->life.stop_timeout_ms / 1000);
                        kill(pid, SIGKILL);
                        l->deadline = 0;
                }
        }
        return process_exit_status(wstatus);
}

/* What the process has left running has as much time to end as the app has to stop, unless the process was
 * killed itself. */
static void end_leftovers(Life *l, bool killed) {
        bool idle = true, kill_now = killed || l->hurried;
        int wstatus;
        set_deadline(l);
        for (;;) {
                struct signalfd_siginfo info;
                leftovers_reap(0, &wstatus);
                kill_now |= is_over(l);
                if (leftovers_signal(l->s->leftovers, kill_now ? SIGKILL : SIGTERM) == 0)
                        break;
                if (kill_now)
                        l->deadline = 0;
                if (wait_for_signal(l, &idle, &info)) {
                        kill_now |= is_kill(l, &info);
                        l->stopping |= info.ssi_signo == SIGTERM;
                }
        }
        l->deadline = 0;
}

/* Starts it and waits: its status. */
static int run(Life *l, Phase phase, char *const *argv) {
        l->phase = phase;
        pid_t pid = start(l, argv);
        if (pid < 0)
                return EXIT_RKT_FAILURE;
        if (l->stopping)
                set_deadline(l); /* a post-stop hook must not take for ever */
        int status = wait_for(l, pid);
        end_leftovers(l, status == 128 + SIGKILL);
        return status;
}

static int run_hook(Life *l, Phase phase, char *const *argv, const char *name) {
        int status = argv ? run(l, phase, argv) : 0;
        if (status != 0)
                log_error("app %s: the %s hook ended with status %d", l->s->app->name, name, status);
        return status;
}

static int live(Life *l) {
        const PlanApp *a = l->s->app;
        tell(l, EVENT_POD_STARTED, -1);
        int status = run_hook(l, PRE_START, a->pre_start, "pre-start");
        if (status == 0 && !l->stopping)
                status = run(l, MAIN, a->exec);
        record_status(l, status);
        tell(l, EVENT_APP_EXITED, status);
        run_hook(l, POST_STOP, a->post_stop, "post-stop");
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
        if (r >= 0 && (r = write_number(s, "ppid", getpid())) >= 0 && (r = write_environment(&l)) >= 0)
                r = live(&l);
        user_done(&l.user);
        strv_free(l.environment);
        return r;
}
