/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fly-plan.h"

#include <errno.h>

#include "alloc.h"
#include "app-life.h"
#include "log.h"
#include "metadata-url.h"
#include "option.h"
#include "run-arguments.h"
#include "strv.h"

static struct {
        bool debug, dry_run, interactive, mutable, ignored;
        char **nets;
        char *private_users, *metadata_token, *ignored_text, *hostname, *dns_mode;
} given;

static const Option options[] = {
        { "debug", OPTION_BOOL, &given.debug, "print more" },
        { "dry-run", OPTION_BOOL, &given.dry_run, "print the plan of the pod as JSON and do nothing" },
        { "net", OPTION_STRV, &given.nets, "ignored: the network is the host's",
                        .flags = OPTION_VALUE_OPTIONAL, .if_bare = "default" },
        { "interactive", OPTION_BOOL, &given.interactive, "changes nothing: the app has rkt's input" },
        { "private-users", OPTION_STRING, &given.private_users, "refused" },
        { "mds-token", OPTION_STRING, &given.metadata_token, "token of the metadata service" },
        { "local-config", OPTION_STRING, &given.ignored_text, "ignored" },
        { "hostname", OPTION_STRING, &given.hostname, "ignored: it is the host's" },
        { "dns-conf-mode", OPTION_STRING, &given.dns_mode,
                        "resolv=host|stage0|none|default,hosts=host|stage0|default" },
        { "disable-capabilities-restriction", OPTION_BOOL, &given.ignored, "always so" },
        { "disable-paths", OPTION_BOOL, &given.ignored, "always so" },
        { "disable-seccomp", OPTION_BOOL, &given.ignored, "always so" },
        { "mutable", OPTION_BOOL, &given.mutable, "refused" },
        {},
};

static const Command command = {
        .name = "stage1",
        .usage = "[--options] UUID",
        .summary = "start a prepared pod without isolation (stage1 entry point, called by rkt run)",
        .options = options,
};

static int refuse_unsupported(void) {
        if (!isempty(given.private_users)) {
                log_error("--private-users: the fly stage1 has no user namespaces");
                return -EOPNOTSUPP;
        }
        if (given.mutable) {
                log_error("--mutable: the fly stage1 runs exactly one app");
                return -EOPNOTSUPP;
        }
        return 0;
}

/* "default" is what rkt says when nobody has asked for anything. */
static void warn_of_ignored(const char *uuid) {
        _cleanup_free_ char *hostname = xasprintf("rkt-%s", uuid);
        STRV_FOREACH (net, given.nets)
                if (!streq(*net, "host") && !streq(*net, "default"))
                        log_warning("--net=%s is ignored: with the fly stage1, the network is the host's",
                                        *net);
        if (!isempty(given.hostname) && !streq(given.hostname, hostname))
                log_warning("--hostname=%s is ignored: with the fly stage1, it is the host's",
                                given.hostname);
}

int fly_options_parse(int argc, char **argv, RunOptions *ret) {
        static char uuid[UUID_STRING_SIZE];
        _cleanup_strv_ char **arguments = NULL;
        PlanRequest q = { .uuid = uuid, .term = getenv("TERM") };
        int r = command_parse(&command, argc, argv, &arguments);
        run_arguments_hide_token(argc, argv);
        if (r != 0)
                return r;
        if ((r = run_arguments_uuid(arguments, uuid)) < 0 || (r = refuse_unsupported()) < 0 ||
                        (r = run_arguments_dns_mode(given.dns_mode, &q)) < 0)
                return r;
        warn_of_ignored(uuid);
        q.hostname = isempty(given.hostname) ? xasprintf("rkt-%s", uuid) : given.hostname;
        q.net = PLAN_NET_HOST;
        q.interactive = given.interactive;
        q.all_capabilities = q.all_paths = q.no_seccomp = true;
        if (!isempty(given.metadata_token))
                q.metadata_url = metadata_url("127.0.0.1", given.metadata_token);
        *ret = (RunOptions){ .debug = given.debug, .dry_run = given.dry_run, .plan = q };
        strv_add(&ret->nets, "host");
        return 0;
}

static void drop_isolators(IsolatorList *l, const char *whose) {
        _cleanup_strv_ char **names = NULL;
        for (size_t i = 0; i < l->n; i++)
                strv_add(&names, l->items[i].name);
        if (!names)
                return;
        _cleanup_free_ char *joined = strv_join(names, ", ");
        log_warning("%s: the fly stage1 isolates nothing and ignores the isolators %s", whose, joined);
        isolators_clear(l);
}

static void drop_annotations(RuntimeApp *ra) {
        static const char *const names[] = { APP_RESTART_ANNOTATION, APP_NOTIFY_ANNOTATION,
                APP_HEALTH_CMD_ANNOTATION, APP_STDIN_ANNOTATION, APP_STDOUT_ANNOTATION,
                APP_STDERR_ANNOTATION, APP_LOG_PATH_ANNOTATION };
        for (size_t i = 1; app_health_image_annotations[i]; i++) /* the first is among the names */
                name_values_remove(&ra->annotations, app_health_image_annotations[i]);
        name_values_remove(&ra->annotations, APP_HEALTH_ON_FAILURE_ANNOTATION);
        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (name_values_remove(&ra->annotations, names[i]))
                        log_warning("app %s: the fly stage1 ignores the annotation %s", ra->name, names[i]);
}

/* What is mounted on the host below a volume comes along only if that is asked for, as in rkt. */
static void default_to_flat(Volume *v) {
        if (v->recursive < 0)
                v->recursive = 0;
}

static void adapt(PodManifest *m) {
        RuntimeApp *ra = &m->apps[0];
        _cleanup_free_ char *whose = xasprintf("app %s", ra->name);
        drop_isolators(&m->isolators, "the pod");
        drop_annotations(ra);
        if (ra->app)
                drop_isolators(&ra->app->isolators, whose);
        for (size_t i = 0; i < m->n_volumes; i++)
                default_to_flat(&m->volumes[i]);
        for (size_t i = 0; i < ra->n_mounts; i++)
                if (ra->mounts[i].app_volume)
                        default_to_flat(ra->mounts[i].app_volume);
        for (size_t i = 0; i < m->n_ports; i++)
                log_warning("port \"%s\" is not forwarded: with the fly stage1, the network is the host's",
                                m->ports[i].name);
}

int fly_plan_compile(const RunOptions *o, int pod, Plan **ret) {
        _cleanup_pod_manifest_ PodManifest *manifest = NULL;
        _cleanup_free_ char *error = NULL;
        int r = pod_manifest_load_at(pod, "pod", &manifest, &error);
        if (r < 0) {
                log_error("the pod's manifest: %s", error);
                return r;
        }
        if (manifest->n_apps != 1) {
                log_error("the fly stage1 runs exactly one app, and this pod has %zu", manifest->n_apps);
                return -EINVAL;
        }
        adapt(manifest);
        return plan_compile(&o->plan, manifest, pod, ret);
}
