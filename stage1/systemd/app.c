/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What systemd runs for an app, in the app's cgroup: "app PHASE APP" becomes the program of that phase in
 * the app's sandbox, once the agent says that it is its turn; "app ended APP" tells the agent how the main
 * one has ended, "app up" that systemd takes orders. */

#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "alloc.h"
#include "client.h"
#include "execution.h"
#include "file.h"
#include "log.h"
#include "mounts.h"
#include "option.h"
#include "process.h"
#include "signal-name.h"
#include "strv.h"

#define ENVIRONMENT_MAX ((size_t) 64 * 1024 * 1024)
#define JOBS_MAX        4096

typedef struct Start {
        const char *phase, *name;
        int connection;
        AgentGrant grant;
        int fds[AGENT_DESCRIPTORS];
        size_t n_fds;
        Plan *plan;
        PlanApp *app;
        User user;
        SyscallFilter filter;
        char **environment;
} Start;

static int receive_grant(Start *s) {
        union {
                struct cmsghdr header;
                char space[CMSG_SPACE(sizeof(s->fds))];
        } control = {};
        struct iovec part = { &s->grant, sizeof(s->grant) };
        struct msghdr m = {
                .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)
        };
        ssize_t n;
        do
                n = recvmsg(s->connection, &m, MSG_CMSG_CLOEXEC);
        while (n < 0 && errno == EINTR);
        if (n != sizeof(s->grant) || m.msg_controllen == 0 || control.header.cmsg_type != SCM_RIGHTS)
                return -ECANCELED; /* the pod ends, or the agent has said why not */
        const AgentGrant *g = &s->grant;
        s->n_fds = (control.header.cmsg_len - CMSG_LEN(0)) / sizeof(int);
        memcpy(s->fds, CMSG_DATA(&control.header), s->n_fds * sizeof(int));
        return s->n_fds == _AGENT_DESCRIPTOR_MAX + (size_t) g->terminal + g->standard[0] + g->standard[1] +
                                                               g->standard[2] + g->n_sockets
                               ? 0
                               : -EBADMSG;
}

/* The number of the process is part of what is said of sockets: sd_listen_fds(3). */
static int read_environment(Start *s) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        if (lseek(s->fds[AGENT_ENVIRONMENT], 0, SEEK_SET) < 0)
                return log_error_errno(errno, "app %s: its environment", s->name);
        int r = read_fd(s->fds[AGENT_ENVIRONMENT], ENVIRONMENT_MAX, &text, &size);
        if (r < 0)
                return log_error_errno(r, "app %s: cannot read its environment", s->name);
        s->environment = strv_copy(NULL);
        for (const char *e = text; e < text + size; e += strlen(e) + 1)
                strv_add(&s->environment, e);
        if (s->grant.n_sockets > 0)
                strv_push(&s->environment, xasprintf("LISTEN_PID=%d", (int) getpid()));
        return 0;
}

static int load_filter(Start *s) {
        const char *name = s->app->seccomp;
        if (!name)
                return 0;
        if (streq(name, PLAN_SECCOMP_DEFAULT)) {
                syscall_filter_default(&s->filter);
                return 0;
        }
        _cleanup_free_ char *path = xasprintf("/" PLAN_SECCOMP_DIR "/%s", name);
        int r = syscall_filter_read_at(AT_FDCWD, path, &s->filter);
        return r < 0 ? log_error_errno(r, "app %s: cannot read its system call filter %s", s->name, path)
                     : 0;
}

static int load(Start *s) {
        _cleanup_free_ char *error = NULL;
        int r = plan_load_at(AT_FDCWD, "/" PLAN_PATH, &s->plan, &error);
        if (r < 0) {
                log_error("the pod's plan: %s", error);
                return r;
        }
        s->app = (PlanApp *) plan_find_app(s->plan, s->name);
        if (!s->app) {
                log_error("the pod has no app \"%s\"", s->name);
                return -ENOENT;
        }
        return load_filter(s);
}

/* The app's first process puts its cgroup into its mount namespace: only now does the cgroup exist. A volume
 * over its place is what was asked for instead. */
static int open_cgroup_mount(const Start *s) {
        if (s->grant.has_cgroup_mount || plan_app_has_volume_over(s->app, "/sys/fs/cgroup"))
                return -1;
        _cleanup_free_ char *path = xasprintf("/sys/fs/cgroup/app-%s.service", s->name);
        _cleanup_close_ int fd = mount_clone(AT_FDCWD, path, false);
        int r = fd;
        if (r >= 0 && s->app->read_only_paths)
                r = mount_restrict(fd, "", false, MOUNT_ATTR_RDONLY, 0);
        return r < 0 ? r : TAKE_FD(fd);
}

static ExecutionFailure execute(Start *s, int failure) {
        bool is_main = streq(s->phase, "main");
        int cgroup_mount = open_cgroup_mount(s);
        if (cgroup_mount < -1)
                return (ExecutionFailure){ .what = EXECUTION_CGROUP, .error = -cgroup_mount };
        Execution e = {
                .app = s->app,
                .user = is_main ? &s->user : NULL,
                .filter = s->app->seccomp ? &s->filter : NULL,
                .user_namespace = -1,
                .mount_namespace = s->fds[AGENT_NAMESPACE],
                .has_cgroup = true,
                .cgroup_mount = cgroup_mount,
                .close_dev = s->grant.close_dev,
                .standard = { -1, -1, -1 },
                .terminal = -1,
                .sockets = s->fds + s->n_fds - s->grant.n_sockets,
                .n_sockets = s->grant.n_sockets,
                .failure = failure,
                .argv = is_main                        ? s->app->exec
                        : streq(s->phase, "pre-start") ? s->app->pre_start
                                                       : s->app->post_stop,
                .environment = s->environment,
        };
        const int *next = s->fds + _AGENT_DESCRIPTOR_MAX;
        if (s->grant.terminal)
                e.terminal = *next++;
        else
                setsid();
        for (int i = 0; i < 3; i++)
                if (s->grant.standard[i])
                        e.standard[i] = *next++;
        return execution_run(&e);
}

/* Returns only when it fails. */
static int become(Start *s) {
        _cleanup_free_ char *request = xasprintf("run %s %s", s->phase, s->name), *problem = NULL;
        s->connection = client_send(request);
        int r = s->connection < 0 ? s->connection : load(s); /* while the agent goes about it */
        if (r < 0 || (r = receive_grant(s)) < 0 || (r = read_environment(s)) < 0)
                return r;
        r = user_resolve(s->fds[AGENT_ROOT], s->app->user, s->app->group, NULL, &s->user, &problem);
        if (r < 0)
                return r; /* the agent has said so */
        /* where the app's sockets do not come to lie */
        int failure = fcntl(s->connection, F_DUPFD_CLOEXEC, 3 + (int) s->grant.n_sockets);
        if (failure < 0)
                return log_error_errno(errno, "app %s: descriptors", s->name);
        close(s->connection);
        ExecutionFailure f = execute(s, failure);
        (void) !send(failure, &f, sizeof(f), MSG_NOSIGNAL);
        return -f.error;
}

static int tell(int connection, char *request, int *ret_answer) {
        _cleanup_free_ char *owned = request;
        int r = client_send_on(connection, owned);
        return r < 0 ? r : client_receive(connection, ret_answer);
}

/* What systemd has been asked to do with the app's unit: "ID UNIT TYPE STATE". */
static char *find_job(const char *name) {
        _cleanup_free_ char *unit = xasprintf("app-%s.service", name), *text = NULL;
        char *const argv[] = { (char *) "/usr/bin/systemctl", (char *) "list-jobs", (char *) "--no-legend",
                (char *) "--no-pager", unit, NULL };
        char type[16];
        int status, r = process_capture(argv, JOBS_MAX, &text, &status);
        return xstrdup(r >= 0 && sscanf(text, "%*u %*s %15s", type) == 1 ? type : AGENT_NO_JOB);
}

static int tell_end(int connection, const char *phase, const char *name, int code, int status) {
        int answer, r = tell(connection, xasprintf("ended %s %s %d %d", phase, name, code, status), &answer);
        if (r < 0 || answer != AGENT_WANTS_JOB)
                return r;
        _cleanup_free_ char *job = find_job(name);
        return tell(connection, xasprintf("ended %s %s %d %d %s", phase, name, code, status, job), &answer);
}

/* The agent is told how it ended, and when whoever waits for it is killed. */
static int run_hook(Start *s) {
        _cleanup_free_ char *watch = xasprintf("watch %s %s", s->phase, s->name);
        siginfo_t info = {};
        _cleanup_close_ int connection = client_send(watch);
        pid_t pid = connection < 0 ? connection : fork();
        if (pid < 0)
                return connection < 0 ? connection : log_error_errno(errno, "fork");
        if (pid == 0) {
                close(connection);
                become(s);
                _exit(EXECUTION_EXIT_FAILURE);
        }
        while (waitid(P_PID, (id_t) pid, &info, WEXITED) < 0)
                if (errno != EINTR)
                        return log_error_errno(errno, "waitid");
        int r = tell_end(connection, s->phase, s->name, info.si_code, info.si_status);
        return r < 0 ? r : info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
}

/* systemd.exec(5): EXIT_CODE and EXIT_STATUS are of the main process, and missing if there was none. */
static void read_end(int *ret_code, int *ret_status) {
        const char *code = getenv("EXIT_CODE"), *status = getenv("EXIT_STATUS");
        uint64_t number;
        *ret_code = CLD_EXITED;
        *ret_status = EXECUTION_EXIT_FAILURE;
        if (!code || !status)
                return;
        if (streq(code, "exited") && parse_uint(status, 255, &number) >= 0) {
                *ret_status = (int) number;
                return;
        }
        int signal = signal_from_name(status);
        *ret_code = streq(code, "dumped") ? CLD_DUMPED : CLD_KILLED;
        *ret_status = signal < 0 ? SIGKILL : signal;
}

static int report_main(const char *name) {
        int code, status;
        _cleanup_free_ char *watch = xasprintf("watch main %s", name);
        _cleanup_close_ int connection = client_send(watch);
        read_end(&code, &status);
        return connection < 0 ? connection : tell_end(connection, "main", name, code, status);
}

static int tell_up(void) {
        int answer;
        _cleanup_close_ int connection = client_send("up");
        return connection < 0 ? connection : client_receive(connection, &answer);
}

int main(int argc, char **argv) {
        static Start s = { .connection = -1 };
        process_begin("app");
        /* until execve, this is a process in the app's cgroup that holds descriptors of the pod's root */
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
        syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
        if (argc == 2 && streq(argv[1], "up"))
                return tell_up() < 0 ? EXIT_RKT_FAILURE : 0;
        if (argc != 3) {
                log_error("expected \"up\"; or \"pre-start\", \"main\", \"post-stop\" or \"ended\", and an "
                          "app");
                return EXIT_RKT_FAILURE;
        }
        s.phase = argv[1];
        s.name = argv[2];
        if (streq(s.phase, "ended"))
                return report_main(s.name) < 0 ? EXIT_RKT_FAILURE : 0;
        if (!streq(s.phase, "main")) {
                int r = run_hook(&s);
                return r < 0 ? EXIT_RKT_FAILURE : r;
        }
        become(&s);
        return EXECUTION_EXIT_FAILURE;
}
