/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Entry point "enter": executes a command in the sandbox of an app of a running pod: its namespaces, its
 * cgroup with limits and device policy, its user, capabilities, system call filter and environment. Whoever
 * enters is no more than the app is (rkt's enter was root with everything: CVE-2019-10144, -10145, -10147).
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>

#include "alloc.h"
#include "cgroup1.h"
#include "devices.h"
#include "enter-options.h"
#include "execution.h"
#include "file.h"
#include "leader.h"
#include "log.h"
#include "namespaces.h"
#include "pod-root.h"
#include "process.h"
#include "sealed.h"
#include "target.h"
#include "terminal.h"

#define PATIENCE_MS 5000 /* for a pod that is being started */

typedef struct Entry {
        Plan *plan;
        PlanApp app; /* of the plan, or as asked for; owns nothing */
        char **environment;
        char **argv;
        const char *app_name;
        pid_t pid;           /* of PID 1 */
        int leader;          /* pidfd of PID 1 */
        int leader_root;     /* its root directory */
        int user_namespace;  /* the pod's; -1: it has the host's */
        int mount_namespace; /* the app's */
        int root;            /* the app's root */
        int cgroup;          /* the app's; -1: the pod has none */
        Cgroup1 cgroup1;     /* those of v1 */
        User user;
        SyscallFilter filter;
        bool keep[3];      /* the caller's standard descriptors that the process gets as they are */
        int master, slave; /* of a terminal; or -1 */
} Entry;

static int load_filter(Entry *e) {
        const char *name = e->app.seccomp;
        if (!name)
                return 0;
        if (streq(name, PLAN_SECCOMP_DEFAULT)) {
                syscall_filter_default(&e->filter);
                return 0;
        }
        _cleanup_free_ char *path = xasprintf("stage1/rootfs/" PLAN_SECCOMP_DIR "/%s", name);
        int r = syscall_filter_read_at(AT_FDCWD, path, &e->filter);
        return r < 0 ? log_error_errno(r, "app %s: cannot read its system call filter %s", e->app.name, path)
                     : 0;
}

/* Descriptors of what PID 1 has made for the app. -ENOENT: it is not there yet. *ret_what is what was looked
 * for. */
static int open_app(Entry *e, char **ret_what) {
        _cleanup_free_ char *number = NULL, *pod_cgroup = NULL, *agent = NULL;
        *ret_what = xasprintf("run/rkt/namespaces/%s in PID 1's root", e->app.name);
        _cleanup_free_ char *path = xasprintf("run/rkt/namespaces/%s", e->app.name);
        int r = read_line_at(e->leader_root, path, &number);
        if (r < 0)
                return r;
        free(*ret_what);
        /* where PID 1 is a service manager, its agent has them */
        bool has_agent = read_line_at(e->leader_root, POD_ROOT_AGENT + 1, &agent) >= 0;
        *ret_what = has_agent ? xasprintf("proc/%s/fd/%s", agent, number)
                              : xasprintf("/proc/%d/fd/%s", (int) e->pid, number);
        e->mount_namespace = openat(e->leader_root, *ret_what, O_RDONLY | O_CLOEXEC);
        if (e->mount_namespace < 0)
                return -errno;
        r = read_line_at(AT_FDCWD, "subcgroup", &pod_cgroup);
        if (r == -ENOENT)
                return 0;
        if (r < 0)
                return r;
        free(*ret_what);
        *ret_what = xasprintf("%s/app-%s%s", pod_cgroup, e->app.name, has_agent ? ".service" : "");
        e->cgroup = cgroup_open(*ret_what);
        if (e->cgroup < 0)
                return e->cgroup;
        cgroup1_open(*ret_what, &e->cgroup1);
        return 0;
}

/* The image's init: its mount namespace is the app's, and its own cgroup is the one below the pod's in which
 * systemd lets others be; another init makes none, and leaves us the pod's. */
static int open_init(Entry *e, char **ret_what) {
        _cleanup_free_ char *pod_cgroup = NULL, *scope = NULL;
        /* until it is about to be executed, the root is still ours */
        *ret_what = xstrdup("stage1/rootfs/" LEADER_INIT);
        if (access(*ret_what, F_OK) < 0)
                return -errno;
        free(*ret_what);
        *ret_what = xasprintf("/proc/%d/ns/mnt", (int) e->pid);
        e->mount_namespace = open(*ret_what, O_RDONLY | O_CLOEXEC);
        if (e->mount_namespace < 0)
                return -errno;
        int r = read_line_at(AT_FDCWD, "subcgroup", &pod_cgroup);
        if (r < 0)
                return r;
        scope = xasprintf("%s/init.scope", pod_cgroup);
        e->cgroup = cgroup_open(scope);
        if (e->cgroup == -ENOENT)
                e->cgroup = cgroup_open(pod_cgroup);
        return MIN(e->cgroup, 0);
}

/* Who starts an app of a mutable pod hears when it has been: there is nothing to wait for. */
static int wait_for_app(Entry *e) {
        const unsigned patience = e->plan->mutable ? 0 : PATIENCE_MS;
        for (unsigned waited = 0;; waited += 10) {
                _cleanup_free_ char *what = NULL;
                int r = e->plan->own_init ? open_init(e, &what) : open_app(e, &what);
                if (r >= 0)
                        return 0;
                if (r != -ENOENT || waited >= patience)
                        return log_error_errno(
                                        r, "app %s is not running: cannot open %s", e->app.name, what);
                if (e->mount_namespace >= 0)
                        close(TAKE_FD(e->mount_namespace));
                nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
        }
}

/* Whatever the plan says, the process is to be where PID 1 is. */
static int open_user_namespace(Entry *e) {
        struct stat ours, theirs;
        _cleanup_free_ char *path = xasprintf("/proc/%d/ns/user", (int) e->pid);
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &theirs) < 0 || stat("/proc/self/ns/user", &ours) < 0)
                return log_error_errno(errno, "cannot open %s", path);
        if (theirs.st_ino != ours.st_ino)
                e->user_namespace = TAKE_FD(fd);
        return 0;
}

/* There and back: a label and the like are written to our proc, as what is at /proc in the app may be of the
 * image (CVE-2019-16884). */
static int open_app_root(Entry *e) {
        _cleanup_close_ int own = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
        if (own < 0)
                return log_error_errno(errno, "cannot open /proc/self/ns/mnt");
        if (setns(e->mount_namespace, CLONE_NEWNS) < 0)
                return log_error_errno(errno, "app %s: cannot join its mount namespace", e->app.name);
        e->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (e->root < 0)
                return log_error_errno(errno, "app %s: cannot open its root", e->app.name);
        return setns(own, CLONE_NEWNS) < 0 ? log_error_errno(errno, "cannot leave the app's mount namespace")
                                           : 0;
}

/* What depends on the image. */
static int look_into_app(Entry *e) {
        _cleanup_free_ char *error = NULL;
        int r = open_app_root(e);
        if (r < 0)
                return r;
        r = user_resolve(e->root, e->app.user, e->app.group, &e->plan->users, &e->user, &error);
        if (r < 0) {
                log_error("app %s: %s", e->app.name, error);
                return r;
        }
        const IdRange *users = &e->plan->users;
        /* by name it is opened with the rights of a user of the pod */
        if (e->slave >= 0 && users->count > 0 &&
                        fchown(e->slave, users->shift + e->user.uid, users->shift + TTY_GROUP) < 0)
                return log_error_errno(errno, "app %s: cannot give it the terminal", e->app.name);
        const char *term = getenv("TERM");
        e->environment = execution_environment(&e->app, &e->user);
        execution_default_variable(&e->environment, "TERM", isempty(term) ? "vt100" : term);
        return 0;
}

/* Where the pod's terminal shows: the first of the caller's that is meant for output. */
static int terminal_output(const Entry *e) {
        return !e->keep[1] ? STDOUT_FILENO : !e->keep[2] ? STDERR_FILENO : STDIN_FILENO;
}

/* Where PID 1's root is the image's, what lies there is no more than its word. */
static int open_terminal_of_image(Entry *e) {
        char path[32];
        struct stat st;
        _cleanup_close_ int fd = target_find(e->leader_root, "/dev/pts/ptmx");
        if (fd < 0 || fstat(fd, &st) < 0)
                return fd < 0 ? fd : -errno;
        if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(5, 2))
                return -ENODEV;
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        return terminal_open_pair(AT_FDCWD, path, &e->master, &e->slave);
}

/* A terminal of the pod stands in for each of the caller's: the process does not get hold of it, but what
 * leads elsewhere, to a file or a pipe, is its own. */
static int open_terminal(Entry *e) {
        bool any = false;
        for (int i = 0; i < 3; i++) {
                e->keep[i] = !isatty(i);
                any |= !e->keep[i];
        }
        if (!any)
                return 0;
        int r = e->plan->own_init
                                ? open_terminal_of_image(e)
                                : terminal_open_pair(e->leader_root, "dev/pts/ptmx", &e->master, &e->slave);
        if (r < 0)
                return log_error_errno(r, "cannot open a terminal in the pod");
        terminal_copy_size(e->keep[0] ? terminal_output(e) : STDIN_FILENO, e->master);
        return 0;
}

static int connect_terminal(const Entry *e, Terminal *t) {
        int r = terminal_start(t, e->keep[0] ? -1 : STDIN_FILENO, terminal_output(e), e->master);
        return r < 0 ? log_error_errno(r, "cannot use the terminal") : 0;
}

static int prepare(Entry *e) {
        const pid_t pid = e->pid;
        _cleanup_free_ char *root = xasprintf("/proc/%d/root", (int) pid);
        int r = enter_options_load_plan(e->app_name, &e->plan, &e->app);
        if (r < 0)
                return r;
        r = leader_open(pid, &e->leader);
        if (r == -ESRCH)
                log_error("process %d is not this pod's PID 1: the pod has ended", (int) pid);
        if (r < 0)
                return r;
        e->leader_root = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (e->leader_root < 0)
                return log_error_errno(errno, "cannot open %s", root);
        if ((r = load_filter(e)) < 0 || (r = wait_for_app(e)) < 0 || (r = open_user_namespace(e)) < 0 ||
                        (r = open_terminal(e)) < 0)
                return r;
        /* the pid namespace is the next child's; the others are ours from now on, which nobody notices */
        if (setns(e->leader, CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET) < 0)
                return log_error_errno(errno, "cannot join the pod's namespaces");
        return look_into_app(e);
}

static _noreturn_ void run_child(const Entry *e, int failure) {
        /* Only now: whoever is in the cgroup namespace may move nobody in from outside. */
        if (e->plan->own_init && e->cgroup >= 0 && setns(e->leader, CLONE_NEWCGROUP) < 0) {
                ExecutionFailure join = { .what = EXECUTION_CGROUP, .error = errno };
                _exit(write(failure, &join, sizeof(join)) < 0 ? 1 : EXIT_RKT_FAILURE);
        }
        /* The caller's terminal may still be its standard error: without a session of its own, the process
         * could type into it what the caller's shell then executes (TIOCSTI). */
        if (e->slave < 0)
                setsid();
        Execution x = {
                .app = &e->app,
                .user = &e->user,
                .filter = e->app.seccomp ? &e->filter : NULL,
                .user_namespace = e->user_namespace,
                .mount_namespace = e->mount_namespace,
                .has_cgroup = e->cgroup >= 0 && !e->plan->own_init,
                .cgroup1 = &e->cgroup1,
                .cgroup_mount = -1,
                .standard = { -1, -1, -1 },
                .keep = { e->keep[0], e->keep[1], e->keep[2] },
                .terminal = e->slave,
                .failure = failure,
                .argv = e->argv,
                .environment = e->environment,
        };
        ExecutionFailure f = execution_run(&x);
        _exit(write(failure, &f, sizeof(f)) < 0 ? 1 : EXIT_RKT_FAILURE);
}

/* Says why the command could not be executed, if so. */
static int check_execution(const Entry *e, int failure) {
        ExecutionFailure f;
        if (read(failure, &f, sizeof(f)) != sizeof(f))
                return 0;
        Execution x = { .app = &e->app, .argv = e->argv, .environment = e->environment };
        _cleanup_free_ char *why = execution_explain(&x, &f, e->root);
        log_error("app %s: %s", e->app.name, why);
        return -f.error;
}

static void pass_signal(int signals, int child, const Terminal *terminal) {
        struct signalfd_siginfo info;
        if (read(signals, &info, sizeof(info)) != sizeof(info))
                return;
        if (info.ssi_signo == SIGWINCH)
                terminal_resize(terminal);
        else
                pidfd_signal(child, (int) info.ssi_signo);
}

static void wait_for_end(int child, int signals, Terminal *terminal) {
        struct pollfd p[2 + TERMINAL_POLLS] = {
                { .fd = child, .events = POLLIN },
                { .fd = signals, .events = POLLIN },
        };
        for (;;) {
                terminal_poll(terminal, p + 2);
                if (poll(p, ELEMENTSOF(p), -1) < 0)
                        continue;
                if (p[1].revents)
                        pass_signal(signals, child, terminal);
                terminal_handle(terminal, p + 2);
                if (p[0].revents)
                        return;
        }
}

static int run(Entry *e) {
        Terminal terminal = { .master = -1, .input = -1, .output = -1 };
        _cleanup_close_ int signals = terminal_open_signals(), child = -1;
        int fds[2], wstatus;
        if (signals < 0 || pipe2(fds, O_CLOEXEC) < 0)
                return signals < 0 ? signals : log_error_errno(errno, "pipe");
        _cleanup_close_ int failure = fds[0], failure_in = fds[1];
        pid_t pid = namespaces_fork(0, e->cgroup1.fds[CGROUP1_SYSTEMD] < 0 ? e->cgroup : -1, &child);
        if (pid < 0)
                return log_error_errno(pid, "app %s: cannot start a process in it", e->app.name);
        if (pid == 0)
                run_child(e, failure_in);
        close(TAKE_FD(failure_in));
        if (e->slave >= 0)
                close(TAKE_FD(e->slave));
        int r = check_execution(e, failure);
        if (r >= 0 && e->master >= 0)
                r = connect_terminal(e, &terminal);
        if (r < 0)
                pidfd_signal(child, SIGKILL);
        wait_for_end(child, signals, &terminal);
        terminal_end(&terminal);
        while (waitpid(pid, &wstatus, 0) < 0)
                if (errno != EINTR)
                        return log_error_errno(errno, "waitpid");
        return r < 0 ? r : process_exit_status(wstatus);
}

int main(int argc, char **argv) {
        static Entry e = { .leader = -1,
                .leader_root = -1,
                .user_namespace = -1,
                .mount_namespace = -1,
                .root = -1,
                .cgroup = -1,
                .cgroup1 = CGROUP1_NONE,
                .master = -1,
                .slave = -1 };
        process_begin("stage1");
        sealed_execute(argv);
        /* from the fork to execve, the child is a process of the pod that holds descriptors of the host */
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
        syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
        int r = enter_options_parse(argc, argv, &e.pid, &e.app_name, &e.argv);
        if (r == 0)
                r = prepare(&e);
        else if (r > 0)
                return 0;
        if (r >= 0)
                r = run(&e);
        return r < 0 ? EXIT_RKT_FAILURE : r;
}
