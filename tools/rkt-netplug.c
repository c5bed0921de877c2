/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Puts pods in networks by means of CNI plugins. The run path starts it beside the registration with
 * systemd; everything that it has to know later is in the pod's directory. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "alloc.h"
#include "cni-exec.h"
#include "duration.h"
#include "file.h"
#include "globals.h"
#include "listener.h"
#include "log.h"
#include "net-info.h"
#include "netplug.h"
#include "pod-bandwidth.h"
#include "pod-netns.h"
#include "pod-ports.h"
#include "pod.h"
#include "process.h"
#include "strv.h"
#include "subcommand.h"

#define RUNTIME_CONFIG_MAX (1024 * 1024)
#define TIMEOUT_DEFAULT_NS (INT64_C(60) * 1000000000)

static char *pod_directory, *leader;
char *cni_path;
static char **nets;
static bool host_address;
int64_t timeout_ns;

#define PLUGIN_OPTIONS                                                                                      \
        { "cni-path", OPTION_STRING, &cni_path, "directories of plugins, separated by colons" }, {          \
                "timeout", OPTION_DURATION, &timeout_ns, "how long a plugin may take",                      \
                                .shown_default = "1m0s"                                                     \
        }

#define POD_OPTION                                                                                          \
        { "pod", OPTION_STRING, &pod_directory, "the pod's directory, if it is not to be looked for" }

const Option plugin_options[] = { PLUGIN_OPTIONS, {} };
static const Option pod_options[] = { PLUGIN_OPTIONS, POD_OPTION, {} };
static const Option add_options[] = {
        PLUGIN_OPTIONS,
        { "host-address", OPTION_BOOL, &host_address,
                        "print the address by which the pod reaches this host, too" },
        { "leader", OPTION_STRING, &leader,
                        "number of a process in the pod's network namespace, -: a line of stdin; without it "
                        "one is made" },
        { "net", OPTION_STRV, &nets, "networks; without it those that the pod was started with" },
        POD_OPTION,
        {},
};

int settle_timeout(void) {
        const char *text = getenv("RKT_CNI_TIMEOUT");
        if (timeout_ns == 0 && !isempty(text) && duration_parse(text, &timeout_ns) < 0) {
                log_error("RKT_CNI_TIMEOUT=%s: expected a duration, such as 30s", text);
                return -EINVAL;
        }
        if (timeout_ns == 0)
                timeout_ns = TIMEOUT_DEFAULT_NS;
        if (timeout_ns < 0) {
                log_error("the time that a plugin may take is negative");
                return -EINVAL;
        }
        return 0;
}

typedef struct Target {
        Pod *found; /* NULL: the directory was named */
        char uuid[UUID_STRING_SIZE];
        PodNetwork network;
} Target;

static void target_done(Target *t) {
        pod_network_close(&t->network);
        if (t->network.pod >= 0 && !t->found)
                close(t->network.pod);
        if (t->found)
                pod_free(t->found);
        strv_free(t->network.path);
}

static int find_pod(char *const *arguments, Target *t) {
        *t = (Target){ .network = { .pod = -1, .net = -1 } };
        if (settle_timeout() < 0)
                return -EINVAL;
        t->network.timeout_ns = timeout_ns;
        t->network.path = plugin_path();
        t->network.path_given = cni_path || getenv("RKT_CNI_PATH");
        t->network.inside = plugin_inside;
        t->network.uuid = t->uuid;
        if (!pod_directory) {
                int r = pod_find_argument(globals.dir, arguments, NULL, &t->found);
                if (r < 0)
                        return r;
                memcpy(t->uuid, t->found->uuid, sizeof(t->uuid));
                t->network.pod = t->found->fd;
                return 0;
        }
        if (strv_length(arguments) != 1 || uuid_normalize(arguments[0], t->uuid) < 0) {
                log_error("expected the UUID of a pod as the only argument");
                return -EINVAL;
        }
        t->network.pod = open(pod_directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return t->network.pod < 0 ? log_error_errno(errno, "cannot open %s", pod_directory) : 0;
}

/* 1: read; 0: there will be none. */
static int read_leader(pid_t *ret) {
        char line[32];
        uint64_t number = 0;
        const char *text = leader;
        *ret = 0;
        if (!leader)
                return 1;
        if (streq(leader, "-")) {
                if (!fgets(line, sizeof(line), stdin))
                        return 0;
                line[strcspn(line, "\n")] = 0;
                text = line;
        }
        if (parse_uint(text, INT32_MAX, &number) < 0 || number == 0) {
                log_error("--leader: \"%s\" is not a process number", text);
                return -EINVAL;
        }
        *ret = (pid_t) number;
        return 1;
}

/* What the stage1 was started with. */
typedef struct Started {
        char **nets;
        char *hostname;
        bool resolv_conf; /* that of a network is wanted */
} Started;

static void started_done(Started *s) {
        strv_free(s->nets);
        free(s->hostname);
}

static int read_runtime_config(int pod, Started *ret) {
        _cleanup_json_context_ JsonContext c = {};
        _cleanup_free_ char *text = NULL;
        const char *mode = "default", *hostname = NULL;
        size_t size;
        int r = read_file_at(pod, "runtime-config", RUNTIME_CONFIG_MAX, &text, &size);
        if (r == -ENOENT)
                return 0;
        if (r < 0)
                return log_error_errno(r, "cannot read the pod's runtime-config");
        if ((r = json_context_parse(&c, "runtime-config", text, size)) < 0 ||
                        (r = json_get_strv(&c, c.root, "NetList", JSON_OPTIONAL, &ret->nets)) < 0 ||
                        (r = json_get_string(&c, c.root, "Hostname", JSON_OPTIONAL, &hostname)) < 0 ||
                        (r = json_get_string(&c, c.root, "ResolvConfMode", JSON_OPTIONAL, &mode)) < 0)
                log_error("%s", c.error);
        ret->resolv_conf = streq(mode, "default");
        ret->hostname = isempty(hostname) ? NULL : xstrdup(hostname);
        return r;
}

/* What waits at one of them would hear nothing any more. */
static int refuse_busy(const char *uuid, const PublishedPort *ports, size_t n) {
        for (size_t i = 0; i < n; i++) {
                const PublishedPort *p = &ports[i];
                _cleanup_free_ NatPort *list = xnew(NatPort, p->count);
                _cleanup_free_ char *who = NULL;
                for (uint32_t k = 0; k < p->count; k++) {
                        list[k] = (NatPort){ .protocol = nat_protocol_parse(p->protocol),
                                .host_port = (uint16_t) (p->host_port + k) };
                        if (p->host_ip)
                                ip_parse(p->host_ip, &list[k].host);
                }
                int r = listener_find(list, p->count, &who);
                if (r < 0)
                        return log_error_errno(
                                        r, "pod %s: cannot find out who uses ports of the host", uuid);
                if (!who)
                        continue;
                log_error("pod %s: published port \"%s\": the host's %s", uuid, p->name, who);
                return -EADDRINUSE;
        }
        return 0;
}

static int read_manifest(PodNetwork *p, json_object **ret_ports) {
        _cleanup_pod_manifest_ PodManifest *manifest = NULL;
        _cleanup_free_ PublishedPort *ports = NULL;
        _cleanup_free_ char *error = NULL;
        size_t n = 0;
        int r = pod_manifest_load_at(p->pod, "pod", &manifest, &error);
        if (r < 0) {
                log_error("the pod's manifest: %s", error);
                return r;
        }
        if ((r = pod_ports_read(manifest, p->pod, &ports, &n)) < 0 ||
                        (r = refuse_busy(p->uuid, ports, n)) < 0)
                return r;
        *ret_ports = pod_ports_mappings(ports, n);
        p->bandwidth = pod_bandwidth(manifest);
        return 0;
}

static int print_interfaces(const PodNetwork *p) {
        _cleanup_free_ unsigned *numbers = NULL;
        size_t n;
        int r = net_info_interfaces(p, &numbers, &n);
        for (size_t i = 0; r >= 0 && i < n; i++)
                printf("interface %u\n", numbers[i]);
        IpAddress host = {};
        char text[IP_TEXT_MAX];
        if (r >= 0 && host_address)
                r = net_info_host_address(p, &host);
        if (host.family != 0)
                printf("host %s\n", ip_format(&host, text));
        return r < 0 ? r : process_flush();
}

static int join_networks(PodNetwork *p, const CniNetworks *configured, pid_t pid) {
        _cleanup_network_list_ NetworkList list = {};
        _cleanup_(started_done) Started started = {};
        _cleanup_free_ char *error = NULL;
        _cleanup_json_ json_object *ports = NULL;
        int r = read_runtime_config(p->pod, &started);
        if (r < 0)
                return r;
        if (network_list_parse(nets ?: started.nets, &list, &error) < 0) {
                log_error("--net: %s", error);
                return -EINVAL;
        }
        if (list.host || list.none)
                return 0;
        if ((r = pod_network_open(p, true)) < 0)
                return r;
        p->hostname = started.hostname;
        if (!pod_network_is_complete(p) &&
                        ((r = read_manifest(p, &ports)) < 0 ||
                                        (r = pod_network_add(p, configured, &list, pid, ports)) < 0))
                return r;
        if (started.resolv_conf && (r = net_info_write_resolv_conf(p)) < 0)
                return r;
        return print_interfaces(p);
}

static int run_add(char *const *arguments) {
        _cleanup_(target_done) Target t;
        _cleanup_cni_networks_ CniNetworks configured = {};
        pid_t pid;
        int r = find_pod(arguments, &t);
        if (r < 0 || (r = cni_networks_read(globals.system_config, globals.local_config, &configured)) < 0 ||
                        (r = read_leader(&pid)) <= 0)
                return r;
        return join_networks(&t.network, &configured, pid);
}

/* Nothing recorded is nothing to do, but for a handle that something has cut off from its records. */
static int run_del(char *const *arguments) {
        _cleanup_(target_done) Target t;
        int r = find_pod(arguments, &t);
        if (r < 0)
                return r;
        r = pod_network_open(&t.network, false);
        if (r == -ENOENT) {
                r = pod_netns_remove(t.uuid);
                return r < 0 ? log_error_errno(r, "cannot remove " NETNS_DIRECTORY "/rkt-%s", t.uuid) : 0;
        }
        return r < 0 ? r : pod_network_del(&t.network);
}

static int run_check(char *const *arguments) {
        _cleanup_(target_done) Target t;
        int r = find_pod(arguments, &t);
        if (r < 0)
                return r;
        r = pod_network_open(&t.network, false);
        if (r == -ENOENT)
                log_error("pod %s is in no network", t.uuid);
        return r < 0 ? r : pod_network_check(&t.network);
}

/* The first argument alone is the pod's. */
static int run_readdress(char *const *arguments) {
        _cleanup_(target_done) Target t = { .network = { .pod = -1, .net = -1 } };
        IpPrefix address;
        if (strv_length(arguments) != 3 || ip_prefix_parse(arguments[2], &address) < 0) {
                log_error("expected the UUID of a pod, an interface of it and ADDRESS/LENGTH");
                return -EINVAL;
        }
        char *const pod[] = { arguments[0], NULL };
        int r = find_pod(pod, &t);
        if (r < 0)
                return r;
        r = pod_network_open(&t.network, false);
        if (r == -ENOENT)
                log_error("pod %s is in no network", t.uuid);
        return r < 0 ? r : pod_network_readdress(&t.network, arguments[1], &address);
}

static const Command add_command = {
        .name = "netplug add",
        .usage = "[--leader=PID] [--net=LIST] UUID",
        .summary = "Put a pod into its networks",
        .description = "Makes the handle " NETNS_DIRECTORY
                       "/rkt-UUID of the pod's network namespace, has the "
                       "plugins of each network\nadd the pod, and writes net-info.json. A failure undoes "
                       "all of "
                       "it. Prints \"interface N\" for each\ninterface of the host that leads to the pod.",
        .options = add_options,
        .global_options = global_options,
        .needs_root = true,
};

static const Command del_command = {
        .name = "netplug del",
        .usage = "UUID",
        .summary = "Take a pod out of its networks",
        .description = "Also after a restart of the host, or of half of what add does. What cannot be "
                       "undone "
                       "now is kept for the\nnext time.",
        .options = pod_options,
        .global_options = global_options,
        .needs_root = true,
};

static const Command check_command = {
        .name = "netplug check",
        .usage = "UUID",
        .summary = "Have plugins check that a pod's networks are as they left them",
        .options = pod_options,
        .global_options = global_options,
        .needs_root = true,
};

static const Command readdress_command = {
        .name = "netplug readdress",
        .usage = "UUID INTERFACE ADDRESS/LENGTH",
        .summary = "Note that a plugin has given an interface of a pod another address",
        .options = pod_options,
        .global_options = global_options,
        .needs_root = true,
};

static int run(const Command *c, int (*what)(char *const *arguments), int argc, char **argv) {
        _cleanup_strv_ char **arguments = NULL;
        int r = globals_command(c, argc, argv, &arguments);
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        return what(arguments) < 0 ? EXIT_RKT_FAILURE : 0;
}

static int add(int argc, char **argv) {
        return run(&add_command, run_add, argc, argv);
}

static int del(int argc, char **argv) {
        return run(&del_command, run_del, argc, argv);
}

static int check(int argc, char **argv) {
        return run(&check_command, run_check, argc, argv);
}

static int readdress(int argc, char **argv) {
        return run(&readdress_command, run_readdress, argc, argv);
}

static const Subcommand subcommands[] = {
        { "add", add, "Put a pod into its networks" },
        { "check", check, "Have plugins check a pod's networks" },
        { "del", del, "Take a pod out of its networks" },
        { "gc", netplug_gc, "Remove what pods that are gone have left in networks" },
        { "list", netplug_list, "List the configured networks" },
        { "readdress", readdress, "Note another address of a pod" },
        { "status", netplug_status, "Ask plugins whether networks can be used" },
        {},
};

int main(int argc, char **argv) {
        return subcommand_main(
                        "netplug", "Put pods into networks with CNI plugins", subcommands, argc, argv);
}
