/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Entry point "run" of the flavours with namespaces. Working directory: the pod's. There is one program for
 * both sides of a pod, because a fork starts quicker and holds less memory than a second program would. */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "alloc.h"
#include "app-credentials.h"
#include "attach-socket.h"
#include "cgroup2.h"
#include "console.h"
#include "descriptor-limit.h"
#include "file.h"
#include "flavour.h"
#include "incoming.h"
#include "init-process.h"
#include "listen-fds.h"
#include "log-files.h"
#include "log.h"
#include "namespaces.h"
#include "oom-score.h"
#include "oom-scores.h"
#include "option.h"
#include "outer.h"
#include "pid1.h"
#include "pod-files.h"
#include "pod-labels.h"
#include "private-users.h"
#include "process.h"
#include "registration.h"
#include "run-options.h"
#include "sealed.h"
#include "strv.h"
#include "watchdog.h"

#define LOCKS     3
#define LOCK_NONE 2u

static unsigned locks[LOCKS];

/* LOCK_NONE: there is none. */
static int inherited_lock(const char *name, unsigned *ret) {
        const char *text = getenv(name);
        uint64_t lock = LOCK_NONE;
        if (text && (parse_uint(text, INT_MAX, &lock) < 0 || lock < 3 ||
                                    fd_close_on_exec((int) lock, true) < 0)) {
                log_error("%s=%s is not an open descriptor", name, text);
                return -EBADF;
        }
        unsetenv(name);
        *ret = (unsigned) lock;
        return 0;
}

static int compare_numbers(const void *a, const void *b) {
        unsigned x = *(const unsigned *) a, y = *(const unsigned *) b;
        return (x > y) - (x < y);
}

/* Closes what the caller left open but the locks of the pod, of its users and of its labels, which PID 1 and
 * we hold as long as we live, and sockets for the apps. */
static int close_inherited(Sockets *sockets) {
        static const char *const names[LOCKS] = { "RKT_LOCK_FD", "RKT_USERS_LOCK_FD",
                "RKT_SELINUX_LOCK_FD" };
        size_t n = listen_fds_count() + ELEMENTSOF(names);
        _cleanup_free_ unsigned *kept = xnew(unsigned, n);
        unsigned next = 3;
        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                int r = inherited_lock(names[i], &locks[i]);
                if (r < 0)
                        return r;
                kept[i] = locks[i];
        }
        int r = sockets_take(sockets);
        if (r < 0)
                return r;
        for (size_t i = 0; i < sockets->n; i++)
                kept[ELEMENTSOF(names) + i] = (unsigned) sockets->fds[i];
        qsort(kept, n, sizeof(*kept), compare_numbers);
        for (size_t i = 0; i < n; i++) {
                if (kept[i] > next)
                        syscall(SYS_close_range, next, kept[i] - 1, 0);
                next = MAX(next, kept[i] + 1);
        }
        syscall(SYS_close_range, next, ~0U, 0);
        return 0;
}

/* sockets: may be NULL. */
static int compile(const RunOptions *o, int pod, Sockets *sockets, Plan **ret) {
        _cleanup_pod_manifest_ PodManifest *manifest = NULL;
        _cleanup_free_ char *error = NULL;
        int r = pod_manifest_load_at(pod, "pod", &manifest, &error);
        if (r < 0) {
                log_error("the pod's manifest: %s", error);
                return r;
        }
        r = plan_compile(&o->plan, manifest, pod, ret);
        if (r >= 0 && sockets)
                sockets_assign(sockets, manifest, *ret);
        return r;
}

/* A host without systemd: a cgroup below the caller's. Without cgroup2 the pod runs without. */
static int make_cgroup(const char *uuid, char **ret) {
        _cleanup_free_ char *own = NULL;
        int r = cgroup2_of_process(0, &own);
        _cleanup_close_ int parent = r < 0 ? r : cgroup2_open(own);
        if (parent < 0) {
                log_warning("this host has no cgroup2 hierarchy: the pod runs without cgroups");
                return -1;
        }
        _cleanup_free_ char *name = xasprintf("rkt-%s", uuid);
        int fd = cgroup2_create_at(parent, name);
        if (fd < 0) {
                log_warning_errno(fd, "cannot create the pod's cgroup in %s: it runs without", own);
                return -1;
        }
        *ret = xasprintf("%s/%s", streq(own, "/") ? "" : own, name);
        return fd;
}

static void remove_cgroup(const char *cgroup) {
        _cleanup_free_ char *parent = xstrdup(cgroup);
        char *slash = strrchr(parent, '/');
        *slash = 0;
        _cleanup_close_ int fd = cgroup2_open(parent);
        int r = fd < 0 ? fd : cgroup2_remove_at(fd, slash + 1);
        if (r < 0)
                log_warning_errno(r, "cannot remove the pod's cgroup %s", cgroup);
}

static bool again;

static int start(const Boot *b, Registration *registration, Network *network, Metadata *metadata,
                Sockets *sockets_of_unit) {
        _cleanup_free_ char *cgroup = NULL;
        _cleanup_close_ int pidfd = -1, cgroup_fd = -1;
        _cleanup_close_ int log_dir = -1;
        int sockets[2], sources[2] = { -1, -1 }, log_requests[2] = { -1, -1 };
        bool private_users = b->plan->users.count > 0;
        if (private_users && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sources) < 0)
                return log_error_errno(errno, "socketpair");
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0)
                return log_error_errno(errno, "socketpair");
        if (b->plan->log_dir) {
                if ((log_dir = log_files_open_directory(b->plan->log_dir)) < 0)
                        return log_dir;
                if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, log_requests) < 0)
                        return log_error_errno(errno, "socketpair");
        }
        if (!registration)
                cgroup_fd = make_cgroup(b->plan->uuid, &cgroup);

        uint64_t flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS;
        flags |= (b->plan->private_ipc ? CLONE_NEWIPC : 0) |
                 (b->plan->net == PLAN_NET_HOST ? 0 : CLONE_NEWNET) | (private_users ? CLONE_NEWUSER : 0);
        int console = console_reopen(STDOUT_FILENO);
        pid_t pid = namespaces_fork(flags, cgroup_fd, &pidfd);
        if (pid < 0)
                return log_error_errno(pid, "cannot clone the pod's PID 1");
        if (pid == 0) {
                close(sockets[0]);
                if (b->plan->log_dir) {
                        close(log_dir);
                        close(log_requests[0]);
                }
                if (registration)
                        helper_forget(&registration->helper);
                if (network)
                        helper_forget(&network->helper);
                if (private_users)
                        close(sources[0]);
                Boot inner = *b;
                inner.control = sockets[1];
                inner.sources = sources[1];
                inner.console = console;
                inner.log_requests = log_requests[1];
                if (b->plan->own_init)
                        init_process_run(&inner);
                pid1_run(&inner);
        }
        close(sockets[1]);
        if (log_requests[1] >= 0)
                close(log_requests[1]);
        if (b->attach >= 0)
                close(b->attach);
        if (!b->plan->own_init) /* which may have to be booted again with them */
                sockets_close(sockets_of_unit);
        if (console >= 0)
                close(console);
        Boot outer = *b;
        outer.control = sockets[0];
        Outer supervisor = { .boot = &outer,
                .pid = pid,
                .pidfd = pidfd,
                .registration = registration,
                .network = network,
                .metadata = metadata,
                .cgroup = cgroup,
                .again = &again,
                .log_requests = log_requests[0],
                .log_dir = log_dir,
                .helper = -1 };
        if (private_users) {
                close(sources[1]);
                outer.sources = sources[0];
                supervisor.helper_pid = private_users_start(&outer, pid, pidfd, &supervisor.helper);
        }
        int status = outer_run(&supervisor);
        incoming_remove(b->plan->uuid);
        if (cgroup)
                remove_cgroup(cgroup);
        return status;
}

static char *programs;

static int run_pod(const RunOptions *o, Sockets *sockets) {
        _cleanup_close_ int pod = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_close_ int stage1 = open("stage1/rootfs", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        _cleanup_free_ char *directory = get_current_dir_name();
        if (pod < 0 || stage1 < 0 || !directory)
                return log_error_errno(
                                errno, "the working directory is not that of a prepared pod: stage1/rootfs");
        _cleanup_free_ char *root = xasprintf("%s/stage1/rootfs", directory);

        Registration registration;
        Network network;
        bool booted = registration_possible(), networked = o->plan.net == PLAN_NET_CONTAINED;
        int r = networked ? network_start(&network, o->plan.uuid, o->network_options, o->metadata_token) : 0;
        if (r >= 0 && booted)
                r = registration_start(&registration, o->plan.uuid, root, networked);
        _cleanup_plan_ Plan *plan = NULL;
        if (r < 0 || (r = compile(o, pod, sockets, &plan)) < 0)
                return r;
        if (flavour.check && (r = flavour.check(plan)) < 0)
                return r;
        oom_scores_set(plan);
        if ((r = pod_files_make_volumes(plan, pod)) < 0 || (r = pod_files_write(plan, o, pod, stage1)) < 0 ||
                        (r = pod_labels_set(plan, pod)) < 0)
                return r;
        oom_score_protect_supervisor();
        pod_files_link_journal(plan, root);
        malloc_trim(0);
        Boot b = { .plan = plan, .pod = pod, .stage1 = stage1, .control = -1, .debug = o->debug };
        b.sources = b.user_namespace = -1;
        b.cgroups = cgroup_layout();
        b.programs = programs;
        b.credentials = credentials_given();
        b.watchdog_us = watchdog_interval_us();
        b.sockets = sockets->apps;
        if ((r = attach_socket_open(plan, pod, &b.attach)) < 0)
                return r;
        b.terminal = plan->interactive && isatty(STDIN_FILENO);
        return start(&b, booted ? &registration : NULL, networked ? &network : NULL,
                        metadata_new(o, plan, pod, stage1), sockets);
}

/* For people who audit: what would be run, in full. */
static int print_plan(const RunOptions *o) {
        _cleanup_close_ int pod = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_plan_ Plan *plan = NULL;
        if (pod < 0)
                return log_error_errno(errno, "cannot open the pod's directory");
        int r = compile(o, pod, NULL, &plan);
        if (r < 0)
                return r;
        _cleanup_json_ json_object *json = plan_to_json(plan);
        _cleanup_free_ char *text = json_to_text(json, true);
        if (puts(text) < 0 || fflush(stdout) < 0)
                return log_error_errno(errno, "cannot print the plan");
        return 0;
}

extern char **environ;

/* The pod's init has asked for that (reboot(2)), and everything of the pod but its files and locks is gone:
 * the entry point is executed again as it was executed, with the descriptors that it was given. */
static int boot_again(char **argv, char **environment, const Sockets *sockets) {
        for (size_t i = 0; i < LOCKS; i++)
                fd_close_on_exec((int) locks[i], false);
        for (size_t i = 0; i < sockets->n; i++)
                if (dup2(sockets->fds[i], LISTEN_FDS_START + (int) i) < 0)
                        return log_error_errno(errno, "cannot keep the sockets of the unit");
        descriptor_limit_restore();
        execve(argv[0], argv, environment);
        return log_error_errno(errno, "cannot boot the pod again: %s", argv[0]);
}

int main(int argc, char **argv) {
        static RunOptions o; /* for as long as the process lives, as what is passed on */
        static Sockets sockets;
        process_begin("stage1");
        char **arguments = strv_copy(argv), **environment = xnew(char *, strv_length(environ) + 1);
        memcpy(environment, environ, (strv_length(environ) + 1) * sizeof(*environ));
        programs = xstrndup(argv[0], strrchr(argv[0], '/') ? (size_t) (strrchr(argv[0], '/') - argv[0]) : 0);
        sealed_execute(argv);
        prctl(PR_SET_NAME, "rkt-stage1", 0, 0, 0);
        int r = run_options_parse(argc, argv, &o);
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        log_set_debug(o.debug);
        outer_block_signals();
        descriptor_limit_raise();
        if (close_inherited(&sockets) < 0)
                return EXIT_RKT_FAILURE;
        r = o.dry_run ? print_plan(&o) : run_pod(&o, &sockets);
        if (again)
                r = boot_again(arguments, environment, &sockets);
        return r < 0 ? EXIT_RKT_FAILURE : r;
}
