/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "agent-protocol.h"
#include "alloc.h"
#include "app-process.h"
#include "file.h"
#include "log.h"
#include "notify-forward.h"
#include "pod-cgroup.h"
#include "request.h"
#include "strv.h"
#include "units.h"

/* Somebody who has connected. */
typedef struct Caller {
        struct Caller *next;
        Agent *agent;
        LoopSource source;
        int fd;
        pid_t pid;
        App *app; /* NULL: has not said anything yet */
        AppPhase phase;
        bool wants_to_run;
} Caller;

static Caller *callers;

int agent_listen(Agent *a) {
        struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = AGENT_SOCKET };
        a->socket = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (a->socket < 0 || bind(a->socket, (struct sockaddr *) &address, sizeof(address)) < 0 ||
                        chmod(AGENT_SOCKET, 0600) < 0 || listen(a->socket, SOMAXCONN) < 0)
                return log_error_errno(errno, "cannot listen at the pod's " AGENT_SOCKET);
        return 0;
}

/* keep: the connection goes on as somebody else's. */
static void drop(Caller *c, bool keep) {
        for (Caller **p = &callers; *p; p = &(*p)->next)
                if (*p == c) {
                        *p = c->next;
                        break;
                }
        loop_forget(c->agent->apps->loop, &c->source);
        if (!keep)
                close(c->fd);
        free(c);
}

static int environment_file(const App *a) {
        _cleanup_strv_ char **environment = strv_copy(a->environment);
        if (a->phase == APP_MAIN && a->sockets && a->sockets->n > 0) {
                _cleanup_free_ char *names = strv_join(a->sockets->names, ":");
                strv_push(&environment, xasprintf("LISTEN_FDS=%zu", a->sockets->n));
                strv_push(&environment, xasprintf("LISTEN_FDNAMES=%s", names));
        }
        _cleanup_close_ int fd = memfd_create("environment", MFD_CLOEXEC);
        int r = fd < 0 ? -errno : 0;
        STRV_FOREACH (e, environment)
                if (r >= 0)
                        r = write_all(fd, *e, strlen(*e) + 1);
        return r < 0 ? r : TAKE_FD(fd);
}

/* What process_start gives to a child, for somebody else's. */
static int collect(const App *a, int null, AgentGrant *grant, int *fds, size_t *n) {
        Execution e;
        process_describe(a, &e);
        if (a->logs->interactive && e.terminal < 0)
                for (int i = 0; i < 3; i++)
                        e.standard[i] = i;
        if (!a->logs->interactive)
                process_choose_standard(a, null, &e);
        *grant = (AgentGrant){
                .has_cgroup_mount = a->completed,
                .close_dev = e.close_dev,
                .terminal = e.terminal >= 0,
                .n_sockets = a->phase == APP_MAIN && a->sockets ? a->sockets->n : 0,
        };
        if (grant->n_sockets > AGENT_DESCRIPTORS - _AGENT_DESCRIPTOR_MAX - 4)
                return -E2BIG;
        fds[AGENT_NAMESPACE] = a->root.namespace;
        fds[AGENT_ROOT] = a->root.root;
        *n = _AGENT_DESCRIPTOR_MAX;
        if (grant->terminal)
                fds[(*n)++] = e.terminal;
        for (int i = 0; i < 3; i++)
                if ((grant->standard[i] = e.standard[i] >= 0))
                        fds[(*n)++] = e.standard[i];
        for (size_t i = 0; i < grant->n_sockets; i++)
                fds[(*n)++] = a->sockets->fds[i];
        return 0;
}

static int send_descriptors(int to, const AgentGrant *grant, const int *fds, size_t n) {
        union {
                struct cmsghdr header;
                char space[CMSG_SPACE(AGENT_DESCRIPTORS * sizeof(int))];
        } control = {};
        struct iovec part = { (void *) grant, sizeof(*grant) };
        struct msghdr m = { .msg_iov = &part,
                .msg_iovlen = 1,
                .msg_control = &control,
                .msg_controllen = CMSG_SPACE(n * sizeof(int)) };
        control.header = (struct cmsghdr){
                .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(n * sizeof(int))
        };
        memcpy(CMSG_DATA(&control.header), fds, n * sizeof(int));
        return sendmsg(to, &m, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static int send_grant(App *a, int to) {
        int fds[AGENT_DESCRIPTORS];
        AgentGrant grant;
        size_t n = 0;
        _cleanup_close_ int environment = environment_file(a);
        _cleanup_close_ int null = open("/dev/null", O_RDWR | O_NOCTTY | O_CLOEXEC);
        int r = environment < 0 ? environment : null < 0 ? -errno : app_open_input(a);
        if (r >= 0)
                r = collect(a, null, &grant, fds, &n);
        if (r >= 0) {
                fds[AGENT_ENVIRONMENT] = environment;
                r = send_descriptors(to, &grant, fds, n);
        }
        app_close_input(a);
        return r;
}

static Caller *find_waiting(const App *a) {
        for (Caller *c = callers; c; c = c->next)
                if (c->app == a && c->wants_to_run && c->phase == a->phase)
                        return c;
        return NULL;
}

void agent_let_go(Agent *agent, App *a) {
        Caller *c = find_waiting(a);
        if (!c || a->pid > 0)
                return;
        int r = pod_cgroup_of_unit(agent->plan, a);
        if (r >= 0 && (r = send_grant(a, c->fd)) < 0)
                app_report(a, "cannot tell it how to start: %s", strerror(-r));
        if (r < 0) {
                drop(c, false); /* which it takes for a failure, and says so */
                return;
        }
        a->completed = true;
        pid_t pid = c->pid;
        int fd = c->fd;
        drop(c, true); /* it is watched for the app from now on */
        app_adopt(a, pid, fd);
}

bool agent_has_ended(const Agent *agent) {
        return agent->ended;
}

/* systemd forgets a unit that has ended, and reads what is there when one of its name is started. */
void agent_remove(Agent *agent, App *a) {
        orders_forget(&agent->orders, a);
        for (Caller *c = callers; c; c = c->next)
                if (c->app == a)
                        c->app = NULL;
        units_remove_app(a->plan->name);
}

static void say(const Caller *c, int answer) {
        (void) !send(c->fd, &answer, sizeof(answer), MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Not an answer for whoever would wait for it. */
static void answer(Caller *c, int status) {
        say(c, status);
        drop(c, false);
}

/* Whether it matters if somebody has told the manager to stop the app. What we do not know of, it has a job
 * for as long as the app is ending. */
static bool wants_job(const App *a, AppPhase phase, int code, int status) {
        return phase == APP_MAIN && a->phase != APP_DONE && a->stop_asked == 0 &&
               (a->plan->life.restart != RESTART_NO ||
                               (code != CLD_EXITED && status == a->plan->life.stop_signal));
}

/* job: as agent-protocol.h has it. */
static void take_end(App *a, AppPhase phase, int code, int status, const char *job) {
        bool restarted = streq(job, "restart"), stopped = restarted || streq(job, "stop");
        if (a->phase == APP_WAITING && stopped) {
                /* before it was its turn, for which it goes on waiting, or not */
                a->phase = restarted ? APP_WAITING : APP_DONE;
                return;
        }
        if (a->phase == APP_WAITING && a->own_plan)
                return; /* somebody else has started it, and it could not even ask to run */
        if (a->phase == APP_WAITING && phase == APP_MAIN)
                app_start(a); /* it could not even ask to run */
        if (a->phase != phase)
                return; /* its hook has failed, and has been reported */
        if (stopped)
                app_expect_stop(a);
        a->restart_asked |= restarted;
        app_drain(a);
        app_process_ended(a, code, status);
}

/* The manager ends, whatever the apps do. */
static void give_up_apps(Agent *a) {
        for (size_t i = 0; i < a->apps->n; i++)
                a->apps->items[i]->phase = APP_DONE;
        a->ended = true;
}

/* An app that came to the pod may be started by who asks systemd for it. */
static bool has_been_started(App *a, AppPhase phase) {
        if (!a->own_plan || phase != (a->plan->pre_start ? APP_PRE_START : APP_MAIN))
                return false;
        app_reset(a);
        a->wanted = true;
        return true;
}

static void take_run(Caller *c, App *a) {
        c->wants_to_run = true;
        if (a->phase == APP_DONE && !has_been_started(a, c->phase))
                drop(c, false);
        else if (a->phase == c->phase)
                agent_let_go(c->agent, a);
}

static void take_app_request(Caller *c, const Request *r, bool hung_up) {
        App *a = pod_apps_find(c->agent->apps, r->app);
        /* who was stopped before it could be let go has asked for nothing */
        if (!a || (r->verb == REQUEST_RUN && hung_up)) {
                drop(c, false);
                return;
        }
        c->app = a;
        c->phase = r->phase;
        if (r->verb == REQUEST_RUN)
                take_run(c, a);
        else if (r->verb == REQUEST_ENDED && !*r->job && wants_job(a, c->phase, r->code, r->status))
                say(c, AGENT_WANTS_JOB);
        else if (r->verb == REQUEST_ENDED) {
                take_end(a, c->phase, r->code, r->status, r->job);
                /* systemd may end at once when it has this answer, and with it what journald is to read */
                journal_settle(&c->agent->apps->logs->journal);
                answer(c, 0);
        }
}

static void on_request(Caller *c, const char *text, bool hung_up) {
        Request r;
        if (request_parse(text, &r) < 0)
                drop(c, false);
        else if (r.verb == REQUEST_END) {
                give_up_apps(c->agent);
                c->app = NULL; /* agent_end answers */
        } else if (r.verb == REQUEST_UP) {
                agent_take_orders(c->agent);
                answer(c, 0);
        } else
                take_app_request(c, &r, hung_up);
}

static void on_caller(void *userdata, uint32_t events) {
        Caller *c = userdata;
        char text[AGENT_REQUEST];
        ssize_t n = recv(c->fd, text, sizeof(text) - 1, MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return;
        if (n > 0) {
                text[n] = 0;
                on_request(c, text, events & EPOLLHUP);
                return;
        }
        /* whoever waited for a hook has been killed, and the hook with it */
        App *a = c->app;
        AppPhase phase = c->phase;
        bool watched = a && !c->wants_to_run;
        drop(c, false);
        if (watched)
                take_end(a, phase, CLD_KILLED, SIGKILL, AGENT_NO_JOB);
}

static void on_connection(void *userdata, uint32_t events) {
        Agent *a = userdata;
        struct ucred peer;
        socklen_t size = sizeof(peer);
        _cleanup_close_ int fd = accept4(a->socket, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
                return;
        Caller *c = xnew(Caller, 1);
        *c = (Caller){ .next = callers, .agent = a, .fd = fd, .pid = peer.pid };
        c->source = (LoopSource){ .handle = on_caller, .userdata = c, .fd = -1 };
        if (loop_watch(a->apps->loop, &c->source, fd, EPOLLIN) < 0) {
                free(c);
                return;
        }
        callers = c;
        TAKE_FD(fd);
}

int agent_attend(Agent *a, PodApps *apps) {
        a->apps = apps;
        agent_open_orders(a);
        for (size_t i = 0; i < apps->n; i++) {
                apps->items[i]->agent = a;
                notify_forward(apps->items[i]);
        }
        a->source = (LoopSource){ .handle = on_connection, .userdata = a, .fd = -1 };
        char pid[16];
        snprintf(pid, sizeof(pid), "%d\n", (int) getpid());
        int r = write_string_at(AT_FDCWD, POD_ROOT_AGENT, pid, 0644);
        if (r >= 0)
                r = loop_watch(apps->loop, &a->source, a->socket, EPOLLIN);
        return r < 0 ? log_error_errno(r, "cannot watch the pod's " AGENT_SOCKET) : 0;
}

/* systemd(1), signals: an orderly stop. */
void agent_stop(Agent *a) {
        kill(1, SIGRTMIN + 4);
}

bool agent_starts_again(Agent *a) {
        return unlink(AGENT_REBOOT) >= 0;
}

static _noreturn_ void answer_for_ever(int socket, int status) {
        for (;;) {
                _cleanup_close_ int fd = accept4(socket, NULL, NULL, SOCK_CLOEXEC);
                if (fd < 0) {
                        pause();
                        continue;
                }
                char request[AGENT_REQUEST]; /* unread, it would take the answer with it */
                (void) !recv(fd, request, sizeof(request), 0);
                (void) !send(fd, &status, sizeof(status), MSG_NOSIGNAL);
        }
}

/* At once: there is nothing left to stop but systemd's own services. */
void agent_end(Agent *a, int status) {
        for (Caller *c = callers, *next; c; c = next) {
                next = c->next;
                answer(c, status);
        }
        int flags = fcntl(a->socket, F_GETFL);
        fcntl(a->socket, F_SETFL, flags & ~O_NONBLOCK);
        kill(1, SIGRTMIN + 14);
        answer_for_ever(a->socket, status);
}
