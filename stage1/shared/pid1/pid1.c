/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pid1.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "alloc.h"
#include "changes.h"
#include "duration.h"
#include "execution.h"
#include "file.h"
#include "flavour.h"
#include "health.h"
#include "log.h"
#include "memory.h"
#include "pod-apps.h"
#include "pod-cgroup.h"
#include "pod-sources.h"
#include "reports.h"
#include "send-fd.h"
#include "strv.h"
#include "terminal.h"

#define REAPS_MAX        256  /* in a row: whoever forks without end must not keep PID 1 from all else */
#define FLUSH_TIMEOUT_MS 5000 /* for the last lines of a pod that is told to end */

typedef enum Goal {
        GOAL_RUN,
        GOAL_END,     /* stop every app, then end */
        GOAL_RESTART, /* stop every app, then start all again */
} Goal;

typedef struct Pid1 {
        const Boot *boot;
        const Plan *plan;
        PodApps apps;
        Changes changes; /* of a mutable pod */
        Logs logs;
        int loop;
        int signals;
        LoopSource signal_source;
        Goal goal;
        bool told_to_end;
        Agent *agent;              /* of the manager that PID 1 has become; NULL: we are PID 1 */
        bool stopping;             /* the manager has been asked to end */
        LoopSource control_source; /* of an agent */
        Reports reports;
        bool idle;  /* it has given its memory back since it last did something */
        int status; /* of the first app that failed */
} Pid1;

static void on_logs_writable(void *userdata) {
        Pid1 *p = userdata;
        for (size_t i = 0; i < p->apps.n; i++)
                for (int j = 0; j < 2; j++)
                        stream_resume(&p->apps.items[i]->streams[j]);
}

static void end_other(Pid1 *p, pid_t pid, int code, int status) {
        for (size_t i = 0; i < p->apps.n; i++)
                if (health_process_ended(p->apps.items[i]->health, pid, code, status))
                        return;
        if (p->agent)
                flavour.manager->process_ended(p->agent, pid, code, status);
}

/* An app's lines are read before its process is reaped: until then its number is its own. */
static void reap(Pid1 *p) {
        siginfo_t info = {};
        unsigned n = 0;
        while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid > 0) {
                if (n++ == REAPS_MAX) {
                        kill(getpid(), SIGCHLD);
                        return;
                }
                App *a = pod_apps_find_process(&p->apps, info.si_pid);
                pid_t pid = info.si_pid;
                int code = info.si_code, status = info.si_status;
                if (a)
                        app_drain(a);
                else
                        end_other(p, pid, code, status);
                info = (siginfo_t){};
                waitid(P_PID, (id_t) pid, &info, WEXITED | WNOHANG);
                if (a)
                        app_process_ended(a, code, status);
                else if (pid == p->logs.journal.pid)
                        journal_ended(&p->logs.journal);
                info = (siginfo_t){};
        }
}

/* One app is not to end or to restart the others, and their pod with an exit status of its choice: only who
 * is outside of the pod may tell PID 1 what to do. Senders there have no number here. Only what kill(2) and
 * the like send has one that the sender cannot choose: sigqueue(3) would let an app say that it is 0. */
static bool is_from_outside(const struct signalfd_siginfo *info) {
        return info->ssi_code == SI_USER && info->ssi_pid == 0;
}

static void reopen_logs(Pid1 *p) {
        for (size_t i = 0; i < p->apps.n; i++)
                app_reopen_log(p->apps.items[i]);
}

static void on_signal(void *userdata, uint32_t events) {
        Pid1 *p = userdata;
        struct signalfd_siginfo info;
        if (read(p->signals, &info, sizeof(info)) != sizeof(info))
                return;
        int signal = (int) info.ssi_signo;
        if (signal == SIGCHLD)
                reap(p);
        else if (!is_from_outside(&info))
                return;
        else if (signal == SIGUSR1)
                reports_reload(&p->reports);
        else if (signal == SIGUSR2)
                reopen_logs(p);
        else if (signal == SIGINT || signal == SIGRTMIN + 5)
                p->goal = p->goal == GOAL_END ? GOAL_END : GOAL_RESTART;
        else {
                p->goal = GOAL_END;
                p->told_to_end = true;
        }
}

/* machined's conventions for the leader of a machine (org.freedesktop.machine1(5)): +3 halt, +4 power off,
 * +5 and SIGINT reboot. SIGURG is how systemd stops the pod's scope: it signals all of the scope's
 * processes, and this is a signal that the apps, which PID 1 is to stop in order, ignore. */
static int watch_signals(Pid1 *p) {
        sigset_t set;
        sigemptyset(&set);
        int all[] = { SIGCHLD, SIGTERM, SIGINT, SIGRTMIN + 3, SIGRTMIN + 4, SIGRTMIN + 5, SIGURG, SIGUSR1,
                SIGUSR2 };
        for (size_t i = 0; i < ELEMENTSOF(all); i++)
                sigaddset(&set, all[i]);
        sigprocmask(SIG_SETMASK, &set, NULL);
        signal(SIGPIPE, SIG_IGN);
        p->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
        p->signal_source = (LoopSource){ .handle = on_signal, .userdata = p, .fd = -1 };
        int r = p->signals < 0 ? -errno : loop_watch(p->loop, &p->signal_source, p->signals, EPOLLIN);
        return r < 0 ? log_error_errno(r, "cannot watch for signals") : 0;
}

/* The master side goes to the outer supervisor, which has the user's terminal. */
static int send_master(const Boot *b, int master) {
        char message = BOOT_TERMINAL;
        return send_with_fd(b->control, &message, 1, master);
}

int pid1_open_terminal(const Boot *b, PodRoot *root, int *ret_slave) {
        _cleanup_close_ int master = -1;
        int slave, r = terminal_open_pair(AT_FDCWD, "/dev/pts/ptmx", &master, &slave);
        if (r >= 0) {
                *ret_slave = slave;
                terminal_copy_size(STDIN_FILENO, master);
        }
        char name[16];
        if (r < 0 || (r = terminal_name(master, name, sizeof(name))) < 0 || (r = send_master(b, master)) < 0)
                return log_error_errno(r, "cannot open a terminal in the pod");
        snprintf(root->console, sizeof(root->console), "/dev/%s", name);
        return 0;
}

/* A writer at the other end of the caller's input must notice that nobody reads it. */
static int close_stdin(void) {
        _cleanup_close_ int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
        return null < 0 || dup2(null, STDIN_FILENO) < 0 ? log_error_errno(errno, "cannot open /dev/null")
                                                        : 0;
}

static int guard_process(void) {
        /* the keys of whoever runs rkt are not the pod's; a kernel without keys has none to leak */
        syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
        /* Whoever is root in an app must not get at the host's files through /proc/1, which are open here
         * while the pod is set up. */
        if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) < 0)
                return log_error_errno(errno, "prctl");
        return 0;
}

/* Where PID 1 becomes a service manager, signals are that one's business, and journald, too. */
static int open_journal(Pid1 *p, PodRoot *root) {
        if (flavour.manager) {
                journal_open_managed(&p->logs.journal);
                return flavour.manager->prepare(p->boot, root);
        }
        int r = watch_signals(p);
        return r < 0 ? r : journal_open(&p->logs.journal, root->host_usr);
}

/* Everything that does not need the pod's cgroup: done while systemd is making it. */
static int set_up(Pid1 *p) {
        PodRoot root;
        int terminal = -1;
        p->loop = loop_open();
        if (p->loop < 0)
                return log_error_errno(p->loop, "epoll");
        p->logs.console = console_open(p->boot->console);
        p->logs.interactive = p->plan->interactive;
        p->logs.log_requests = p->boot->log_requests;
        attach_server_start(&p->logs.attach, p->boot->attach, p->loop);
        int r = pod_root_enter(p->boot, &root);
        if (r >= 0 && p->boot->sources >= 0)
                r = guard_process(); /* again: it has become another user */
        if (r < 0 || (r = open_journal(p, &root)) < 0)
                return r;
        if (p->boot->terminal && (r = pid1_open_terminal(p->boot, &root, &terminal)) < 0)
                return r;
        if (!p->plan->interactive && (r = close_stdin()) < 0)
                return r;
        console_attach(&p->logs.console, p->loop, on_logs_writable, p);
        p->logs.journal.max_use = p->plan->log_size;
        journal_attach(&p->logs.journal, p->loop, on_logs_writable, p);

        p->apps = (PodApps){ .logs = &p->logs, .loop = p->loop, .terminal = terminal };
        for (size_t i = 0; i < p->plan->n_apps; i++)
                if ((r = pod_apps_add(&p->apps, p->boot, &root, i, NULL)) < 0)
                        return r;
        p->changes = (Changes){ .boot = p->boot,
                .apps = &p->apps,
                .namespace = root.namespace,
                .next = UINT64_MAX,
                .control = CONTROL_CLOSED };
        if (p->plan->mutable && (r = changes_open(&p->changes, p->loop)) < 0)
                return r;
        pod_sources_close(&root, p->plan);
        close(p->boot->pod);
        close(p->boot->stage1);
        return 0;
}

static int use_network_dns(Pid1 *p) {
        int r = 0;
        for (size_t i = 0; i < p->apps.n && r >= 0; i++)
                r = app_root_use_network_dns(p->plan, p->apps.items[i]->plan->name, &p->apps.items[i]->root);
        return r;
}

static int use_metadata_url(Pid1 *p, const char *url) {
        int r = 0;
        for (size_t i = 0; i < p->apps.n && r >= 0; i++) {
                execution_set_variable(&p->apps.items[i]->environment, "AC_METADATA_URL", url);
                r = app_write_environment(p->apps.items[i]);
        }
        return r;
}

/* What the outer supervisor wants: from it, there are no signals that PID 1 would take for that. */
static void on_control(void *userdata, uint32_t events) {
        Pid1 *p = userdata;
        char message[BOOT_MESSAGE_MAX];
        ssize_t n = recv(p->boot->control, message, sizeof(message), MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return;
        if (n <= 0)
                loop_forget(p->loop, &p->control_source);
        else if (*message == BOOT_RELOAD)
                reports_reload(&p->reports);
        else if (*message == BOOT_ROTATE)
                reopen_logs(p);
        if (n <= 0 || *message == BOOT_STOP) {
                p->goal = GOAL_END;
                p->told_to_end = true;
        }
}

/* Returns in the agent. */
static int become_manager(Pid1 *p, bool has_cgroup) {
        if (!has_cgroup) {
                log_error("the %s stage1 needs a cgroup2 hierarchy, and this host has none", flavour.name);
                return -EOPNOTSUPP;
        }
        int r = flavour.manager->start(p->boot, &p->agent);
        if (r < 0 || (r = watch_signals(p)) < 0 || (r = flavour.manager->attend(p->agent, &p->apps)) < 0)
                return r;
        p->changes.agent = p->agent;
        p->control_source = (LoopSource){ .handle = on_control, .userdata = p, .fd = -1 };
        r = loop_watch(p->loop, &p->control_source, p->boot->control, EPOLLIN);
        return r < 0 ? log_error_errno(r, "cannot watch the pod's outer supervisor") : 0;
}

/* The outer supervisor says when the cgroup is right; if it dies before, there is nothing to run for. */
static int wait_for_go(Pid1 *p) {
        char message[BOOT_MESSAGE_MAX];
        ssize_t n;
        do
                n = recv(p->boot->control, message, sizeof(message) - 1, 0);
        while (n < 0 && errno == EINTR);
        if (n <= 0)
                return -ECANCELED;
        message[n] = 0;
        int r = use_network_dns(p);
        if (r >= 0 && message[1])
                r = use_metadata_url(p, message + 1);
        if (message[1])
                p->changes.metadata_url = xstrdup(message + 1);
        if (r < 0 || flavour.manager)
                return r < 0 ? r : become_manager(p, *message == BOOT_GO);
        if (*message != BOOT_GO)
                return 0;
        p->changes.has_cgroups = true;
        return pod_cgroup_open(p->boot, p->apps.items, p->apps.n, &p->logs.journal.cgroup);
}

static void start_apps(Pid1 *p) {
        p->goal = GOAL_RUN;
        p->reports.ready = false;
        unlink("/rkt/supervisor-status");
        for (size_t i = 0; i < p->apps.n; i++)
                if (!p->plan->mutable || p->apps.items[i]->wanted)
                        app_reset(p->apps.items[i]);
}

/* The apps that it is to start after are there, or have come and gone. Whoever is started again does not
 * wait for them again. */
static bool has_turn(const Pid1 *p, const App *a) {
        if (a->restarts > 0)
                return true;
        STRV_FOREACH (name, a->plan->life.after) {
                const App *other = pod_apps_find(&p->apps, *name);
                if (other && other->phase != APP_DONE && !app_is_ready(other))
                        return false;
        }
        return true;
}

static void start_waiting(Pid1 *p) {
        for (size_t i = 0; i < p->apps.n; i++) {
                App *a = p->apps.items[i];
                if (a->phase == APP_WAITING && a->start_at <= monotonic_ns() && has_turn(p, a))
                        app_start(a);
        }
}

static void stop_by_manager(Pid1 *p) {
        if (p->stopping)
                return;
        p->stopping = true;
        for (size_t i = 0; i < p->apps.n; i++)
                if (p->apps.items[i]->phase == APP_WAITING)
                        p->apps.items[i]->phase = APP_DONE;
                else if (p->apps.items[i]->phase != APP_DONE)
                        app_expect_stop(p->apps.items[i]);
        flavour.manager->stop(p->agent);
}

/* The last app first, and each only after the one behind it has ended. */
static void stop_next(Pid1 *p) {
        for (size_t i = p->apps.n; i-- > 0;) {
                App *a = p->apps.items[i];
                if (a->phase == APP_WAITING)
                        a->phase = APP_DONE;
                if (a->phase == APP_DONE)
                        continue;
                if (a->stop_asked == 0)
                        app_ask_to_stop(a);
                return;
        }
}

static _waiting_ void look_after_failures(Pid1 *p) {
        if (p->plan->mutable)
                return;
        for (size_t i = 0; i < p->apps.n; i++)
                if (p->apps.items[i]->failed && p->status == 0) {
                        p->status = p->apps.items[i]->status ?: EXIT_FAILURE; /* it may have been given up */
                        if (p->goal == GOAL_RUN)
                                p->goal = GOAL_END;
                }
}

/* Milliseconds until an app has to be killed or started; kills those whose time has come. -1: none is waited
 * for. */
static _waiting_ int look_after_deadlines(Pid1 *p) {
        uint64_t next = reports_watchdog(&p->reports), now = monotonic_ns();
        if (p->changes.next != UINT64_MAX)
                next = MIN(next, p->changes.next - MIN(p->changes.next, now));
        for (size_t i = 0; i < p->apps.n; i++) {
                App *a = p->apps.items[i];
                if (a->health)
                        next = MIN(next, health_look_after(a->health));
                if (a->phase == APP_WAITING && a->start_at > 0)
                        next = MIN(next, a->start_at - MIN(a->start_at, now));
                if (a->stop_deadline == 0 || a->phase == APP_DONE)
                        continue;
                if (a->stop_deadline <= now) {
                        app_report(a, "it has not stopped within %.3g s: killing it",
                                        (double) a->plan->life.stop_timeout_ms / 1000);
                        app_kill(a);
                } else
                        next = MIN(next, a->stop_deadline - now);
        }
        return next == UINT64_MAX ? -1 : (int) MIN(next / NSEC_PER_MSEC + 1, 60000u);
}

static _waiting_ bool is_ready(const Pid1 *p) {
        if (p->plan->mutable)
                return !p->agent || flavour.manager->is_up(p->agent);
        return pod_apps_are_ready(&p->apps);
}

static _waiting_ void wait_for_events(Pid1 *p) {
        int timeout = look_after_deadlines(p);
        bool may_idle = !p->idle && (timeout < 0 || timeout > MEMORY_IDLE_MS);
        int n = loop_turn(p->loop, may_idle ? MEMORY_IDLE_MS : timeout);
        if (n < 0)
                log_error_errno(n, "epoll_wait");
        if (n == 0 && may_idle)
                memory_give_back();
        p->idle = n == 0;
}

/* Runs the apps until all have ended and nobody wants them started again. */
static _waiting_ void supervise(Pid1 *p) {
        char message = BOOT_STARTED;
        start_apps(p);
        start_waiting(p);
        send(p->boot->control, &message, 1, MSG_NOSIGNAL);
        for (;;) {
                if (p->agent && flavour.manager->has_ended(p->agent)) {
                        p->goal = GOAL_END;
                        p->stopping = true;
                }
                p->changes.ending = p->goal != GOAL_RUN;
                changes_carry_out(&p->changes);
                for (size_t i = 0; i < p->apps.n; i++)
                        app_settle(p->apps.items[i]);
                look_after_failures(p);
                reports_pass_on(&p->reports, p->goal == GOAL_RUN && is_ready(p));
                if (p->goal != GOAL_RUN && p->agent)
                        stop_by_manager(p);
                else if (p->goal != GOAL_RUN)
                        stop_next(p);
                if (pod_apps_are_done(&p->apps) && !(p->plan->mutable && p->goal == GOAL_RUN)) {
                        if (p->agent && p->goal == GOAL_RUN && flavour.manager->starts_again(p->agent))
                                p->goal = GOAL_RESTART;
                        if (p->goal != GOAL_RESTART)
                                return;
                        p->status = 0;
                        start_apps(p);
                }
                if (p->goal == GOAL_RUN)
                        start_waiting(p);
                wait_for_events(p);
        }
}

/* What the apps have written has its way out before the pod ends, however slow the reader is; unless
 * somebody wants the pod to end, or journald does not read: an app can stop it with a signal; or a disk is
 * full. */
static void flush_logs(Pid1 *p) {
        uint64_t give_up = 0;
        for (;;) {
                bool empty = true, stuck = false;
                for (size_t i = 0; i < p->apps.n; i++) {
                        empty &= app_drain(p->apps.items[i]);
                        stuck |= !log_file_ready(&p->apps.items[i]->file);
                        app_settle(p->apps.items[i]);
                }
                if (empty && !stuck && logs_ready(&p->logs) && attach_server_flushed(&p->logs.attach))
                        return;
                if (!p->told_to_end && journal_ready(&p->logs.journal) && !stuck)
                        give_up = 0;
                else if (give_up == 0)
                        give_up = monotonic_ns() + FLUSH_TIMEOUT_MS * NSEC_PER_MSEC;
                if (give_up != 0 && monotonic_ns() >= give_up)
                        return;
                loop_turn(p->loop, FLUSH_TIMEOUT_MS / 10);
        }
}

static void finish(Pid1 *p) {
        flush_logs(p);
        journal_close(&p->logs.journal);
        if (p->agent)
                flavour.manager->end(p->agent, p->status);
}

int pid1_prepare(void) {
        /* away from the caller's terminal and its ^C: PID 1 would take that for a reboot */
        setsid();
        umask(0022);
        prctl(PR_SET_NAME, "rkt-init", 0, 0, 0);
        return guard_process();
}

void pid1_run(const Boot *b) {
        Pid1 p = { .boot = b, .plan = b->plan };
        p.reports = (Reports){ .apps = &p.apps, .control = b->control, .watchdog_us = b->watchdog_us };
        int r = pid1_prepare();
        if (r >= 0)
                r = set_up(&p);
        if (r >= 0)
                r = wait_for_go(&p);
        if (r < 0)
                _exit(EXIT_RKT_FAILURE);
        supervise(&p);
        finish(&p);
        _exit(p.status);
}
