/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launch.h"

#include <errno.h>
#include <limits.h>
#include <sys/stat.h>

#include "alloc.h"
#include "file.h"
#include "globals.h"
#include "listen-fds.h"
#include "log.h"
#include "measure.h"
#include "metadata.h"
#include "network-list.h"
#include "process.h"
#include "resolver-files.h"
#include "selinux-claim.h"
#include "stage1.h"
#include "strv.h"
#include "user-range.h"

#define HOSTNAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_"

LaunchRequest launch_request;

const Option launch_request_options[] = {
        { "dns", OPTION_STRV, &launch_request.dns,
                        "name servers to write in /etc/resolv.conf, or \"host\" or \"none\"",
                        .shown_default = "IP[,IP…]" },
        { "dns-domain", OPTION_STRING, &launch_request.dns_domain,
                        "DNS domain to write in /etc/resolv.conf" },
        { "dns-opt", OPTION_STRV, &launch_request.dns_options, "DNS options to write in /etc/resolv.conf" },
        { "dns-search", OPTION_STRV, &launch_request.dns_search,
                        "DNS search domains to write in /etc/resolv.conf" },
        { "dry-run", OPTION_BOOL, &launch_request.dry_run,
                        "print the sandbox that each app would get, as JSON, and run nothing" },
        { "hostname", OPTION_STRING, &launch_request.hostname, "pod's hostname",
                        .shown_default = "rkt-$UUID" },
        { "hosts-entry", OPTION_STRV, &launch_request.hosts_entries,
                        "entries to add to the pod-wide /etc/hosts, or \"host\"",
                        .shown_default = "IP=NAME" },
        { "interactive", OPTION_BOOL, &launch_request.interactive,
                        "run the pod interactively; one image only" },
        { "ipc", OPTION_STRING, &launch_request.ipc, "IPC namespace of the pod: auto, private or parent",
                        .shown_default = "auto" },
        { "mds-register", OPTION_BOOL, &launch_request.mds_register,
                        "register the pod with the metadata service" },
        { "net", OPTION_STRV, &launch_request.networks,
                        "networks the pod joins: names, \"all\", \"none\" or \"host\"",
                        .shown_default = "default", .flags = OPTION_VALUE_OPTIONAL, .if_bare = "default" },
        {},
};

/* Everything but the host's network and none at all is rkt-netplug's work. */
static int check_network_plug(void) {
        _cleanup_free_ char *path = process_sibling("rkt-netplug");
        if (access(path, X_OK) == 0)
                return 0;
        log_error("rkt-netplug, which sets up networks, is not installed: choose --net=host or --net=none");
        return -ENOENT;
}

/* Whether the networks that are named are configured, is found out when they are needed. */
static int check_networks(const LaunchRequest *q, bool has_ports) {
        _cleanup_network_list_ NetworkList networks = {};
        _cleanup_free_ char *error = NULL;
        int r = network_list_parse(q->networks, &networks, &error);
        if (r < 0) {
                log_error("--net: %s", error);
                return r;
        }
        if (has_ports && (networks.host || networks.none)) {
                log_error("--port needs a network of the pod's own: it does not go with --net=%s",
                                networks.host ? "host" : "none");
                return -EINVAL;
        }
        if (q->mds_register && networks.none) {
                log_error("--mds-register does not go with --net=none");
                return -EINVAL;
        }
        return networks.host || networks.none ? 0 : check_network_plug();
}

int launch_request_check(bool has_ports) {
        const LaunchRequest *q = &launch_request;
        if (!isempty(q->hostname) && strlen(q->hostname) > HOST_NAME_MAX) {
                log_error("--hostname=%s: longer than %d characters", q->hostname, HOST_NAME_MAX);
                return -EINVAL;
        }
        if (!isempty(q->hostname) && q->hostname[strspn(q->hostname, HOSTNAME_CHARACTERS)]) {
                log_error("--hostname=%s: expected letters, digits, dots, dashes and underscores",
                                q->hostname);
                return -EINVAL;
        }
        if (q->ipc && *q->ipc && !streq(q->ipc, "auto") && !streq(q->ipc, "private") &&
                        !streq(q->ipc, "parent")) {
                log_error("--ipc=%s: expected auto, private or parent", q->ipc);
                return -EINVAL;
        }
        int r = resolver_files_check(q);
        if (r >= 0)
                r = check_networks(q, has_ports);
        return r >= 0 && q->mds_register && !q->dry_run ? pod_metadata_check() : r;
}

/* Flags appear in the interface by version: an older stage1 is not given what it does not know. */
static void add_flag(char ***argv, int have, int need, char *flag) {
        if (have >= need) {
                strv_push(argv, flag);
                return;
        }
        log_warning("the stage1 has interface version %d and does not know %s", have, flag);
        free(flag);
}

char *launch_hostname(const Pod *p) {
        const char *given = launch_request.hostname;
        return isempty(given) ? xasprintf("rkt-%s", p->uuid) : xstrdup(given);
}

/* The range is the pod's as long as somebody has the lock. Without a user namespace, its count is 0. */
static int claim_users(Pod *p, IdRange *ret, int *ret_lock) {
        if (faccessat(p->fd, POD_PRIVATE_USERS, F_OK, 0) < 0)
                return errno == ENOENT ? 0 : log_error_errno(errno, "pod %s: " POD_PRIVATE_USERS, p->uuid);
        _cleanup_close_ int fd = user_range_claim(p->uuid, ret);
        if (fd < 0)
                return fd;
        char line[32];
        snprintf(line, sizeof(line), "%u:%u", ret->shift, ret->count);
        int r = write_string_at(p->fd, POD_PRIVATE_USERS, line, 0640);
        if (r < 0)
                return log_error_errno(r, "pod %s: " POD_PRIVATE_USERS, p->uuid);
        *ret_lock = TAKE_FD(fd);
        return 0;
}

/* What starting takes: the command line of the stage1's run or explain, which take the same (its first word
 * is the program), and the lock of the pod's users, if it has its own. */
typedef struct Launch {
        char **argv;
        IdRange users;
        int users_lock;       /* or -1 */
        char *metadata_token; /* NULL: the metadata service does not know the pod */
        SelinuxContexts labels;
        int labels_lock; /* or -1: it has no labels */
} Launch;

#define LAUNCH_NONE                                                                                         \
        { .users_lock = -1, .labels_lock = -1 }

static void launch_done(Launch *l) {
        strv_free(l->argv);
        free(l->metadata_token);
        if (l->users_lock >= 0)
                close(l->users_lock);
        selinux_contexts_done(&l->labels);
        if (l->labels_lock >= 0)
                close(l->labels_lock);
}

static char **entrypoint_argv(const Pod *p, const char *path, int version, const Launch *l) {
        const LaunchRequest *q = &launch_request;
        _cleanup_free_ char *networks = q->networks ? strv_join(q->networks, ",") : xstrdup("default");
        _cleanup_free_ char *hostname = launch_hostname(p);
        char **argv = NULL;
        strv_add(&argv, path);
        if (globals.debug)
                strv_add(&argv, "--debug");
        strv_push(&argv, xasprintf("--net=%s", networks));
        if (q->interactive)
                strv_add(&argv, "--interactive");
        if (l->users.count > 0)
                strv_push(&argv, xasprintf("--private-users=%u:%u", l->users.shift, l->users.count));
        if (l->metadata_token)
                strv_push(&argv, xasprintf("--mds-token=%s", l->metadata_token));
        strv_push(&argv, xasprintf("--local-config=%s", globals.local_config));
        add_flag(&argv, version, 2, xasprintf("--hostname=%s", hostname));
        if (globals.insecure & INSECURE_CAPABILITIES)
                add_flag(&argv, version, 3, xstrdup("--disable-capabilities-restriction"));
        if (globals.insecure & INSECURE_PATHS)
                add_flag(&argv, version, 3, xstrdup("--disable-paths"));
        if (globals.insecure & INSECURE_SECCOMP)
                add_flag(&argv, version, 3, xstrdup("--disable-seccomp"));
        add_flag(&argv, version, 4,
                        xasprintf("--dns-conf-mode=resolv=%s,hosts=%s", resolver_files_resolv_mode(q),
                                        resolver_files_hosts_mode(q)));
        if (!isempty(q->ipc) && !streq(q->ipc, "auto"))
                add_flag(&argv, version, 6, xasprintf("--ipc=%s", q->ipc));
        if (q->mutable)
                add_flag(&argv, version, 5, xstrdup("--mutable"));
        if (q->dry_run)
                strv_add(&argv, "--dry-run");
        strv_add(&argv, p->uuid);
        return argv;
}

static int claim_labels(const Pod *p, Launch *l) {
        int fd = selinux_claim(p->uuid, &l->labels);
        if (fd < 0)
                return fd == -ENODATA ? 0 : fd;
        l->labels_lock = fd;
        return 0;
}

static int find_entrypoint(Pod *p, const char *name, Launch *ret) {
        _cleanup_image_manifest_ ImageManifest *manifest = NULL;
        _cleanup_free_ char *path = NULL;
        umask(0022); /* as in pod_prepare; stage1 inherits it */
        int r = stage1_entrypoint(p, name, &path, &manifest);
        if (r == -ENOENT)
                log_error("pod %s: its stage1 has no entry point \"%s\"", p->uuid, name);
        if (r >= 0)
                r = resolver_files_write(&launch_request, p);
        if (r >= 0)
                r = claim_users(p, &ret->users, &ret->users_lock);
        if (r >= 0)
                r = claim_labels(p, ret);
        if (r >= 0 && launch_request.mds_register && !launch_request.dry_run)
                r = pod_metadata_register(p, &ret->metadata_token);
        if (r >= 0)
                r = stage1_interface_version(manifest);
        if (r < 0)
                return r;
        ret->argv = entrypoint_argv(p, path, r, ret);
        return 0;
}

/* A descriptor that the stage1 inherits, and finds by that name. */
static int pass_lock(const char *name, int fd) {
        _cleanup_free_ char *number = xasprintf("%d", fd);
        if (setenv(name, number, 1) < 0)
                return -errno;
        return fd_close_on_exec(fd, false);
}

static int pass_labels(const Launch *l) {
        if (l->labels_lock < 0) {
                /* what was another pod's is not this one's */
                static const char *const names[] = { "RKT_SELINUX_CONTEXT", "RKT_SELINUX_MOUNT_CONTEXT",
                        "RKT_SELINUX_LOCK_FD" };
                for (size_t i = 0; i < ELEMENTSOF(names); i++)
                        unsetenv(names[i]);
                return 0;
        }
        return setenv("RKT_SELINUX_CONTEXT", l->labels.process, 1) < 0 ||
                                               setenv("RKT_SELINUX_MOUNT_CONTEXT", l->labels.file, 1) < 0
                               ? -errno
                               : pass_lock("RKT_SELINUX_LOCK_FD", l->labels_lock);
}

int pod_launch(Pod *p) {
        _cleanup_(launch_done) Launch l = LAUNCH_NONE;
        int r = find_entrypoint(p, "run", &l);
        if (r < 0)
                return r;
        r = pod_move(p, POD_PLACE_RUN, false);
        if (r < 0)
                return log_error_errno(r, "pod %s: moving it to run", p->uuid);
        r = fchdir(p->fd) < 0 ? -errno : 0;
        if (r >= 0) {
                pod_measure(p->uuid, l.argv[0]);
                r = pass_lock("RKT_LOCK_FD", p->fd);
        }
        if (r >= 0 && l.users_lock >= 0)
                r = pass_lock("RKT_USERS_LOCK_FD", l.users_lock);
        if (r >= 0)
                r = pass_labels(&l);
        if (r < 0)
                return log_error_errno(r, "pod %s: lock", p->uuid);
        globals_tell_stage1();
        listen_fds_close_on_exec(false);
        execv(l.argv[0], l.argv);
        return log_error_errno(errno, "pod %s: stage1 entry point %s", p->uuid, l.argv[0]);
}

int pod_explain(Pod *p) {
        _cleanup_(launch_done) Launch l = LAUNCH_NONE;
        int r = find_entrypoint(p, "explain", &l);
        if (r < 0)
                return r;
        r = pass_labels(&l);
        if (r < 0)
                return log_error_errno(r, "pod %s: labels", p->uuid);
        if (fchdir(p->fd) < 0)
                return log_error_errno(errno, "pod %s", p->uuid);
        r = process_run(l.argv, -1);
        return r < 0 ? log_error_errno(r, "pod %s: stage1 entry point %s", p->uuid, l.argv[0]) : r;
}
