/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The flags that become isolators. Limits before the first image are the pod's, those behind an image its
 * app's. */

#include <errno.h>
#include <inttypes.h>

#include "alloc.h"
#include "capability-check.h"
#include "log.h"
#include "request.h"
#include "strv.h"

#define MEMORY_MIN 4096

/* Where a limit goes: to the app of the image before it, or to the pod if there is none. */
static IsolatorList *current_isolators(void) {
        return pod_request.n_apps == 0 ? &pod_request.isolators
                                       : &pod_request.apps[pod_request.n_apps - 1].isolators;
}

/* Of an app only: NULL after logging when no image came before. */
static IsolatorList *app_isolators(const char *flag) {
        AppRequest *a = pod_request_current_app(flag);
        return a ? &a->isolators : NULL;
}

static int set_quantity(
                const char *flag, IsolatorType type, const char *request, const char *value, int64_t min) {
        char *error = NULL;
        Quantity q;
        if (quantity_parse(value, &q) >= 0 && quantity_value(q) < min)
                return pod_request_fail(flag, value, xasprintf("less than %" PRIi64 " cannot work", min));
        if (isolators_set_resource(current_isolators(), type, request, value, &error) < 0)
                return pod_request_fail(flag, value, error);
        return 0;
}

static int set_memory(const char *value, void *userdata) {
        Quantity q;
        if (quantity_parse(value, &q) >= 0 && quantity_value(q) < MEMORY_MIN)
                return pod_request_fail(
                                "memory", value, xstrdup("a memory limit below 4096 bytes cannot work"));
        return set_quantity("memory", ISOLATOR_MEMORY, value, value, MEMORY_MIN);
}
static int set_cpu(const char *value, void *userdata) {
        return set_quantity("cpu", ISOLATOR_CPU, value, value, 0);
}
static int set_memory_high(const char *value, void *userdata) {
        return set_quantity("memory-high", ISOLATOR_MEMORY_HIGH, NULL, value, MEMORY_MIN);
}
static int set_memory_swap_max(const char *value, void *userdata) {
        return set_quantity("memory-swap-max", ISOLATOR_MEMORY_SWAP, NULL, value, 0);
}
static int set_block_bandwidth(const char *value, void *userdata) {
        return set_quantity("block-bandwidth", ISOLATOR_BLOCK_BANDWIDTH, NULL, value, 1);
}
static int set_block_iops(const char *value, void *userdata) {
        return set_quantity("block-iops", ISOLATOR_BLOCK_IOPS, NULL, value, 1);
}

static int set_network_bandwidth(const char *value, void *userdata) {
        return set_quantity("network-bandwidth", ISOLATOR_NETWORK_BANDWIDTH, NULL, value, 1);
}

static int set_number(const char *flag, IsolatorList *l, IsolatorType type, const char *value) {
        char *error = NULL;
        int64_t n;
        if (!l)
                return -EINVAL;
        if (parse_int(value, INT64_MIN, INT64_MAX, &n) < 0)
                return pod_request_fail(flag, value, xstrdup("expected a number"));
        if (isolators_set_number(l, type, n, &error) < 0)
                return pod_request_fail(flag, value, error);
        return 0;
}

static int set_cpu_shares(const char *value, void *userdata) {
        return set_number("cpu-shares", current_isolators(), ISOLATOR_CPU_SHARES, value);
}
static int set_pids_limit(const char *value, void *userdata) {
        return set_number("pids-limit", current_isolators(), ISOLATOR_PIDS, value);
}
static int set_io_weight(const char *value, void *userdata) {
        return set_number("io-weight", current_isolators(), ISOLATOR_IO_WEIGHT, value);
}
static int set_oom_score_adj(const char *value, void *userdata) {
        return set_number("oom-score-adj", app_isolators("oom-score-adj"), ISOLATOR_OOM_SCORE_ADJ, value);
}

/* One member of an isolator whose value is an object of strings; the others stay. */
static int set_member(const char *flag, IsolatorList *l, IsolatorType type, const char *name,
                const char *text, const char *value) {
        char *error = NULL;
        _cleanup_name_values_ NameValueList values = {};
        const Isolator *present = isolators_find(l, type);
        if (present)
                name_values_copy(&values, &present->values);
        name_values_set(&values, name, text);
        return isolators_set_map(l, type, &values, &error) < 0 ? pod_request_fail(flag, value, error) : 0;
}

static int set_cpuset_cpus(const char *value, void *userdata) {
        return set_member("cpuset-cpus", current_isolators(), ISOLATOR_CPUSET, "cpus", value, value);
}
static int set_cpuset_mems(const char *value, void *userdata) {
        return set_member("cpuset-mems", current_isolators(), ISOLATOR_CPUSET, "mems", value, value);
}

static int set_pair(const char *flag, IsolatorList *l, IsolatorType type, const char *value) {
        _cleanup_free_ char *name = NULL, *text = NULL;
        if (!l)
                return -EINVAL;
        if (name_value_split(value, &name, &text) < 0)
                return pod_request_fail(flag, value, xstrdup("expected NAME=VALUE"));
        return set_member(flag, l, type, name, text, value);
}

static int add_ulimit(const char *value, void *userdata) {
        return set_pair("ulimit", app_isolators("ulimit"), ISOLATOR_RLIMITS, value);
}
static int add_sysctl(const char *value, void *userdata) {
        return set_pair("sysctl", &pod_request.isolators, ISOLATOR_SYSCTL, value);
}

static int set_names(const char *flag, IsolatorType type, const char *value) {
        IsolatorList *l = app_isolators(flag);
        char *error = NULL;
        if (!l)
                return -EINVAL;
        _cleanup_strv_ char **set = strv_split(value, ',');
        if (isolators_set_names(l, type, set, NULL, &error) < 0)
                return pod_request_fail(flag, value, error);
        const Isolator *isolator;
        const char *unknown = capability_check(l, &isolator);
        return unknown ? pod_request_fail(flag, value,
                                         xasprintf("\"%s\" is not a capability: expected one such as "
                                                   "CAP_NET_ADMIN",
                                                         unknown))
                       : 0;
}

static int set_capabilities(const char *flag, IsolatorType type, IsolatorType opposite, const char *value) {
        const AppRequest *a = pod_request_current_app(flag);
        if (!a)
                return -EINVAL;
        if (isolators_find(&a->isolators, opposite))
                return pod_request_fail(flag, value,
                                xasprintf("--caps-retain and --caps-remove exclude each other (image "
                                          "\"%s\")",
                                                a->image));
        return set_names(flag, type, value);
}

static int set_caps_retain(const char *value, void *userdata) {
        return set_capabilities(
                        "caps-retain", ISOLATOR_CAPABILITIES_RETAIN, ISOLATOR_CAPABILITIES_REMOVE, value);
}
static int set_caps_remove(const char *value, void *userdata) {
        return set_capabilities(
                        "caps-remove", ISOLATOR_CAPABILITIES_REMOVE, ISOLATOR_CAPABILITIES_RETAIN, value);
}
static int set_caps_ambient(const char *value, void *userdata) {
        return set_names("caps-ambient", ISOLATOR_CAPABILITIES_AMBIENT, value);
}

static int set_seccomp(const char *value, void *userdata) {
        IsolatorList *l = app_isolators("seccomp");
        char *error = NULL;
        if (!l)
                return -EINVAL;
        return isolators_set_seccomp(l, value, &error) < 0 ? pod_request_fail("seccomp", value, error) : 0;
}

static int set_no_new_privileges(const char *value, void *userdata) {
        IsolatorList *l = app_isolators("no-new-privileges");
        char *error = NULL;
        bool flag;
        if (!l)
                return -EINVAL;
        if (parse_bool(value, &flag) < 0)
                return pod_request_fail("no-new-privileges", value, xstrdup("expected true or false"));
        return isolators_set_flag(l, ISOLATOR_NO_NEW_PRIVILEGES, flag, &error) < 0
                               ? pod_request_fail("no-new-privileges", value, error)
                               : 0;
}

static int set_object(const char *flag, IsolatorType type, json_object *o, const char *value) {
        _cleanup_json_ json_object *owned = o;
        IsolatorList *l = app_isolators(flag);
        char *error = NULL;
        if (!l)
                return -EINVAL;
        return isolators_set(l, isolator_type_name(type), owned, &error) < 0
                               ? pod_request_fail(flag, value, error)
                               : 0;
}

static int set_selinux_context(const char *value, void *userdata) {
        static const char *const keys[] = { "user", "role", "type", "level" };
        _cleanup_free_ char *text = xstrdup(value);
        json_object *o = json_object_new_object();
        char *rest = text;
        for (size_t i = 0; i < ELEMENTSOF(keys) && rest; i++) {
                char *word = rest,
                     *colon = i < 3 ? strchr(rest, ':') : NULL; /* the level has colons of its own */
                if (colon)
                        *colon = 0;
                rest = colon ? colon + 1 : NULL;
                json_object_object_add(o, keys[i], json_object_new_string(word));
        }
        return set_object("selinux-context", ISOLATOR_SELINUX_CONTEXT, o, value);
}

static int set_apparmor_profile(const char *value, void *userdata) {
        json_object *o = json_object_new_object();
        json_object_object_add(o, "profile", json_object_new_string(value));
        return set_object("apparmor-profile", ISOLATOR_APPARMOR_PROFILE, o, value);
}

#define ISOLATOR_OPTION(flag, function, value, text)                                                        \
        { flag, OPTION_CALL, NULL, text, .call = function, .shown_default = value }
#define FOR_POD "; before the first image: of the pod"

const Option isolator_request_options[] = {
        ISOLATOR_OPTION("apparmor-profile", set_apparmor_profile, "NAME",
                        "AppArmor profile for the preceding image, where the host runs AppArmor"),
        ISOLATOR_OPTION("block-bandwidth", set_block_bandwidth, "10M",
                        "bytes per second read and written at most" FOR_POD),
        ISOLATOR_OPTION("block-iops", set_block_iops, "1000", "reads and writes per second at most" FOR_POD),
        ISOLATOR_OPTION("caps-ambient", set_caps_ambient, "CAP_X,…",
                        "capabilities that the app has in effect without being root"),
        ISOLATOR_OPTION("caps-remove", set_caps_remove, "CAP_X,…",
                        "capability to remove from the process's capabilities bounding set; all others from "
                        "the default set will be included"),
        ISOLATOR_OPTION("caps-retain", set_caps_retain, "CAP_X,…",
                        "capability to retain in the process's capabilities bounding set; all others will "
                        "be removed"),
        ISOLATOR_OPTION("cpu", set_cpu, "500m", "cpu limit for the preceding image" FOR_POD),
        ISOLATOR_OPTION("cpu-shares", set_cpu_shares, "1024",
                        "cpu share weight for the preceding image, 2 to 262144" FOR_POD),
        ISOLATOR_OPTION("cpuset-cpus", set_cpuset_cpus, "0-3,8", "processors that may be used" FOR_POD),
        ISOLATOR_OPTION("cpuset-mems", set_cpuset_mems, "0", "memory nodes that may be used" FOR_POD),
        ISOLATOR_OPTION("io-weight", set_io_weight, "100", "share of input and output, 1 to 10000" FOR_POD),
        ISOLATOR_OPTION("memory", set_memory, "128M", "memory limit for the preceding image" FOR_POD),
        ISOLATOR_OPTION("memory-high", set_memory_high, "96M",
                        "memory above which it is slowed down" FOR_POD),
        ISOLATOR_OPTION("memory-swap-max", set_memory_swap_max, "0", "swap that may be used" FOR_POD),
        ISOLATOR_OPTION("network-bandwidth", set_network_bandwidth, "1M",
                        "bytes per second received, and sent, at most" FOR_POD),
        { "no-new-privileges", OPTION_CALL, NULL,
                        "no program gives the app privileges that it does not have",
                        .call = set_no_new_privileges, .flags = OPTION_VALUE_OPTIONAL, .if_bare = "true" },
        ISOLATOR_OPTION("oom-score-adj", set_oom_score_adj, "0",
                        "oom-score-adj for the preceding image, -1000 to 1000"),
        ISOLATOR_OPTION("pids-limit", set_pids_limit, "512", "processes and threads at most" FOR_POD),
        ISOLATOR_OPTION("seccomp", set_seccomp, "mode=remove|retain[,errno=EX],SYSCALL,…",
                        "seccomp filter override"),
        ISOLATOR_OPTION("selinux-context", set_selinux_context, "USER:ROLE:TYPE:LEVEL",
                        "SELinux context for the preceding image, where the host runs SELinux"),
        ISOLATOR_OPTION("sysctl", add_sysctl, "NAME=VALUE", "kernel parameter of the pod's namespaces"),
        ISOLATOR_OPTION("ulimit", add_ulimit, "NAME=SOFT[:HARD]",
                        "resource limit of the app, such as nofile"),
        { "cap-remove", OPTION_CALL, NULL, "", .call = set_caps_remove, .flags = OPTION_HIDDEN },
        { "cap-retain", OPTION_CALL, NULL, "", .call = set_caps_retain, .flags = OPTION_HIDDEN },
        {},
};
