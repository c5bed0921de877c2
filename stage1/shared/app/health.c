/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "health.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/wait.h>

#include "alloc.h"
#include "app-process.h"
#include "descriptor-limit.h"
#include "duration.h"
#include "file.h"
#include "health-state.h"
#include "log.h"

#define READ_SIZE 4096
#define READS_MAX 16 /* in a row: a check that writes without end has its turn, and others theirs */

struct Health {
        App *app;
        const AppHealth *plan;
        bool active;
        HealthState state;   /* its output is here, in tail */
        uint64_t counting;   /* monotonic ns: failures before that do not count */
        uint64_t next;       /* when the next check is due; 0: one is running */
        uint64_t kill_at;    /* of the running one; UINT64_MAX: it has been killed */
        uint64_t started_at; /* the same */
        pid_t pid;           /* 0: none */
        int failure;         /* a pipe that says why it could not be executed */
        int output;          /* the check's standard output and error */
        LoopSource source;
        char tail[HEALTH_OUTPUT_MAX];
        size_t n_tail;
};

Health *health_new(App *a) {
        if (!a->plan->life.health.command)
                return NULL;
        Health *h = xnew(Health, 1);
        *h = (Health){
                .app = a, .plan = &a->plan->life.health, .failure = -1, .output = -1, .source.fd = -1
        };
        return h;
}

static void write_state(Health *h) {
        const char *name = h->app->plan->name;
        _cleanup_free_ char *path = xasprintf("/" HEALTH_DIR "/%s", name);
        size_t size;
        _cleanup_free_ char *text = health_state_format(&h->state, h->tail, h->n_tail, &size);
        int r = mkdir_parents_at(AT_FDCWD, "/" HEALTH_DIR, 0755);
        if (r < 0 || (r = replace_file_at(AT_FDCWD, path, text, size, 0644, false)) < 0)
                log_error_errno(r, "app %s: cannot write stage1/rootfs%s", name, path);
}

/* Until the first result that counts, the app is looked at more often: who waits for it is not to wait for
 * an interval that was meant for the years to come. */
static void schedule(Health *h, uint64_t now) {
        uint64_t interval = h->plan->interval_ms * NSEC_PER_MSEC;
        uint64_t quick = MIN(interval, h->plan->start_interval_ms * NSEC_PER_MSEC);
        if (h->state.status != HEALTH_STARTING || h->state.failing > 0)
                h->next = now + interval;
        else
                h->next = MIN(now + quick, MAX(h->counting, now + 1));
}

void health_begin(Health *h) {
        if (!h)
                return;
        uint64_t now = monotonic_ns();
        h->active = true;
        h->state = (HealthState){ .status = HEALTH_STARTING };
        h->n_tail = 0;
        h->counting = now + MAX(h->plan->start_period_ms, h->plan->interval_ms) * NSEC_PER_MSEC;
        schedule(h, now);
        write_state(h);
}

static void kill_check(Health *h) {
        if (h->pid == 0)
                return;
        kill(h->pid, SIGKILL); /* it may not have its session yet */
        kill(-h->pid, SIGKILL);
        h->kill_at = UINT64_MAX;
}

void health_end(Health *h) {
        if (!h)
                return;
        h->active = false;
        kill_check(h);
}

static void keep(Health *h, const char *text, size_t n) {
        if (n > sizeof(h->tail)) {
                text += n - sizeof(h->tail);
                n = sizeof(h->tail);
        }
        size_t kept = MIN(h->n_tail, sizeof(h->tail) - n);
        memmove(h->tail, h->tail + h->n_tail - kept, kept);
        memcpy(h->tail + kept, text, n);
        h->n_tail = kept + n;
}

static void close_output(Health *h) {
        loop_forget(h->app->loop, &h->source);
        if (h->output >= 0)
                close(TAKE_FD(h->output));
}

static void read_output(Health *h) {
        char text[READ_SIZE];
        for (unsigned i = 0; i < READS_MAX && h->output >= 0; i++) {
                ssize_t n = read(h->output, text, sizeof(text));
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0 && errno == EAGAIN)
                        return;
                if (n <= 0)
                        close_output(h);
                else
                        keep(h, text, (size_t) n);
        }
}

static void on_output(void *userdata, uint32_t events) {
        read_output(userdata);
}

static void describe(const Health *h, Execution *ret) {
        process_describe(h->app, ret);
        ret->argv = h->plan->command;
        ret->terminal = -1;
        ret->close_dev = false;
}

static ExecutionFailure run(const Health *h, int output, int failure) {
        Execution e;
        describe(h, &e);
        e.failure = failure;
        e.standard[0] = open("/dev/null", O_RDWR | O_NOCTTY | O_CLOEXEC);
        e.standard[1] = e.standard[2] = output;
        if (e.standard[0] < 0)
                return (ExecutionFailure){ .what = EXECUTION_OUTPUT, .error = errno };
        setsid(); /* a process group of its own: what it starts is killed with it */
        descriptor_limit_restore();
        return execution_run(&e);
}

/* The reader's end does not block; the flag belongs to the description, and the two ends have one each. */
static int open_pipe(int *ret_in, int *ret_out) {
        int fds[2];
        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;
        *ret_in = fds[0];
        *ret_out = fds[1];
        return fcntl(fds[0], F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
}

static int start(Health *h) {
        _cleanup_close_ int output = -1, output_out = -1, failure = -1, failure_out = -1;
        const User *user = &h->app->user;
        int r = open_pipe(&output, &output_out);
        if (r < 0 || (r = open_pipe(&failure, &failure_out)) < 0)
                return r;
        if (fchown(output_out, user->uid, user->gid) < 0) /* /dev/stdout can be opened by name */
                return -errno;
        pid_t pid = process_fork(h->app);
        if (pid == 0) {
                ExecutionFailure f = run(h, output_out, failure_out);
                _exit(write(failure_out, &f, sizeof(f)) < 0 ? 1 : EXECUTION_EXIT_FAILURE);
        }
        if (pid < 0)
                return pid;
        h->pid = pid;
        h->failure = TAKE_FD(failure);
        h->output = TAKE_FD(output);
        h->source = (LoopSource){ .handle = on_output, .userdata = h, .fd = -1 };
        return loop_watch(h->app->loop, &h->source, h->output, EPOLLIN);
}

static void become_unhealthy(Health *h) {
        App *a = h->app;
        HealthState *s = &h->state;
        _cleanup_free_ char *output = health_output_clean(h->tail, h->n_tail),
                            *line = health_output_last_line(output);
        app_tell(a, EVENT_APP_UNHEALTHY, s->exit_code, 0);
        app_say(a, "unhealthy");
        app_report(a, "it is unhealthy: checks in a row that failed: %" PRIu64 "; the last one %s %d%s%s",
                        s->failing, s->timed_out ? "took too long: status" : "ended with status",
                        s->exit_code, *line ? ": " : "", line);
        switch (h->plan->on_failure) {
        case HEALTH_ACTION_KILL:
                app_report(a, "killing it");
                health_end(h);
                app_kill(a);
                break;
        case HEALTH_ACTION_RESTART: app_ask_to_restart(a); break;
        case HEALTH_ACTION_STOP: app_ask_to_stop_as_failed(a); break;
        case HEALTH_ACTION_NONE:
        case _HEALTH_ACTION_MAX: break;
        }
}

static void become_healthy(Health *h, HealthStatus before) {
        app_tell(h->app, EVENT_APP_HEALTHY, 0, 0);
        if (before != HEALTH_UNHEALTHY)
                return;
        app_say(h->app, "healthy again");
        app_report(h->app, "it is healthy again");
}

/* A check has ended: what that says of the app. */
static void conclude(Health *h) {
        HealthState *s = &h->state;
        HealthStatus before = s->status;
        s->checked_at = realtime_ns();
        if (s->exit_code == 0 && !s->timed_out) {
                s->status = HEALTH_HEALTHY;
                s->failing = 0;
        } else if (before != HEALTH_STARTING || h->started_at >= h->counting) {
                s->failing++;
                if (s->failing >= h->plan->retries)
                        s->status = HEALTH_UNHEALTHY;
        }
        schedule(h, monotonic_ns());
        write_state(h);
        if (s->status == before)
                return;
        if (s->status == HEALTH_HEALTHY)
                become_healthy(h, before);
        else
                become_unhealthy(h);
}

static void replace_output(Health *h, const char *text) {
        h->n_tail = 0;
        keep(h, text, strlen(text));
}

static void start_or_fail(Health *h) {
        h->next = 0;
        h->n_tail = 0;
        h->state.timed_out = false;
        h->started_at = monotonic_ns();
        h->kill_at = h->started_at + h->plan->timeout_ms * NSEC_PER_MSEC;
        int r = start(h);
        if (r >= 0 || h->pid > 0)
                return;
        _cleanup_free_ char *text = xasprintf("cannot start the check: %s", strerror(-r));
        replace_output(h, text);
        h->state.exit_code = EXECUTION_EXIT_FAILURE;
        conclude(h);
}

uint64_t health_look_after(Health *h) {
        if (!h || (!h->active && h->pid == 0))
                return UINT64_MAX;
        uint64_t now = monotonic_ns();
        /* the one of the app's life before may still be on its way out */
        if (h->pid == 0 && h->next <= now)
                start_or_fail(h);
        if (h->pid > 0 && h->kill_at <= now) {
                h->state.timed_out = true;
                kill_check(h);
        }
        uint64_t due = h->pid > 0 ? h->kill_at : h->next;
        return due == UINT64_MAX || !h->active ? UINT64_MAX : due - MIN(due, now);
}

static void read_failure(Health *h) {
        ExecutionFailure f;
        ssize_t n = read(h->failure, &f, sizeof(f));
        close(TAKE_FD(h->failure));
        if (n != sizeof(f))
                return;
        Execution e;
        describe(h, &e);
        _cleanup_free_ char *why = execution_explain(&e, &f, h->app->root.root);
        replace_output(h, why);
}

bool health_process_ended(Health *h, pid_t pid, int code, int status) {
        if (!h || h->pid != pid)
                return false;
        kill(-pid, SIGKILL); /* what it has left behind */
        h->pid = 0;
        read_output(h);
        close_output(h);
        read_failure(h);
        h->state.exit_code = code == CLD_EXITED ? status : 128 + status;
        if (h->active && h->next == 0)
                conclude(h);
        return true;
}

bool health_is_good(const Health *h) {
        return h && h->state.status == HEALTH_HEALTHY;
}

bool health_needs_watchdog(const Health *h) {
        return h && h->active && h->state.status == HEALTH_UNHEALTHY &&
               h->plan->on_failure == HEALTH_ACTION_NONE;
}

void health_free(Health *h) {
        if (!h)
                return;
        close_output(h);
        if (h->failure >= 0)
                close(h->failure);
        free(h);
}
