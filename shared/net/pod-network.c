/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pod-network.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "alloc.h"
#include "duration.h"
#include "file.h"
#include "lock.h"
#include "log.h"
#include "net-info.h"
#include "pod-bandwidth.h"
#include "pod-netns.h"
#include "strv.h"

#define LOCK_INTERVAL_NS (2 * NSEC_PER_MSEC)
#define NETWORKS_MAX     100 /* two digits in the names of records */

/* Plugins hold the lock, too, and what they left running may do so for ever. */
static int take_lock(const PodNetwork *p, int fd) {
        uint64_t end = monotonic_ns() + 2 * (uint64_t) p->timeout_ns;
        int r;
        while ((r = lock_fd(fd, LOCK_MODE_EXCLUSIVE, false)) == -EWOULDBLOCK && monotonic_ns() < end)
                nanosleep(&(struct timespec){ .tv_nsec = LOCK_INTERVAL_NS }, NULL);
        if (r == -EWOULDBLOCK) {
                log_warning("pod %s: a plugin of its networks is still running: not waiting for it",
                                p->uuid);
                return 0;
        }
        return r < 0 ? log_error_errno(r, "pod %s: cannot lock net", p->uuid) : 0;
}

/* Whoever held the lock before may have removed what was locked. */
static bool is_current(const PodNetwork *p, int fd) {
        struct stat a, b;
        return fstat(fd, &a) >= 0 && fstatat(p->pod, "net", &b, AT_SYMLINK_NOFOLLOW) >= 0 &&
               a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

static int open_locked(PodNetwork *p, bool create) {
        for (;;) {
                if (create && mkdirat(p->pod, "net", 0755) < 0 && errno != EEXIST)
                        return log_error_errno(errno, "pod %s: cannot create net", p->uuid);
                _cleanup_close_ int fd =
                                openat(p->pod, "net", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
                if (fd < 0 && errno == ENOENT && !create)
                        return -ENOENT;
                if (fd < 0 && errno != ENOENT)
                        return log_error_errno(errno, "pod %s: cannot open net", p->uuid);
                int r = fd < 0 ? 0 : take_lock(p, fd);
                if (r < 0)
                        return r;
                if (fd >= 0 && is_current(p, fd))
                        return TAKE_FD(fd);
        }
}

int pod_network_open(PodNetwork *p, bool create) {
        p->netns = NULL;
        p->net = open_locked(p, create);
        if (p->net < 0)
                return p->net;
        p->netns = pod_netns_exists(p->uuid) ? pod_netns_path(p->uuid) : NULL;
        return 0;
}

void pod_network_close(PodNetwork *p) {
        if (p->net >= 0)
                close(TAKE_FD(p->net));
        free(p->netns);
        free(p->refusal);
        p->netns = p->refusal = NULL;
}

/* Plugins refuse CNI_ARGS that they do not know unless they are told not to. A container's name has no
 * argument in CNI; that of Kubernetes is what podman uses, and plugins that make names know it. */
static char *plugin_args(const NetworkRecord *r) {
        const char *args = r->args ?: "";
        _cleanup_free_ char *name = r->hostname && !strstr(args, "K8S_POD_NAME=")
                                                    ? xasprintf("K8S_POD_NAME=%s;", r->hostname)
                                                    : xstrdup("");
        char *text = xasprintf(
                        "%s%s%s", strstr(args, "IgnoreUnknown=") ? "" : "IgnoreUnknown=1;", name, args);
        if (endswith(text, ";"))
                text[strlen(text) - 1] = 0;
        return text;
}

static CniRuntime runtime(const PodNetwork *p, const NetworkRecord *r, const char *args) {
        return (CniRuntime){
                .path = p->path_given || !r->path ? p->path : r->path,
                .container_id = p->uuid,
                .netns = p->netns,
                .ifname = r->ifname,
                .args = args,
                .capabilities = r->capabilities,
                .timeout_ns = p->timeout_ns,
                .held = p->net,
                .inside = p->inside,
                .n_called = r->result ? 0 : p->n_called,
                .refusal = r->result ? NULL : p->refusal,
        };
}

typedef int (*Visit)(const PodNetwork *p, const char *file, NetworkRecord *r, void *userdata);

/* Last first, or first first; all of them, and the first failure is returned. */
static int visit_records(const PodNetwork *p, bool reverse, Visit visit, void *userdata) {
        _cleanup_strv_ char **files = NULL;
        int first = 0, r = network_record_list(p->net, &files);
        if (r < 0)
                return log_error_errno(r, "pod %s: cannot list net", p->uuid);
        size_t n = strv_length(files);
        for (size_t i = 0; i < n; i++) {
                const char *file = files[reverse ? n - 1 - i : i];
                _cleanup_network_record_ NetworkRecord record = {};
                _cleanup_free_ char *error = NULL;
                r = network_record_read_at(p->net, file, &record, &error);
                if (r < 0)
                        log_error("pod %s: %s", p->uuid, error);
                else
                        r = visit(p, file, &record, userdata);
                if (r < 0 && first == 0)
                        first = r;
        }
        return first;
}

static int del_one(const PodNetwork *p, const char *file, NetworkRecord *record, void *userdata) {
        _cleanup_free_ char *error = NULL, *args = plugin_args(record);
        CniRuntime rt = runtime(p, record, args);
        int r = cni_chain_del(&record->network, &rt, record->result, &error);
        if (r < 0) {
                log_error("pod %s: leaving the network \"%s\": %s", p->uuid, record->network.name, error);
                return r;
        }
        if (unlinkat(p->net, file, 0) < 0 && errno != ENOENT)
                return log_error_errno(errno, "pod %s: cannot remove net/%s", p->uuid, file);
        return 0;
}

/* The handle goes even if a plugin fails: with it go the pod's side of all links. */
static int leave_all(const PodNetwork *p) {
        int r = visit_records(p, true, del_one, NULL);
        int handle = pod_netns_remove(p->uuid);
        if (handle < 0)
                log_error_errno(handle, "pod %s: cannot remove the handle of its network namespace",
                                p->uuid);
        return r < 0 || handle < 0 ? -EIO : 0;
}

int pod_network_del(PodNetwork *p) {
        int r = leave_all(p);
        if (r >= 0)
                unlinkat(p->pod, "net", AT_REMOVEDIR); /* left where there is more in it than ours */
        return r;
}

static int add_one(PodNetwork *p, NetworkRecord *record, size_t index) {
        _cleanup_free_ char *file = network_record_file(record, index), *error = NULL,
                            *args = plugin_args(record);
        _cleanup_close_ _unused_ int lock = cni_network_lock(&record->network, LOCK_MODE_SHARED);
        int r = network_record_write_at(p->net, file, record);
        if (r < 0)
                return log_error_errno(r, "pod %s: cannot write net/%s", p->uuid, file);
        CniRuntime rt = runtime(p, record, args);
        r = cni_chain_add(&record->network, &rt, &record->result, &p->n_called, &error);
        if (r < 0) {
                log_error("pod %s: joining the network \"%s\": %s", p->uuid, record->network.name, error);
                if (r == -EREMOTEIO)
                        p->refusal = TAKE_PTR(error);
                return r;
        }
        r = network_record_write_at(p->net, file, record);
        return r < 0 ? log_error_errno(r, "pod %s: cannot write net/%s", p->uuid, file) : 0;
}

static bool is_chosen(const NetworkList *l, const CniNetwork *n) {
        return l->all || network_list_find(l, n->name);
}

/* The network through which ports are published: one that says it can, else the first with masquerade, else
 * the last. SIZE_MAX: there is none. */
static size_t find_port_network(const CniNetworks *configured, const NetworkList *list) {
        size_t capable = SIZE_MAX, masquerading = SIZE_MAX, last = SIZE_MAX;
        for (size_t i = configured->n; i-- > 0;) {
                const CniNetwork *n = &configured->items[i];
                if (!is_chosen(list, n))
                        continue;
                if (cni_network_has_capability(n, "portMappings"))
                        capable = i;
                if (cni_network_masquerades(n))
                        masquerading = i;
                if (last == SIZE_MAX)
                        last = i;
        }
        return capable != SIZE_MAX ? capable : masquerading != SIZE_MAX ? masquerading : last;
}

/* KEY=VALUE of the arguments that have a capability as well, for plugins that take it that way. */
static void add_argument_capabilities(json_object *capabilities, const char *args) {
        _cleanup_strv_ char **pairs = strv_split(args ?: "", ';');
        STRV_FOREACH (pair, pairs) {
                const char *value;
                if ((value = startswith(*pair, "IP="))) {
                        json_object *ips = json_object_new_array();
                        json_object_array_add(ips, json_object_new_string(value));
                        json_object_object_add(capabilities, "ips", ips);
                } else if ((value = startswith(*pair, "MAC=")))
                        json_object_object_add(capabilities, "mac", json_object_new_string(value));
        }
}

static int copy_network(const CniNetwork *from, CniNetwork *ret) {
        _cleanup_json_ json_object *o = cni_network_to_json(from);
        _cleanup_free_ char *text = json_to_text(o, false), *error = NULL;
        int r = cni_network_parse(from->path, text, strlen(text), ret, &error);
        if (r < 0)
                log_error("%s", error);
        return r;
}

static int make_record(const PodNetwork *p, const CniNetwork *n, const NetworkList *list, size_t index,
                json_object *ports, NetworkRecord *ret) {
        int r = copy_network(n, &ret->network);
        if (r < 0)
                return r;
        const NetworkChoice *choice = network_list_find(list, n->name);
        ret->ifname = xasprintf("eth%zu", index);
        ret->args = choice ? xstrdup(choice->args) : NULL;
        ret->hostname = p->hostname ? xstrdup(p->hostname) : xasprintf("rkt-%s", p->uuid);
        ret->path = strv_copy(p->path);
        ret->capabilities = json_object_new_object();
        add_argument_capabilities(ret->capabilities, ret->args);
        if (p->bandwidth > 0 && pod_bandwidth_add(&ret->network, ret->capabilities, p->bandwidth) < 0)
                log_warning("network \"%s\": isolator resource/network-bandwidth is not applied: plugin %s "
                            "makes no pair of links that could be shaped",
                                n->name, n->plugins[0].type);
        if (!ports)
                return 0;
        json_object_object_add(ret->capabilities, "portMappings", json_object_get(ports));
        if (!cni_network_has_capability(&ret->network, "portMappings"))
                json_object_object_add(cni_network_append(&ret->network, "portmap", "portMappings"), "snat",
                                json_object_new_boolean(true));
        return 0;
}

static void warn_of_overlap(const CniNetworks *configured, const CniNetwork *n) {
        _cleanup_free_ char *subnets = NULL;
        const CniNetwork *other = cni_networks_find_overlapping(configured, n, &subnets);
        if (other)
                log_warning("the networks \"%s\" (%s) and \"%s\" (%s) have addresses in common (%s): pods "
                            "of both "
                            "cannot be reached at the same time",
                                n->name, n->path, other->name, other->path, subnets);
}

static int add_all(
                PodNetwork *p, const CniNetworks *configured, const NetworkList *list, json_object *ports) {
        size_t index = 0, port_network = find_port_network(configured, list);
        for (size_t i = 0; i < configured->n; i++) {
                const CniNetwork *n = &configured->items[i];
                if (!is_chosen(list, n))
                        continue;
                if (index == NETWORKS_MAX) {
                        log_error("pod %s: more than %d networks", p->uuid, NETWORKS_MAX);
                        return -E2BIG;
                }
                warn_of_overlap(configured, n);
                _cleanup_network_record_ NetworkRecord record = {};
                int r = make_record(p, n, list, index, i == port_network ? ports : NULL, &record);
                if (r < 0 || (r = add_one(p, &record, index)) < 0)
                        return r;
                index++;
        }
        return 0;
}

static int check_names(const CniNetworks *configured, const NetworkList *list) {
        _cleanup_strv_ char **missing = strv_copy(NULL);
        for (size_t i = 0; i < list->n; i++)
                if (!cni_networks_find(configured, list->items[i].name))
                        strv_add(&missing, list->items[i].name);
        if (*missing) {
                _cleanup_free_ char *names = strv_join(missing, ", ");
                log_error("networks not found: %s", names);
                return -ENOENT;
        }
        if (list->all && configured->n == 0) {
                log_error("--net=all: no network is configured");
                return -ENOENT;
        }
        return 0;
}

int pod_network_add(PodNetwork *p, const CniNetworks *configured, const NetworkList *list, pid_t pid,
                json_object *ports) {
        int r = check_names(configured, list);
        if (r < 0)
                return r;
        if ((r = leave_all(p)) < 0) /* what an earlier attempt has left */
                return r;
        r = pod_netns_publish(p->uuid, pid);
        if (r < 0)
                return log_error_errno(
                                r, "pod %s: cannot make " NETNS_DIRECTORY "/rkt-%s", p->uuid, p->uuid);
        free(p->netns);
        p->netns = pod_netns_path(p->uuid);
        r = add_all(p, configured, list, ports);
        if (r >= 0)
                r = net_info_write(p);
        if (r < 0)
                pod_network_del(p);
        return r;
}

static int check_one(const PodNetwork *p, const char *file, NetworkRecord *record, void *userdata) {
        _cleanup_free_ char *error = NULL, *args = plugin_args(record);
        CniRuntime rt = runtime(p, record, args);
        if (!record->result) {
                log_error("pod %s: joining the network \"%s\" has not been finished", p->uuid,
                                record->network.name);
                return -EIO;
        }
        int r = cni_chain_check(&record->network, &rt, record->result, &error);
        if (r == -EOPNOTSUPP) {
                log_info("network \"%s\": not checked: %s", record->network.name, error);
                return 0;
        }
        if (r < 0)
                log_error("pod %s: network \"%s\": %s", p->uuid, record->network.name, error);
        return r;
}

int pod_network_check(PodNetwork *p) {
        if (!p->netns) {
                log_error("pod %s: " NETNS_DIRECTORY "/rkt-%s is not there", p->uuid, p->uuid);
                return -ENOENT;
        }
        return visit_records(p, false, check_one, NULL);
}

typedef struct Each {
        int (*call)(const NetworkRecord *r, void *userdata);
        void *userdata;
} Each;

static int call_each(const PodNetwork *p, const char *file, NetworkRecord *r, void *userdata) {
        Each *each = userdata;
        return each->call(r, each->userdata);
}

int pod_network_foreach(
                const PodNetwork *p, int (*each)(const NetworkRecord *r, void *userdata), void *userdata) {
        return visit_records(p, false, call_each, &(Each){ each, userdata });
}

static int count_finished(const NetworkRecord *r, void *userdata) {
        size_t *finished = userdata;
        *finished += r->result != NULL;
        return r->result ? 0 : -ENODATA;
}

bool pod_network_is_complete(const PodNetwork *p) {
        size_t finished = 0;
        return p->netns && faccessat(p->pod, "net-info.json", F_OK, 0) >= 0 &&
               pod_network_foreach(p, count_finished, &finished) >= 0 && finished > 0;
}
