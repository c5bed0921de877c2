/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "init-process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>

#include "alloc.h"
#include "app-root.h"
#include "cgroup.h"
#include "descriptor-limit.h"
#include "devices.h"
#include "execution.h"
#include "init-command.h"
#include "log.h"
#include "mounts.h"
#include "notify.h"
#include "pid1.h"
#include "pod-cgroup-mounts.h"
#include "pod-sources.h"
#include "process.h"
#include "send-fd.h"
#include "strv.h"
#include "target.h"

typedef struct OwnInit {
        const Boot *boot;
        const PlanApp *app;
        AppRoot root;
        User user;
        int console; /* its side of the terminal that is its console */
        int device_policy;
        char **argv, **environment;
} OwnInit;

/* The socket is here, where its name is; who listens is outside. */
static int open_notify(const Boot *b) {
        char message = BOOT_NOTIFY;
        Notify n;
        int r = notify_open(&n, 0);
        if (r >= 0)
                r = send_with_fd(b->control, &message, 1, n.fd);
        return r < 0 ? log_error_errno(r, "cannot make the pod's notification socket") : 0;
}

/* What the init finds beside the app's own variables: systemd.io/CONTAINER_INTERFACE. */
static void set_environment(OwnInit *i) {
        const Boot *b = i->boot;
        i->environment = execution_environment(i->app, &i->user);
        execution_set_variable(&i->environment, "container_uuid", b->plan->uuid);
        execution_set_variable(&i->environment, "NOTIFY_SOCKET", APP_ROOT_HOST_NOTIFY);
        if (b->credentials)
                execution_set_variable(&i->environment, "CREDENTIALS_DIRECTORY", APP_ROOT_HOST_CREDENTIALS);
        /* for what it prints; a login asks for it anew */
        execution_default_variable(&i->environment, "TERM", "dumb");
}

static int find_user(OwnInit *i) {
        _cleanup_free_ char *problem = NULL;
        int r = user_resolve(i->root.root, i->app->user, i->app->group, NULL, &i->user, &problem);
        if (r < 0)
                log_error("app %s: %s", i->app->name, problem);
        return r;
}

/* Everything that does not need the pod's cgroup. */
static int set_up(OwnInit *i) {
        const Boot *b = i->boot;
        PodRoot root;
        int r = pod_root_enter(b, &root);
        if (r < 0 || (r = open_notify(b)) < 0 || (r = pid1_open_terminal(b, &root, &i->console)) < 0 ||
                        (r = app_root_build(b, &root, 0, 0, &i->root)) < 0 || (r = find_user(i)) < 0)
                return r;
        i->argv = init_command(i->app, i->root.root);
        if (!i->argv)
                return -ENOENT;
        /* in a user namespace it is the outer supervisor's to make */
        bool policy = !plan_app_has_all_devices(i->app) && b->plan->users.count == 0;
        i->device_policy = !policy ? -ENODATA
                                   : device_policy_load(root.apps[0].devices, root.apps[0].n_devices);
        set_environment(i);
        pod_sources_close(&root, b->plan);
        return 0;
}

static int wait_for_go(OwnInit *i) {
        const Boot *b = i->boot;
        char message[BOOT_MESSAGE_MAX];
        ssize_t n;
        do
                n = recv(b->control, message, sizeof(message) - 1, 0);
        while (n < 0 && errno == EINTR);
        if (n <= 0)
                return -ECANCELED;
        message[n] = 0;
        if (*message != BOOT_GO || b->cgroups == CGROUP_LEGACY) {
                log_error("an image's init needs a cgroup of its own, and this host has no cgroup2 for it");
                return -EOPNOTSUPP;
        }
        if (message[1])
                execution_set_variable(&i->environment, "AC_METADATA_URL", message + 1);
        return app_root_use_network_dns(b->plan, i->app->name, &i->root);
}

/* The policy is on the pod's cgroup, which the init cannot leave; nor can it take it away, as its filter
 * refuses bpf(2). */
static int take_cgroup(OwnInit *i) {
        int r = pod_cgroup_mount(i->boot->plan, CGROUP_UNIFIED);
        if (r < 0)
                return log_error_errno(r, "cannot mount the pod's cgroup");
        _cleanup_close_ int cgroup = cgroup_open("/");
        if (cgroup < 0)
                return log_error_errno(cgroup, "cannot open the pod's cgroup");
        if (i->device_policy == -ENODATA)
                return 0;
        r = i->device_policy < 0 ? i->device_policy : device_policy_attach(i->device_policy, cgroup);
        return r < 0 ? log_error_errno(r, "cannot restrict which devices the pod's init may open") : 0;
}

/* With the unit's sockets as systemd takes them (sd_listen_fds(3)). */
static void take_sockets(OwnInit *i, Execution *e) {
        const AppSockets *sockets = i->boot->sockets;
        if (!sockets || sockets->n == 0)
                return;
        _cleanup_free_ char *names = strv_join(sockets->names, ":"), *n = xasprintf("%zu", sockets->n);
        execution_set_variable(&i->environment, "LISTEN_PID", "1");
        execution_set_variable(&i->environment, "LISTEN_FDS", n);
        execution_set_variable(&i->environment, "LISTEN_FDNAMES", names);
        e->sockets = sockets->fds;
        e->n_sockets = sockets->n;
}

/* Returns on failure only. */
static void become(OwnInit *i) {
        const Boot *b = i->boot;
        char message = BOOT_STARTED;
        Execution e = {
                .app = i->app,
                .user = &i->user,
                .filter = i->app->seccomp ? &i->app->filter : NULL,
                .user_namespace = -1,
                .mount_namespace = i->root.namespace,
                .cgroup_mount = mount_clone(AT_FDCWD, CGROUP_ROOT, false),
                .standard = { -1, -1, -1 },
                .terminal = i->console,
                .argv = i->argv,
                /* Nobody else in the pod holds its lock: when the outer supervisor is gone, the pod is. */
                .parent_death_signal = SIGKILL,
        };
        if (e.cgroup_mount < 0) {
                log_error_errno(e.cgroup_mount, "cannot take the pod's cgroup along");
                return;
        }
        take_sockets(i, &e);
        e.environment = i->environment;
        e.failure = fcntl(b->control, F_DUPFD_CLOEXEC, 3 + (int) e.n_sockets);
        if (e.failure < 0) {
                log_error_errno(errno, "fcntl");
                return;
        }
        send(b->control, &message, 1, MSG_NOSIGNAL);
        descriptor_limit_restore();
        ExecutionFailure f = execution_run(&e);
        /* if it has got there, "/" is the image's by now, and standard error is its console */
        _cleanup_close_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        _cleanup_free_ char *why = execution_explain(&e, &f, root);
        log_error("app %s: %s", i->app->name, why);
}

void init_process_run(const Boot *b) {
        OwnInit i = { .boot = b, .app = &b->plan->apps[0], .root = { -1, -1 }, .console = -1 };
        int r = pid1_prepare();
        if (r >= 0)
                r = set_up(&i);
        if (r >= 0)
                r = wait_for_go(&i);
        if (r >= 0)
                r = take_cgroup(&i);
        if (r >= 0)
                become(&i);
        _exit(EXIT_RKT_FAILURE);
}
