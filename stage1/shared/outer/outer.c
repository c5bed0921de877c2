/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "outer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "alloc.h"
#include "cgroup2.h"
#include "event.h"
#include "file.h"
#include "flavour.h"
#include "host-notify.h"
#include "init-watch.h"
#include "log-files.h"
#include "log.h"
#include "memory.h"
#include "namespaces.h"
#include "pod-cgroup.h"
#include "pod-limits.h"
#include "private-users.h"
#include "process.h"
#include "registration.h"
#include "send-fd.h"
#include "terminal.h"

typedef struct Waiting {
        const Outer *outer;
        Registration *registration; /* NULL: none, or it has ended */
        bool networked;             /* the pod is in its networks, or has none to join */
        bool started;               /* it has started the apps */
        bool tidy;                  /* PID 1 is in its own cgroup */
        bool released;              /* PID 1 has been told to go on */
        bool asked;                 /* it has been asked to stop */
        bool control_closed;
        bool separate;            /* the pod has a cgroup of its own in that of a unit */
        const char *metadata_url; /* that PID 1 does not know yet; NULL: none */
        Terminal terminal;        /* of an interactive pod */
        InitWatch init;           /* of a pod that its image's init runs */
        int failure;              /* of ours: the pod does not count any more */
} Waiting;

static void take_terminal(Waiting *w, int master) {
        if (master < 0)
                return;
        if (w->init.loop >= 0)
                init_watch_console(&w->init, master);
        if (w->init.console.in == master)
                return;
        int r = terminal_start(&w->terminal, STDIN_FILENO, STDOUT_FILENO, master);
        if (r < 0)
                log_warning_errno(r, "cannot use the terminal");
}

/* "KIND STATUS SIGNAL APP" */
static void pass_on_event(const Outer *o, const char *text) {
        int kind, status, number, n = 0;
        if (sscanf(text, "%d %d %d %n", &kind, &status, &number, &n) != 3 || n == 0 || kind < 0 ||
                        kind >= _EVENT_KIND_MAX)
                return;
        event_send(&(Event){
                        .kind = kind,
                        .pod = o->boot->plan->uuid,
                        .app = text + n,
                        .has_status = kind == EVENT_APP_EXITED || kind == EVENT_APP_UNHEALTHY,
                        .status = status,
                        .signal = kind == EVENT_APP_EXITED ? number : 0,
        });
}

static void tell(const Outer *o, EventKind kind) {
        event_send(&(Event){ .kind = kind, .pod = o->boot->plan->uuid });
}

/* The service that rkt run may be of Type=notify is ready when the pod is. */
static void on_message(Waiting *w, const char *message) {
        _cleanup_free_ char *text = NULL;
        switch (*message) {
        case BOOT_STARTED:
                w->started = true;
                tell(w->outer, EVENT_POD_STARTED);
                if (w->init.loop >= 0)
                        init_watch_started(&w->init, w->outer->pid);
                break;
        case BOOT_EVENT: pass_on_event(w->outer, message + 1); break;
        case BOOT_READY:
                tell(w->outer, EVENT_POD_READY);
                text = xasprintf("READY=1\nSTATUS=Pod %s is ready.", w->outer->boot->plan->uuid);
                host_notify(text);
                break;
        case BOOT_STATUS:
                text = xasprintf("STATUS=%s", message + 1);
                host_notify(text);
                break;
        case BOOT_SAY: host_notify(message + 1); break;
        }
}

/* PID 1 tells how far it is, or has opened a terminal for an app. False if there is nothing more for now. */
static bool on_control(Waiting *w) {
        char message[BOOT_MESSAGE_MAX + 1];
        int fd;
        ssize_t n = receive_with_fd(
                        w->outer->boot->control, message, sizeof(message) - 1, MSG_DONTWAIT, &fd);
        if (n == -EAGAIN || n == -EINTR)
                return false;
        w->control_closed |= n <= 0;
        if (n <= 0)
                return false;
        message[n] = 0;
        if (*message == BOOT_TERMINAL)
                take_terminal(w, fd);
        else if (*message == BOOT_NOTIFY && w->init.loop >= 0)
                init_watch_notify(&w->init, fd);
        else
                on_message(w, message);
        return true;
}

/* What it said before it ended. */
static void drain_control(Waiting *w) {
        while (!w->control_closed && on_control(w))
                ;
}

static int write_line(const Outer *o, const char *file, const char *text) {
        _cleanup_free_ char *line = xasprintf("%s\n", text);
        int r = write_string_at(o->boot->pod, file, line, 0644);
        return r < 0 ? log_error_errno(r, "cannot write the pod's %s", file) : 0;
}

static int release(const Outer *o, const char *cgroup, const char *metadata_url) {
        char pid[16], message[BOOT_MESSAGE_MAX];
        int length = snprintf(message, sizeof(message), "%c%s", cgroup ? BOOT_GO : BOOT_GO_WITHOUT_CGROUP,
                        metadata_url ?: "");
        snprintf(pid, sizeof(pid), "%d", (int) o->pid);
        int r = pod_limits_apply(&o->boot->plan->limits, cgroup);
        if (r >= 0 && cgroup)
                r = private_users_delegate(o->boot, cgroup);
        if (r >= 0 && cgroup)
                r = write_line(o, "subcgroup", cgroup);
        if (r < 0 || (r = write_line(o, "pid", pid)) < 0)
                return r;
        /* if PID 1 has gone, it has said why and waitpid tells */
        send(o->boot->control, message, (size_t) length, MSG_NOSIGNAL);
        return 0;
}

static const char *pod_cgroup(const Waiting *w) {
        return w->registration ? w->registration->cgroup : w->outer->cgroup;
}

/* Whether we are in the pod's cgroup, as we are inside of a unit. */
static bool is_inside(const char *cgroup) {
        _cleanup_free_ char *own = NULL;
        return cgroup2_of_process(0, &own) >= 0 && streq(own, cgroup);
}

/* In a cgroup below that of the pod. everybody: all that are in the pod's, but PID 1. */
static void move_to_supervisor(const Waiting *w, pid_t pid, bool everybody) {
        const char *cgroup = pod_cgroup(w);
        if (!cgroup || w->outer->boot->cgroups == CGROUP_LEGACY ||
                        (pid != w->outer->pid && !is_inside(cgroup)))
                return;
        _cleanup_close_ int fd = cgroup2_open(cgroup);
        _cleanup_close_ int supervisor = fd < 0 ? fd : cgroup2_create_at(fd, POD_CGROUP_SUPERVISOR);
        int r = supervisor < 0 ? supervisor
                : everybody    ? cgroup2_move_all(fd, supervisor, w->outer->pid)
                               : cgroup2_attach(supervisor, pid);
        /* a pod that has ended meanwhile has no process, and systemd removes its cgroup */
        if (r < 0 && r != -ESRCH && r != -ENOENT && r != -ENODEV)
                log_warning_errno(
                                r, "cannot move the pod's supervisors to %s/" POD_CGROUP_SUPERVISOR, cgroup);
}

/* PID 1 is one, which takes all of the pod's cgroup. */
static bool has_manager(const Waiting *w) {
        return flavour.manager || w->outer->boot->plan->own_init;
}

/* Moving a process takes the kernel up to some 15 ms, so it is done beside everything else, by us. PID 1
 * must have its cgroup namespace by then, whose root is the cgroup that it is in when it makes it. */
static void tidy_cgroup(Waiting *w) {
        if (w->tidy || has_manager(w) || !w->started ||
                        (w->registration && w->registration->helper.out >= 0))
                return;
        w->tidy = true;
        move_to_supervisor(w, w->outer->pid, false);
        move_to_supervisor(w, 0, false);
}

static void give_up(Waiting *w) {
        w->failure = EXIT_RKT_FAILURE;
        pidfd_signal(w->outer->pidfd, SIGKILL);
}

/* A manager takes all of the cgroup that it finds itself in, and limits of the pod are not to be written
 * over those of a unit, which systemd writes again when it likes. */
static bool needs_separate(const Waiting *w) {
        const Boot *b = w->outer->boot;
        return has_manager(w) || (b->plan->limits.n > 0 && b->cgroups == CGROUP_UNIFIED);
}

/* In the cgroup of a unit are others, too: the pod gets one below, to which what the unit may use is passed
 * down. */
static int separate(Waiting *w) {
        const char *cgroup = pod_cgroup(w), *name = cgroup ? strrchr(cgroup, '/') : NULL;
        if (!name || endswith(name, ".scope") || !w->registration || !needs_separate(w))
                return 0;
        static const char *const controllers[] = { "+cpu", "+cpuset", "+io", "+memory", "+pids" };
        _cleanup_free_ char *below = xasprintf("rkt-%s", w->outer->boot->plan->uuid);
        _cleanup_close_ int unit = cgroup2_open(cgroup),
                            own = unit < 0 ? unit : cgroup2_create_at(unit, below);
        int r = own < 0 ? own : cgroup2_attach(own, w->outer->pid);
        if (r < 0)
                return log_error_errno(r, "cannot make the pod's cgroup in %s", cgroup);
        for (size_t i = 0; i < ELEMENTSOF(controllers); i++)
                cgroup2_write(unit, "cgroup.subtree_control", controllers[i]);
        char *path = xasprintf("%s/%s", cgroup, below);
        free(w->registration->cgroup);
        w->registration->cgroup = path;
        w->separate = true;
        return 0;
}

static void remove_separate(const Waiting *w) {
        if (!w->separate)
                return;
        const char *name = strrchr(w->registration->cgroup, '/');
        _cleanup_free_ char *unit =
                        xstrndup(w->registration->cgroup, (size_t) (name - w->registration->cgroup));
        _cleanup_close_ int fd = cgroup2_open(unit);
        int r = fd < 0 ? fd : cgroup2_remove_at(fd, name + 1);
        if (r < 0)
                log_warning_errno(r, "cannot remove the pod's cgroup %s", w->registration->cgroup);
}

/* Lets PID 1 go on once it has its cgroup, if there is one to be had, and its networks. */
static void release_when_ready(Waiting *w) {
        if (w->released || w->failure || !w->networked || (w->registration && !w->registration->cgroup))
                return;
        w->released = true;
        if (w->registration && (has_manager(w) || plan_has_limits(w->outer->boot->plan)))
                move_to_supervisor(w, 0, true); /* controllers are not passed down while anybody is there */
        if (separate(w) < 0 || release(w->outer, pod_cgroup(w), w->metadata_url) < 0)
                give_up(w);
}

static void on_network(Waiting *w) {
        Network *n = w->outer->network;
        network_read(n);
        if (n->helper.out >= 0)
                return;
        w->networked = helper_wait(&n->helper) >= 0;
        if (w->registration)
                registration_set_interfaces(w->registration, w->networked ? n->interfaces ?: "" : NULL);
        if (!w->networked)
                give_up(w);
        else if (w->outer->metadata)
                w->metadata_url = metadata_settle(w->outer->metadata, n->host);
        release_when_ready(w);
}

static void on_registration(Waiting *w) {
        Registration *g = w->registration;
        registration_read(g);
        release_when_ready(w);
        if (g->helper.out < 0 && !g->cgroup && !w->failure) {
                if (helper_wait(&g->helper) >= 0)
                        log_error("rkt-register has not said which cgroup the pod is in");
                give_up(w);
        }
}

/* Of PID 1, by a signal, or of its agent. */
static void ask(const Waiting *w, BootMessage message, int signal) {
        char byte = (char) message;
        const Plan *p = w->outer->boot->plan;
        if (p->own_init)
                signal = message == BOOT_STOP     ? p->apps[0].life.stop_signal
                         : message == BOOT_RELOAD ? p->apps[0].life.reload_signal
                                                  : 0;
        if (p->own_init && signal == 0)
                return;
        if (flavour.manager && !p->own_init)
                send(w->outer->boot->control, &byte, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
        else
                pidfd_signal(w->outer->pidfd, signal);
}

/* The first asks for an orderly stop, another one for a quick end. SIGHUP and SIGQUIT ask only. SIGUSR1 asks
 * the apps to read their configuration anew: SIGHUP is what a terminal that goes away sends. SIGUSR2 says
 * that log files have been moved. */
static void on_signal(Waiting *w, int signals) {
        struct signalfd_siginfo info;
        if (read(signals, &info, sizeof(info)) != sizeof(info))
                return;
        if (info.ssi_signo == SIGWINCH) {
                terminal_resize(&w->terminal);
                return;
        }
        if (info.ssi_signo == SIGUSR1 || info.ssi_signo == SIGUSR2) {
                if (w->released)
                        ask(w, info.ssi_signo == SIGUSR1 ? BOOT_RELOAD : BOOT_ROTATE, (int) info.ssi_signo);
                return;
        }
        bool insistent = w->asked && (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT);
        w->asked = true;
        if (!w->released)
                w->failure = 128 + (int) info.ssi_signo;
        if (insistent || !w->released)
                pidfd_signal(w->outer->pidfd, SIGKILL);
        else
                ask(w, BOOT_STOP, SIGTERM);
}

static void signal_set(sigset_t *ret) {
        const int all[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGWINCH, SIGUSR1, SIGUSR2 };
        sigemptyset(ret);
        for (size_t i = 0; i < ELEMENTSOF(all); i++)
                sigaddset(ret, all[i]);
}

void outer_block_signals(void) {
        sigset_t set;
        signal_set(&set);
        sigprocmask(SIG_BLOCK, &set, NULL);
        signal(SIGPIPE, SIG_IGN);
}

static int open_signals(void) {
        sigset_t set;
        signal_set(&set);
        int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
        return fd < 0 ? log_error_errno(errno, "signalfd") : fd;
}

/* Until PID 1 has ended. */
static _waiting_ void wait_for_end(Waiting *w, int signals) {
        int helper = w->outer->helper;
        const Network *network = w->outer->network;
        struct pollfd p[8 + TERMINAL_POLLS] = {
                { .fd = w->outer->pidfd, .events = POLLIN },
                { .fd = signals, .events = POLLIN },
                { .events = POLLIN },
                { .events = POLLIN },
                { .events = POLLIN },
                { .events = POLLIN },
                { .fd = w->outer->log_requests, .events = POLLIN },
                { .fd = w->init.loop, .events = POLLIN },
        };
        bool idle = false;
        for (;;) {
                p[2].fd = w->registration ? w->registration->helper.out : -1;
                p[3].fd = w->control_closed ? -1 : w->outer->boot->control;
                p[4].fd = helper;
                p[5].fd = network ? network->helper.out : -1;
                terminal_poll(&w->terminal, p + 8);
                int n = poll(p, ELEMENTSOF(p), idle ? -1 : MEMORY_IDLE_MS);
                idle = n == 0;
                if (idle)
                        memory_give_back();
                if (n <= 0)
                        continue;
                if (p[1].revents)
                        on_signal(w, signals);
                if (p[2].revents)
                        on_registration(w);
                if (p[3].revents)
                        on_control(w);
                if (p[4].revents) {
                        waitpid(w->outer->helper_pid, NULL, 0);
                        close(TAKE_FD(helper));
                }
                if (p[5].revents)
                        on_network(w);
                if (p[6].revents)
                        log_files_serve(w->outer->log_requests, w->outer->log_dir);
                if (p[7].revents)
                        init_watch_turn(&w->init);
                terminal_handle(&w->terminal, p + 8);
                tidy_cgroup(w);
                if (p[0].revents)
                        return;
        }
}

static int reap(Waiting *w) {
        const Outer *o = w->outer;
        int wstatus;
        while (waitpid(o->pid, &wstatus, 0) < 0)
                if (errno != EINTR)
                        return log_error_errno(errno, "cannot wait for the pod's PID 1");
        drain_control(w);
        return w->init.loop >= 0 && w->started ? init_watch_end(&w->init, wstatus, w->asked, o->again)
                                               : process_exit_status(wstatus);
}

#define SCOPE_PATIENCE_MS 10000
#define SCOPE_STEP_MS     5

/* The next boot is to have a scope of the same name: systemd takes the old one away when it has noticed that
 * nobody is in it any more. */
static void wait_for_scope(const char *cgroup) {
        for (unsigned waited = 0; waited < SCOPE_PATIENCE_MS; waited += SCOPE_STEP_MS) {
                _cleanup_close_ int fd = cgroup2_open(cgroup);
                if (fd < 0)
                        return;
                poll(NULL, 0, SCOPE_STEP_MS);
        }
        log_warning("systemd still has the cgroup %s", cgroup);
}

/* machined is told about the pod while the pod runs already: the next command must not find it half known.
 */
static void finish_registration(Waiting *w) {
        Registration *g = w->registration;
        if (!g)
                return;
        registration_set_interfaces(g, NULL);
        while (g->helper.out >= 0)
                registration_read(g);
        helper_wait(&g->helper);
        if (g->cgroup && (!strstr(g->cgroup, "/machine-rkt") || *w->outer->again))
                registration_undo(w->outer->boot->plan->uuid);
        if (g->cgroup && *w->outer->again && !w->separate && endswith(g->cgroup, ".scope"))
                wait_for_scope(g->cgroup);
        remove_separate(w);
        free(g->cgroup);
}

static void tell_end(const Waiting *w, int status) {
        if (w->started)
                event_send(&(Event){
                                .kind = EVENT_POD_STOPPED,
                                .pod = w->outer->boot->plan->uuid,
                                .has_status = status >= 0,
                                .status = w->failure ? w->failure : status,
                });
}

int outer_run(const Outer *o) {
        Waiting w = { .outer = o,
                .registration = o->registration,
                .terminal = { .input = -1, .master = -1 },
                .init = INIT_WATCH_NONE };
        const Plan *plan = o->boot->plan;
        _cleanup_close_ int signals = open_signals();
        w.networked = !o->network;
        if (signals < 0 || o->helper_pid < 0 || init_watch_start(&w.init, o->boot) < 0)
                give_up(&w);
        else if (o->registration)
                registration_set_leader(o->registration, o->pid, &plan->limits,
                                plan->own_init ? plan->apps[0].life.stop_signal : 0);
        if (o->network)
                network_set_leader(o->network, o->pid);
        release_when_ready(&w);
        if (signals >= 0)
                wait_for_end(&w, signals);
        terminal_end(&w.terminal);
        int status = reap(&w);
        tell_end(&w, status);
        if (pod_cgroup(&w) && o->boot->cgroups != CGROUP_UNIFIED)
                cgroup1_remove_below(pod_cgroup(&w));
        if (o->network)
                network_undo(o->network, o->boot->plan->uuid);
        if (o->metadata && !*o->again)
                metadata_leave(o->metadata);
        finish_registration(&w);
        if (o->network)
                network_done(o->network);
        if (o->metadata)
                metadata_done(o->metadata);
        return w.failure ? w.failure : status < 0 ? EXIT_RKT_FAILURE : status;
}
