/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run-options.h"

#include <errno.h>

#include "alloc.h"
#include "log.h"
#include "metadata-url.h"
#include "network.h"
#include "option.h"
#include "run-arguments.h"
#include "strv.h"

static struct {
        bool debug, dry_run, interactive, mutable, all_capabilities, all_paths, no_seccomp;
        char **nets;
        char *private_users, *metadata_token, *local_config, *hostname, *dns_mode, *ipc;
} given;

static const Option options[] = {
        { "debug", OPTION_BOOL, &given.debug, "print more" },
        { "dry-run", OPTION_BOOL, &given.dry_run, "print the plan of the pod as JSON and do nothing" },
        { "net", OPTION_STRV, &given.nets, "host, none, or networks to join", .flags = OPTION_VALUE_OPTIONAL,
                        .if_bare = "default" },
        { "interactive", OPTION_BOOL, &given.interactive,
                        "connect the only app to standard input and output" },
        { "private-users", OPTION_STRING, &given.private_users, "SHIFT:COUNT of a user namespace" },
        { "mds-token", OPTION_STRING, &given.metadata_token, "token of the metadata service" },
        { "local-config", OPTION_STRING, &given.local_config, "local configuration directory" },
        { "hostname", OPTION_STRING, &given.hostname, "hostname of the pod" },
        { "dns-conf-mode", OPTION_STRING, &given.dns_mode,
                        "resolv=host|stage0|none|default,hosts=host|stage0|default" },
        { "disable-capabilities-restriction", OPTION_BOOL, &given.all_capabilities,
                        "leave apps all capabilities" },
        { "disable-paths", OPTION_BOOL, &given.all_paths, "hide and protect no paths" },
        { "disable-seccomp", OPTION_BOOL, &given.no_seccomp, "filter no system calls" },
        { "mutable", OPTION_BOOL, &given.mutable, "apps come and go" },
        { "ipc", OPTION_STRING, &given.ipc, "auto, private or parent" },
        {},
};

static const Command command = {
        .name = "stage1",
        .usage = "[--options] UUID",
        .summary = "start a prepared pod (stage1 entry point, called by rkt run)",
        .options = options,
};

/* Which networks there are, rkt-netplug knows. */
static PlanNet chosen_net(void) {
        if (strv_length(given.nets) == 1 && streq(given.nets[0], "host"))
                return PLAN_NET_HOST;
        if (strv_length(given.nets) == 1 && streq(given.nets[0], "none"))
                return PLAN_NET_NONE;
        return PLAN_NET_CONTAINED;
}

static int parse_ipc(bool *ret_private) {
        const char *ipc = given.ipc ?: "auto";
        *ret_private = !streq(ipc, "parent");
        if (*ipc && !streq(ipc, "auto") && !streq(ipc, "private") && !streq(ipc, "parent")) {
                log_error("--ipc=%s: expected auto, private or parent", ipc);
                return -EINVAL;
        }
        return 0;
}

static int parse_private_users(IdRange *ret) {
        if (isempty(given.private_users) || id_range_parse(given.private_users, ret) >= 0)
                return 0;
        log_error("--private-users=%s: expected SHIFT:COUNT", given.private_users);
        return -EINVAL;
}

/* What stage0 says beside the command line; not for the programs that we start. */
static const char *take_variable(const char *name) {
        const char *value = getenv(name);
        unsetenv(name);
        return isempty(value) ? NULL : value;
}

int run_options_parse(int argc, char **argv, RunOptions *ret) {
        static char uuid[UUID_STRING_SIZE];
        _cleanup_strv_ char **arguments = NULL;
        PlanRequest q = { .uuid = uuid, .term = getenv("TERM") };
        int r = command_parse(&command, argc, argv, &arguments);
        run_arguments_hide_token(argc, argv);
        if (r != 0)
                return r;
        if ((r = run_arguments_uuid(arguments, uuid)) < 0 || (r = parse_private_users(&q.users)) < 0 ||
                        (r = parse_ipc(&q.private_ipc)) < 0 ||
                        (r = run_arguments_dns_mode(given.dns_mode, &q)) < 0)
                return r;
        q.net = chosen_net();
        q.hostname = isempty(given.hostname) ? xasprintf("rkt-%s", uuid) : given.hostname;
        /* in networks, where the service is to be found is known once the pod has joined them */
        if (!isempty(given.metadata_token) && q.net == PLAN_NET_HOST)
                q.metadata_url = metadata_url("127.0.0.1", given.metadata_token);
        q.selinux_context = take_variable("RKT_SELINUX_CONTEXT");
        q.selinux_mount_context = take_variable("RKT_SELINUX_MOUNT_CONTEXT");
        q.interactive = given.interactive;
        q.mutable = given.mutable;
        q.all_capabilities = given.all_capabilities;
        q.all_paths = given.all_paths;
        q.no_seccomp = given.no_seccomp;
        q.seccomp_cache = "../../../seccomp"; /* of the data directory that the pod is in */
        *ret = (RunOptions){ .debug = given.debug, .dry_run = given.dry_run, .plan = q };
        ret->metadata_token = isempty(given.metadata_token) ? NULL : given.metadata_token;
        _cleanup_free_ char *nets = given.nets ? strv_join(given.nets, ",") : NULL;
        ret->nets = nets ? strv_split(nets, ',') : NULL;
        ret->network_options = network_options(given.debug, given.local_config);
        return 0;
}
