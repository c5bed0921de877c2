/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "init-watch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <syslog.h>

#include "alloc.h"
#include "event.h"
#include "file.h"
#include "host-notify.h"
#include "leader.h"
#include "log.h"
#include "notify-message.h"
#include "process.h"
#include "terminal.h"

#define MESSAGE_MAX 4096

static const PlanApp *app_of(const InitWatch *w) {
        return &w->boot->plan->apps[0];
}

static void tell(const InitWatch *w, EventKind kind, int status, int signal) {
        event_send(&(Event){
                        .kind = kind,
                        .pod = w->boot->plan->uuid,
                        .app = kind == EVENT_POD_READY ? NULL : app_of(w)->name,
                        .has_status = kind == EVENT_APP_EXITED,
                        .status = status,
                        .signal = signal,
        });
}

static void become_ready(InitWatch *w) {
        if (w->ready)
                return;
        w->ready = true;
        tell(w, EVENT_POD_READY, 0, 0);
        _cleanup_free_ char *text = xasprintf("READY=1\nSTATUS=Pod %s is ready.", w->boot->plan->uuid);
        host_notify(text);
        if (symlinkat("ready", w->boot->stage1, "rkt/supervisor-status") < 0 && errno != EEXIST)
                log_warning_errno(errno, "cannot create stage1/rootfs/rkt/supervisor-status");
}

/* Of what the init says, only this is about the pod; the rest is for those who know its units. */
static void on_notify(void *userdata, uint32_t events) {
        InitWatch *w = userdata;
        char text[MESSAGE_MAX];
        ssize_t size = recv(w->notify_fd, text, sizeof(text) - 1, MSG_TRUNC | MSG_DONTWAIT);
        if (size < 0 || size >= (ssize_t) sizeof(text))
                return;
        NotifyMessage m;
        text[size] = 0;
        notify_message_parse(text, &m);
        if (m.ready)
                become_ready(w);
        _cleanup_free_ char *status = m.status ? xasprintf("STATUS=%s: %.*s", app_of(w)->name,
                                                                 BOOT_MESSAGE_MAX / 2, m.status)
                                               : NULL;
        if (status && !m.ready)
                host_notify(status);
}

/* That the init works is for its own watchdogs to see; that the pod is looked after, is said. */
static void on_watchdog(void *userdata, uint32_t events) {
        InitWatch *w = userdata;
        uint64_t expired;
        if (read(w->watchdog_source.fd, &expired, sizeof(expired)) > 0)
                host_notify("WATCHDOG=1");
}

static int start_watchdog(InitWatch *w) {
        uint64_t half = w->boot->watchdog_us / 2;
        if (half == 0)
                return 0;
        struct timespec step = { .tv_sec = (time_t) (half / 1000000),
                .tv_nsec = (long) (half % 1000000) * 1000 };
        struct itimerspec times = { .it_interval = step, .it_value = step };
        int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
        if (fd < 0 || timerfd_settime(fd, 0, &times, NULL) < 0)
                return log_error_errno(errno, "timerfd");
        w->watchdog_source = (LoopSource){ .handle = on_watchdog, .userdata = w, .fd = -1 };
        return loop_watch(w->loop, &w->watchdog_source, fd, EPOLLIN);
}

static void on_console_writable(void *userdata) {
        InitWatch *w = userdata;
        stream_resume(&w->console);
}

/* Of an earlier boot. */
static void forget_state(const Boot *b) {
        _cleanup_free_ char *status = xasprintf("rkt/status/%s", b->plan->apps[0].name);
        unlinkat(b->stage1, status, 0);
        unlinkat(b->stage1, "rkt/supervisor-status", 0);
}

int init_watch_start(InitWatch *w, const Boot *b) {
        *w = INIT_WATCH_NONE;
        if (!b->plan->own_init)
                return 0;
        w->boot = b;
        w->loop = loop_open();
        if (w->loop < 0)
                return log_error_errno(w->loop, "epoll");
        JournalSender sender = { .identifier = b->plan->apps[0].name, .pid = 1, .priority = LOG_INFO };
        journal_open_none(&w->logs.journal);
        w->logs.console = console_open(console_reopen(STDOUT_FILENO));
        console_attach(&w->logs.console, w->loop, on_console_writable, w);
        stream_init(&w->console, &w->logs, &sender);
        w->console.logged = w->console.terminal = true;
        forget_state(b);
        return start_watchdog(w);
}

/* The program of a getty hangs the console up, and systemd opens it for a moment only. */
void init_watch_console(InitWatch *w, int master) {
        w->slave = terminal_open_slave(master);
        if (w->boot->plan->interactive)
                return;
        if (fcntl(master, F_SETFL, O_NONBLOCK) < 0) {
                log_warning_errno(errno, "cannot read the pod's console");
                return;
        }
        w->console.in = master;
        stream_watch(&w->console, w->loop);
}

void init_watch_notify(InitWatch *w, int fd) {
        w->notify_fd = fd;
        w->notify_source = (LoopSource){ .handle = on_notify, .userdata = w, .fd = -1 };
        int r = loop_watch(w->loop, &w->notify_source, fd, EPOLLIN);
        if (r < 0)
                log_warning_errno(r, "cannot hear when the pod is ready");
}

void init_watch_started(InitWatch *w, pid_t pid) {
        int r = leader_write_init(pid, w->boot->stage1, app_of(w)->life.stop_signal);
        if (r < 0)
                log_error_errno(r, "cannot write the pod's stage1/rootfs/" LEADER_INIT);
        tell(w, EVENT_APP_STARTED, 0, 0);
}

void init_watch_turn(InitWatch *w) {
        loop_turn(w->loop, 0);
}

static void record_status(const InitWatch *w, int status) {
        _cleanup_free_ char *path = xasprintf("rkt/status/%s", app_of(w)->name),
                            *text = xasprintf("%d", status);
        int r = replace_file_at(w->boot->stage1, path, text, strlen(text), 0644, false);
        if (r < 0)
                log_error_errno(r, "app %s: cannot record its status in stage1/rootfs/%s", app_of(w)->name,
                                path);
}

/* reboot(2): of a pid namespace, the kernel ends PID 1 with SIGHUP for a restart, with SIGINT for power off
 * and halt, which is how a system ends that was told to. */
static int status_of(int wstatus, bool asked, bool *ret_again) {
        int signal = WIFSIGNALED(wstatus) ? WTERMSIG(wstatus) : 0;
        *ret_again = signal == SIGHUP && !asked;
        return signal == SIGHUP || signal == SIGINT ? 0 : process_exit_status(wstatus);
}

int init_watch_end(InitWatch *w, int wstatus, bool asked, bool *ret_again) {
        int status = status_of(wstatus, asked, ret_again);
        if (w->console.in >= 0)
                stream_read(&w->console, true);
        tell(w, EVENT_APP_EXITED, status, 0);
        if (!*ret_again)
                record_status(w, status);
        return status;
}
