/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "alloc.h"
#include "app-commands.h"
#include "cgroup.h"
#include "globals.h"
#include "launch.h"
#include "log.h"
#include "prepare.h"
#include "strv.h"
#include "types.h"

static char *uuid_file;

static int add_port(const char *value, void *userdata) {
        char *error = NULL;
        ExposedPort p = {};
        if (exposed_port_from_sandbox_option(value, &p, &error) < 0)
                return pod_request_fail("port", value, error);
        xgrow(&pod_request.ports, pod_request.n_ports);
        pod_request.ports[pod_request.n_ports++] = p;
        return 0;
}

static int add_pair(const char *flag, const char *value, NameValueList *l) {
        _cleanup_free_ char *name = NULL, *text = NULL;
        if (name_value_split(value, &name, &text) < 0)
                return pod_request_fail(flag, value, xstrdup("expected NAME=VALUE"));
        if (name_values_get(l, name))
                return pod_request_fail(flag, value, xstrdup("given before"));
        name_values_add(l, name, text);
        return 0;
}

static int add_annotation(const char *value, void *userdata) {
        _cleanup_free_ char *name = xstrndup(value, strcspn(value, "="));
        if (!ac_identifier_is_valid(name))
                return pod_request_fail("annotation", value,
                                xstrdup("expected NAME=VALUE, the name " AC_IDENTIFIER_FORM));
        return add_pair("annotation", value, &pod_request.annotations);
}

static int add_user_annotation(const char *value, void *userdata) {
        return add_pair("user-annotation", value, &pod_request.user_annotations);
}

static int add_user_label(const char *value, void *userdata) {
        return add_pair("user-label", value, &pod_request.user_labels);
}

static const Option own_options[] = {
        { "annotation", OPTION_CALL, NULL, "set an annotation of the pod", .call = add_annotation,
                        .shown_default = "NAME=VALUE" },
        { "port", OPTION_CALL, NULL, "ports of the pod to expose on the host", .call = add_port,
                        .shown_default = "NAME:PROTOCOL:PODPORT:HOSTIP:HOSTPORT" },
        { "user-annotation", OPTION_CALL, NULL, "set a user annotation of the pod",
                        .call = add_user_annotation, .shown_default = "NAME=VALUE" },
        { "user-label", OPTION_CALL, NULL, "set a user label of the pod", .call = add_user_label,
                        .shown_default = "NAME=VALUE" },
        { "uuid-file-save", OPTION_STRING, &uuid_file, "write out the pod's UUID to this file" },
        {},
};

/* What of rkt run's flags is not about apps. */
static const char *const shared[] = {
        "dns",
        "dns-domain",
        "dns-opt",
        "dns-search",
        "hostname",
        "hosts-entry",
        "ipc",
        "log-dir",
        "log-size",
        "net",
        "no-overlay",
        "private-users",
        "stage1-from-dir",
        "stage1-hash",
        "stage1-name",
        "stage1-path",
        "stage1-url",
        /* limits: of the pod, as there is no image before them */
        "block-bandwidth",
        "block-iops",
        "cpu",
        "cpu-shares",
        "cpuset-cpus",
        "cpuset-mems",
        "io-weight",
        "memory",
        "memory-high",
        "memory-swap-max",
        "network-bandwidth",
        "pids-limit",
        "sysctl",
};

static Option shared_options[ELEMENTSOF(shared) + 1];

static void choose_options(void) {
        const Option *const tables[] = { launch_request_options, pod_request_options,
                isolator_request_options };
        size_t n = 0;
        for (size_t i = 0; i < ELEMENTSOF(tables); i++)
                for (const Option *o = tables[i]; o->name; o++)
                        for (size_t j = 0; j < ELEMENTSOF(shared); j++)
                                if (streq(o->name, shared[j]))
                                        shared_options[n++] = *o;
}

static const Command command = {
        .name = "app sandbox",
        .usage = "[--options]",
        .summary = "Run a pod without apps, to which some are added",
        .description = "The pod runs, in the foreground, until it is stopped. Apps are added and removed by "
                       "rkt app.",
        .options = own_options,
        .shared_options = { shared_options },
        .global_options = global_options,
        .needs_root = true,
};

int app_sandbox(int argc, char **argv) {
        _cleanup_strv_ char **arguments = NULL;
        _cleanup_pod_ Pod *pod = NULL;
        choose_options();
        int r = globals_command(&command, argc, argv, &arguments);
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        if (strv_length(arguments) > 0) {
                log_error("a sandbox takes no images: rkt app add adds them");
                return EXIT_RKT_FAILURE;
        }
        cgroup_warm_up(false);
        pod_request.mutable = launch_request.mutable = true;
        if (launch_request_check(pod_request.n_ports > 0) < 0 ||
                        pod_prepare(&pod_request, uuid_file, &pod) < 0)
                return EXIT_RKT_FAILURE;
        pod_launch(pod);
        return EXIT_RKT_FAILURE;
}
