/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <syslog.h>

#include "alloc.h"
#include "app-process.h"
#include "boot.h"
#include "cgroup2.h"
#include "duration.h"
#include "file.h"
#include "flavour.h"
#include "health.h"
#include "log.h"
#include "strv.h"
#include "terminal.h"

static void resume_streams(void *userdata) {
        App *a = userdata;
        for (int i = 0; i < 2; i++)
                stream_resume(&a->streams[i]);
}

static void init_streams(App *a) {
        for (int i = 0; i < 2; i++) {
                AppIoMode mode = a->plan->io.modes[i + 1];
                JournalSender sender = {
                        .identifier = a->plan->name,
                        .pid = 1,
                        .uid = a->user.uid,
                        .gid = a->user.gid,
                        .priority = i == 0 ? LOG_INFO : LOG_ERR,
                };
                Stream *s = &a->streams[i];
                stream_init(s, a->logs, &sender);
                s->limit = a->plan->life.log_lines > 0 ? &a->log_limit : NULL;
                s->logged = mode == APP_IO_LOG;
                s->file = a->plan->io.log_path && mode != APP_IO_NULL ? &a->file : NULL;
                s->name = i == 0 || mode == APP_IO_TTY ? "stdout" : "stderr";
                s->kind = i == 0 || mode == APP_IO_TTY ? ATTACH_OUTPUT : ATTACH_ERROR;
                s->point = mode == APP_IO_STREAM || mode == APP_IO_TTY ? &a->point : NULL;
        }
}

/* What is printed to a terminal comes out of it as one stream. */
static int open_terminal(App *a) {
        Stream *s = &a->streams[a->plan->io.modes[1] != APP_IO_TTY && a->plan->io.modes[2] == APP_IO_TTY];
        a->master = terminal_open_master(AT_FDCWD, "/dev/pts/ptmx");
        _cleanup_close_ int slave = a->master < 0 ? a->master : terminal_open_slave(a->master);
        if (slave < 0)
                return slave;
        if (fcntl(a->master, F_SETFL, O_NONBLOCK) < 0 || fchown(slave, a->user.uid, (gid_t) -1) < 0)
                return -errno;
        if (s->point)
                s->in = a->master;
        s->loop = a->loop;
        return 0;
}

static int open_streams(App *a) {
        const AppIo *io = &a->plan->io;
        int r = 0;
        init_streams(a);
        if (app_io_attachable(io))
                attach_point_open(&a->point, &a->logs->attach, a->plan->name, io, resume_streams, a);
        if (io->log_path && (r = log_file_open(&a->file, a->plan->name, io, a->logs->log_requests, a->loop,
                                             resume_streams, a)) < 0)
                return r;
        for (int i = 0; i < 2 && r >= 0; i++)
                if ((io->modes[i + 1] == APP_IO_LOG || io->modes[i + 1] == APP_IO_STREAM) &&
                                (r = stream_open(&a->streams[i])) >= 0)
                        r = stream_watch(&a->streams[i], a->loop);
        if (r >= 0 && app_io_has(io, APP_IO_TTY))
                r = open_terminal(a);
        return r < 0 ? log_error_errno(r, "app %s: cannot make what it writes to", a->plan->name) : 0;
}

/* In the pod's user namespace, if it has one: nobody can become a user that it does not have. */
static int check_user(const User *u, const IdRange *users, char **ret_problem) {
        if (users->count == 0 || (u->uid < users->count && u->gid < users->count))
                return 0;
        *ret_problem = xasprintf("user %u, group %u: the pod's user namespace has only those below %u",
                        u->uid, u->gid, users->count);
        return -EINVAL;
}

int app_prepare(App *a, const PlanApp *plan, const IdRange *users, const AppRoot *root,
                const AppSources *sources, Logs *logs, int loop) {
        *a = (App){
                .plan = plan,
                .root = *root,
                .logs = logs,
                .loop = loop,
                .cgroup = -1,
                .cgroup1 = CGROUP1_NONE,
                .terminal = -1,
                .master = -1,
                .input = -1,
                .point.input = -1,
                .file.fd = -1,
                .failure = -1,
                .failure_source.fd = -1,
                .notify = NOTIFY_NONE,
                .log_limit = { .burst = plan->life.log_lines,
                                .interval = plan->life.log_ms * NSEC_PER_MSEC },
                .streams = { { .in = -1, .out = -1, .source.fd = -1 },
                                { .in = -1, .out = -1, .source.fd = -1 } },
        };
        int r = user_resolve(root->root, plan->user, plan->group, NULL, &a->user, &a->problem);
        if (r >= 0 && (r = check_user(&a->user, users, &a->problem)) < 0)
                user_done(&a->user);
        if (r < 0)
                log_debug_errno(r, "app %s: %s", plan->name, a->problem);
        a->environment = execution_environment(plan, &a->user);
        a->device_policy = plan_app_has_all_devices(plan)
                                           ? -ENODATA
                                           : device_policy_load(sources->devices, sources->n_devices);
        a->devices = xnew(DeviceRule, sources->n_devices + 1);
        a->n_devices = sources->n_devices;
        if (a->n_devices > 0)
                memcpy(a->devices, sources->devices, a->n_devices * sizeof(*a->devices));
        a->health = health_new(a);
        return logs->interactive ? 0 : open_streams(a);
}

void app_set_variable(App *a, const char *name, const char *value) {
        size_t n = strlen(name), kept = 0;
        for (size_t i = 0; a->environment[i]; i++)
                if (strncmp(a->environment[i], name, n) == 0 && a->environment[i][n] == '=')
                        free(a->environment[i]);
                else
                        a->environment[kept++] = a->environment[i];
        a->environment[kept] = NULL;
        if (value)
                strv_push(&a->environment, xasprintf("%s=%s", name, value));
}

int app_write_environment(const App *a) {
        _cleanup_free_ char *lines = strv_join(a->environment, "\n");
        _cleanup_free_ char *text = xasprintf("%s\n", lines),
                            *path = xasprintf("/rkt/env/%s", a->plan->name);
        int r = write_string_at(AT_FDCWD, path, text, 0644);
        return r < 0 ? log_error_errno(r, "app %s: cannot write stage1/rootfs%s", a->plan->name, path) : 0;
}

void app_report(App *a, const char *format, ...) {
        va_list ap;
        va_start(ap, format);
        _cleanup_free_ char *text = xvasprintf(format, ap);
        va_end(ap);
        if (a->logs->interactive) {
                log_error("app %s: %s", a->plan->name, text);
                return;
        }
        JournalSender sender = a->streams[1].sender;
        sender.uid = sender.gid = 0;
        if (sender.pid != 1)
                sender.pid = a->pid > 0 ? a->pid : 1;
        logs_write(a->logs, &sender, text, strlen(text));
}

static void record_status(const App *a) {
        char text[16];
        snprintf(text, sizeof(text), "%d", a->status);
        _cleanup_free_ char *path = xasprintf("/rkt/status/%s", a->plan->name);
        int r = replace_file_at(AT_FDCWD, path, text, strlen(text), 0644, false);
        if (r < 0)
                log_error_errno(r, "app %s: cannot record its status in stage1/rootfs%s", a->plan->name,
                                path);
}

void app_tell(const App *a, EventKind kind, int status, int signal) {
        char message[BOOT_MESSAGE_MAX];
        int n = snprintf(message, sizeof(message), "%c%d %d %d %s", BOOT_EVENT, (int) kind, status, signal,
                        a->plan->name);
        send(a->control, message, MIN((size_t) n, sizeof(message) - 1), MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void tell(const App *a, EventKind kind) {
        app_tell(a, kind, a->status, a->signal);
}

void app_say(const App *a, const char *word) {
        _cleanup_free_ char *message = xasprintf("%c%s: %s", BOOT_STATUS, a->plan->name, word);
        send(a->control, message, strlen(message), MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void begin(App *a, AppPhase phase);

/* Said in its log, and to whoever has asked for it to be started. */
static void report_unexecuted(App *a, char *why) {
        app_report(a, "%s", why);
        free(a->unexecuted);
        a->unexecuted = why;
}

/* An app that was asked to stop and did so has not failed. */
static bool is_failure(const App *a) {
        if (a->given_up)
                return true;
        if (a->status == 0)
                return false;
        return a->stop_asked == 0 || a->status != 128 + a->stop_signal;
}

/* What its status does not tell, for rkt status. An app that just ended is told by its status alone. */
static void record_life(const App *a) {
        if (a->restarts == 0 && a->signal == 0 && !a->oom_killed)
                return;
        _cleanup_free_ char *path = xasprintf("/" PLAN_LIFE_DIR "/%s", a->plan->name);
        _cleanup_free_ char *text = xasprintf("restarts=%" PRIu64 "\nsignal=%d\noom-killed=%d\n",
                        a->restarts, a->signal, a->oom_killed);
        int r = mkdir_parents_at(AT_FDCWD, "/" PLAN_LIFE_DIR, 0755);
        if (r < 0 || (r = replace_file_at(AT_FDCWD, path, text, strlen(text), 0644, false)) < 0)
                log_error_errno(r, "app %s: cannot write stage1/rootfs%s", a->plan->name, path);
}

/* Everything of it has ended. */
static void conclude(App *a) {
        a->phase = APP_DONE;
        if (a->again && (a->stop_asked == 0 || a->restart_asked)) {
                a->stop_asked = a->stop_deadline = 0;
                uint64_t delay = app_life_restart_delay_ns(a->quick++);
                a->phase = APP_WAITING;
                a->start_at = monotonic_ns() + delay;
                a->restarts++;
                tell(a, EVENT_APP_RESTARTING);
                app_report(a, "it has ended with status %d: starting it again in %.3g s", a->status,
                                (double) delay / NSEC_PER_SEC);
        }
        record_life(a);
        if (a->phase == APP_DONE && a->point.server)
                attach_point_end(&a->point, a->status);
}

static void end_main(App *a, int status) {
        a->status = status;
        a->started = true;
        /* what the image lacks does not come with time */
        a->again = a->restart_asked ||
                   (a->stop_asked == 0 && !a->problem &&
                                   app_life_restarts(&a->plan->life, status, a->restarts));
        a->failed = !a->again && is_failure(a);
        if (monotonic_ns() - a->began >= APP_RUNS_WELL_NS)
                a->quick = 0;
        health_end(a->health);
        record_status(a);
        tell(a, EVENT_APP_EXITED);
        if (a->plan->post_stop)
                begin(a, APP_POST_STOP);
        else
                conclude(a);
}

/* Reads the pipe that execve closes. */
static void check_execution(App *a) {
        ExecutionFailure f;
        if (a->failure < 0)
                return;
        ssize_t n = read(a->failure, &f, sizeof(f));
        if (n < 0 && errno == EAGAIN)
                return;
        loop_forget(a->loop, &a->failure_source);
        close(TAKE_FD(a->failure));
        if (n == sizeof(f)) {
                Execution e;
                process_describe(a, &e);
                report_unexecuted(a, execution_explain(&e, &f, a->root.root));
        } else if (a->phase == APP_MAIN) {
                tell(a, EVENT_APP_STARTED);
                health_begin(a->health);
        }
        if (a->phase == APP_MAIN)
                a->started = true;
}

static void on_failure_pipe(void *userdata, uint32_t events) {
        App *a = userdata;
        check_execution(a);
}

void app_adopt(App *a, pid_t pid, int failure) {
        a->pid = a->streams[0].sender.pid = a->streams[1].sender.pid = pid;
        a->failure = failure;
        a->failure_source = (LoopSource){ .handle = on_failure_pipe, .userdata = a, .fd = -1 };
        loop_watch(a->loop, &a->failure_source, failure, EPOLLIN);
}

static void set_deadline(App *a) {
        a->stop_deadline = monotonic_ns() + a->plan->life.stop_timeout_ms * NSEC_PER_MSEC;
}

/* What a process of the app is to have of that; those who are attached write to its main process. */
int app_open_input(App *a) {
        int fds[2] = { -1, -1 };
        if (a->master >= 0) {
                Stream *s = a->streams[0].in == a->master ? &a->streams[0] : &a->streams[1];
                a->terminal = terminal_open_slave(a->master);
                if (a->terminal < 0)
                        return a->terminal;
                if (s->in == a->master && s->source.fd < 0)
                        stream_watch(s, a->loop);
        }
        if (a->phase != APP_MAIN || !a->point.server)
                return 0;
        if (a->plan->io.modes[0] == APP_IO_TTY && (fds[1] = fcntl(a->master, F_DUPFD_CLOEXEC, 3)) < 0)
                return -errno;
        if (a->plan->io.modes[0] == APP_IO_STREAM) {
                if (pipe2(fds, O_CLOEXEC) < 0)
                        return -errno;
                a->input = fds[0];
                if (fcntl(fds[1], F_SETFL, O_NONBLOCK) < 0 || fchown(fds[0], a->user.uid, a->user.gid) < 0)
                        return -errno;
        }
        attach_point_begin(&a->point, fds[1]);
        return 0;
}

/* They are the process' now. */
void app_close_input(App *a) {
        if (a->input >= 0)
                close(TAKE_FD(a->input));
        if (a->master >= 0 && a->terminal >= 0)
                close(TAKE_FD(a->terminal));
}

static pid_t start_process(App *a, int *ret_failure) {
        int r = app_open_input(a);
        pid_t pid = r < 0 ? r : process_start(a, ret_failure);
        app_close_input(a);
        return pid;
}

void app_not_started(App *a, char *why) {
        report_unexecuted(a, why);
        if (a->phase == APP_POST_STOP)
                conclude(a);
        else
                end_main(a, EXECUTION_EXIT_FAILURE);
}

static void begin(App *a, AppPhase phase) {
        a->phase = phase;
        a->stop_deadline = 0;
        if (a->stop_asked > 0)
                set_deadline(a); /* the post-stop hook of an app that was stopped may not take for ever */
        if (a->agent) {
                flavour.manager->let_go(a->agent, a);
                return;
        }
        int failure = -1;
        pid_t pid = start_process(a, &failure);
        if (pid < 0)
                app_not_started(a, xasprintf("cannot start a process: %s", strerror(-pid)));
        else
                app_adopt(a, pid, failure);
}

void app_reset(App *a) {
        a->phase = APP_WAITING;
        a->status = 0;
        a->failed = a->started = a->restart_asked = a->given_up = false;
        a->stop_asked = a->stop_deadline = a->start_at = 0;
        a->restarts = a->quick = 0;
        free(TAKE_PTR(a->unexecuted));
}

_waiting_ bool app_is_ready(const App *a) {
        if (a->plan->life.ready_if_healthy)
                return health_is_good(a->health);
        return a->plan->life.notify ? a->notify.ready : a->started;
}

/* Of an app that has come to a running pod: the time of a file says when it was started. */
static void record_start(const char *status) {
        _cleanup_free_ char *path = xasprintf("%s-started", status);
        unlink(path);
        int r = write_string_at(AT_FDCWD, path, "", 0644);
        if (r < 0)
                log_warning_errno(r, "cannot write stage1/rootfs%s", path);
}

void app_start(App *a) {
        a->status = a->signal = a->stop_signal = 0;
        a->failed = a->started = a->oom_killed = a->notify.ready = a->notify.alive = false;
        a->began = monotonic_ns();
        free(TAKE_PTR(a->unexecuted));
        _cleanup_free_ char *path = xasprintf("/rkt/status/%s", a->plan->name);
        if (unlink(path) < 0 && errno != ENOENT)
                log_warning_errno(errno, "cannot remove the old stage1/rootfs%s", path);
        if (a->own_plan && a->restarts == 0)
                record_start(path);
        bool is_asked = a->agent && (a->restart_asked || a->own_plan);
        a->restart_asked = false;
        if (a->problem) {
                report_unexecuted(a, xstrdup(a->problem));
                end_main(a, EXECUTION_EXIT_FAILURE);
                return;
        }
        begin(a, a->plan->pre_start ? APP_PRE_START : APP_MAIN);
        if (is_asked)
                flavour.manager->start_app(a->agent, a);
}

bool app_drain(App *a) {
        bool empty = true;
        for (int i = 0; i < 2; i++)
                if (a->streams[i].in >= 0 && !stream_read(&a->streams[i], true))
                        empty = false;
        return empty;
}

_waiting_ void app_settle(App *a) {
        if (a->point.server && a->point.ended && !a->point.told && app_drain(a) && attach_ready(&a->point))
                attach_point_settle(&a->point);
}

void app_reopen_log(App *a) {
        if (a->file.fd >= 0)
                log_file_reopen(&a->file);
}

/* The kernel counts what it killed because memory was out: of the app's own cgroup, which has a count only
 * when the app has a limit of its own, else of all the pod's. */
static uint64_t count_oom_kills(const App *a) {
        _cleanup_free_ char *text = NULL;
        if (read_file_at(a->cgroup, "memory.events", 4096, &text, NULL) < 0)
                return (uint64_t) MAX(cgroup1_oom_kills(&a->cgroup1), 0);
        const char *line = strstr(text, "oom_kill ");
        return line ? strtoull(line + strlen("oom_kill "), NULL, 10) : 0;
}

static void report_oom_kills(App *a) {
        const PlanLimit *limit = plan_limits_find(&a->plan->limits, "memory.max");
        uint64_t kills = count_oom_kills(a);
        a->oom_killed |= kills > a->oom_kills;
        if (kills > a->oom_kills) {
                tell(a, EVENT_APP_OOM_KILLED);
                app_report(a,
                                "out of memory: the kernel killed %" PRIu64
                                " of its processes; the limit is %s%s",
                                kills - a->oom_kills, limit ? limit->value : "that of the pod or the host",
                                limit ? " bytes" : "");
        }
        a->oom_kills = kills;
}

void app_process_ended(App *a, int code, int status) {
        AppPhase phase = a->phase;
        if (phase != APP_POST_STOP)
                a->signal = code == CLD_EXITED ? 0 : status;
        status = code == CLD_EXITED ? status : 128 + status;
        check_execution(a);
        if (a->cgroup >= 0)
                report_oom_kills(a);
        stream_tell_dropped(&a->streams[1]);
        a->pid = 0;
        /* what the process left behind goes with it: hooks and the app begin with an empty cgroup */
        if (a->cgroup >= 0 && !a->agent)
                cgroup2_kill(a->cgroup);

        if (phase == APP_POST_STOP) {
                if (status != 0)
                        app_report(a, "the post-stop hook ended with status %d", status);
                conclude(a);
        } else if (phase == APP_PRE_START && status != 0) {
                report_unexecuted(a, xasprintf("the pre-start hook ended with status %d", status));
                end_main(a, status);
        } else if (phase == APP_PRE_START && a->stop_asked == 0)
                begin(a, APP_MAIN);
        else
                end_main(a, status);
}

void app_ask_to_stop(App *a) {
        a->stop_asked = monotonic_ns();
        set_deadline(a);
        health_end(a->health);
        /* what cleans up is on its way out already */
        if (a->phase == APP_POST_STOP || a->pid <= 0)
                return;
        a->stop_signal = a->phase == APP_MAIN ? a->plan->life.stop_signal : SIGTERM;
        kill(a->pid, a->stop_signal);
}

void app_ask_to_restart(App *a) {
        a->restart_asked = true;
        app_ask_to_stop(a);
}

void app_ask_to_stop_as_failed(App *a) {
        a->given_up = true;
        app_ask_to_stop(a);
}

void app_expect_stop(App *a) {
        a->stop_asked = monotonic_ns();
        a->stop_signal = a->plan->life.stop_signal;
}

void app_kill(App *a) {
        a->stop_deadline = 0;
        if (a->pid > 0)
                kill(a->pid, SIGKILL);
        /* a manager kills the rest itself, and what tells us of the end is in the same cgroup by then */
        if (a->cgroup >= 0 && !a->agent)
                cgroup2_kill(a->cgroup);
}

static void close_all(const int *fds, size_t n) {
        for (size_t i = 0; i < n; i++)
                if (fds[i] >= 0)
                        close(fds[i]);
}

/* The master is one of the streams', if somebody reads it. */
static void release_terminal(App *a) {
        const int fds[] = { a->input, a->master >= 0 ? a->terminal : -1,
                a->master == a->streams[0].in || a->master == a->streams[1].in ? -1 : a->master };
        close_all(fds, ELEMENTSOF(fds));
}

void app_release(App *a) {
        const int fds[] = { a->root.namespace, a->root.root, a->cgroup, a->device_policy, a->failure };
        loop_forget(a->loop, &a->failure_source);
        close_all(fds, ELEMENTSOF(fds));
        if (a->point.server)
                attach_point_close(&a->point);
        if (a->plan->io.log_path && a->file.fd >= 0)
                log_file_close(&a->file);
        release_terminal(a);
        for (int i = 0; i < 2; i++)
                stream_close(&a->streams[i]);
        notify_close(&a->notify, a->loop);
        health_free(a->health);
        cgroup1_done(&a->cgroup1);
        free(a->devices);
        user_done(&a->user);
        strv_free(a->environment);
        free(a->problem);
        free(a->unexecuted);
        plan_free(a->own_plan);
        *a = (App){};
}
