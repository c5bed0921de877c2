/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a pod file says of the pod and of its apps. */

#include <ctype.h>
#include <errno.h>

#include "alloc.h"
#include "auto-update.h"
#include "capabilities.h"
#include "log.h"
#include "option.h"
#include "request.h"
#include "strv.h"
#include "translation.h"
#include "types.h"

/* Where the pod's UUID is while its unit is active. */
#define RUNTIME_DIRECTORY "rkt/units/%N"
#define UUID_FILE         "%t/" RUNTIME_DIRECTORY "/uuid"

static void nothing(Translation *t, const Values *v) {
}

/* NAME:ADDRESS, the latter perhaps with colons of its own. */
static void add_hosts(Translation *t, const Values *v) {
        for (size_t i = 0; i < v->n; i++) {
                const char *value = v->items[i]->value, *colon = strchr(value, ':');
                if (!colon || colon == value || !colon[1])
                        podfile_problem(t->file, v->items[i], "AddHost=%s: expected NAME:ADDRESS", value);
                else
                        add_word(t, xasprintf("--hosts-entry=%s=%.*s", colon + 1, (int) (colon - value),
                                                    value));
        }
}

static void add_networks(Translation *t, const Values *v) {
        _cleanup_strv_ char **names = strv_copy(NULL);
        for (size_t i = 0; i < v->n; i++) {
                const char *value = v->items[i]->value;
                size_t n = strcspn(value, ":");
                _cleanup_free_ char *file_name = xstrndup(value, n), *name = NULL;
                if (endswith(file_name, ".net")) {
                        const Podfile *p = require_file(t, v->items[i], file_name);
                        if (!p)
                                continue;
                        name = podfile_network_name(p);
                }
                strv_push(&names, xasprintf("%s%s", name ?: file_name, value + n));
        }
        _cleanup_free_ char *joined = strv_join(names, ",");
        add_word(t, xasprintf("--net=%s", joined));
}

/* [[ADDRESS:]HOST-PORT:]PORT[/PROTOCOL], an IPv6 address in brackets: the port by number, or by the name
 * that the image has for it. */
static void add_port(Translation *t, const UnitSetting *s) {
        const char *value = s->value, *last = strrchr(value, ':');
        if (!last || last == value || !last[1]) {
                podfile_problem(t->file, s, "PublishPort=%s: expected [ADDRESS:]HOST-PORT:PORT[/PROTOCOL]",
                                value);
                return;
        }
        uint64_t number;
        size_t n = strcspn(last + 1, "/");
        const char *protocol = last[1 + n] ? last + 1 + n + 1 : "tcp";
        _cleanup_free_ char *port = xstrndup(last + 1, n);
        bool numeric = parse_uint(port, 65535, &number) >= 0;
        if (!numeric && last[1 + n])
                podfile_problem(t->file, s, "PublishPort=%s: a port that has a name has its protocol, too",
                                value);
        _cleanup_free_ char *name = numeric ? xasprintf("%s-%s", port, protocol) : xstrdup(port);
        _cleanup_free_ char *option = xasprintf("%s:%.*s", name, (int) (last - value), value);
        check_flag(t, s, "port", option);
        add_word(t, xasprintf("--port=%s", option));
}

static void add_ports(Translation *t, const Values *v) {
        for (size_t i = 0; i < v->n; i++)
                add_port(t, v->items[i]);
}

static void add_volume(
                Translation *t, const UnitSetting *s, char *kind, const char *target, bool read_only) {
        _cleanup_free_ char *owned = kind;
        unsigned n = ++t->n_volumes;
        _cleanup_free_ char *volume = xasprintf("v%u,%s%s", n, kind,
                        read_only && startswith(kind, "kind=host") ? ",readOnly=true" : "");
        _cleanup_free_ char *mount =
                        xasprintf("volume=v%u,target=%s%s", n, target, read_only ? ",readOnly=true" : "");
        check_flag(t, s, "volume", volume);
        check_flag(t, s, "mount", mount);
        add_word(t, xasprintf("--volume=%s", volume));
        add_word(t, xasprintf("--mount=%s", mount));
}

/* kind=… of what stands before the target, allocated; NULL after noting a problem. */
static char *volume_kind(Translation *t, const UnitSetting *s, const char *source) {
        if (*source == '/' || *source == '%') {
                add_line(&t->unit, xasprintf("RequiresMountsFor=%s", source));
                return xasprintf("kind=host,source=%s", source);
        }
        if (*source == '.') {
                const char *slash = strrchr(t->file->path, '/');
                char *path = xasprintf(
                                "%.*s/%s", slash ? (int) (slash - t->file->path) : 0, t->file->path, source);
                add_line(&t->unit, xasprintf("RequiresMountsFor=%s", path));
                char *kind = xasprintf("kind=host,source=%s", path);
                free(path);
                return kind;
        }
        if (!endswith(source, ".volume"))
                return xasprintf("kind=named,name=%s", source);
        const Podfile *p = require_file(t, s, source);
        if (!p)
                return NULL;
        const UnitSetting *name = unit_file_find(&p->settings, "Volume", "VolumeName");
        return xasprintf("kind=named,name=%s", name ? name->value : p->name);
}

static void add_volume_value(Translation *t, const UnitSetting *s) {
        _cleanup_strv_ char **parts = strv_split(s->value, ':');
        size_t n = strv_length(parts);
        bool read_only = n == 3 && streq(parts[2], "ro");
        if (n > 3 || (n == 3 && !read_only && !streq(parts[2], "rw")) || strchr(s->value, ','))
                podfile_problem(t->file, s, "Volume=%s: expected [SOURCE:]PATH[:ro], without commas",
                                s->value);
        else {
                char *kind = n == 1 ? xstrdup("kind=empty") : volume_kind(t, s, parts[0]);
                if (kind)
                        add_volume(t, s, kind, parts[n == 1 ? 0 : 1], read_only);
        }
}

static void add_volumes(Translation *t, const Values *v) {
        for (size_t i = 0; i < v->n; i++)
                add_volume_value(t, v->items[i]);
}

/* PATH[:size=N][,mode=N] */
static void add_tmpfs(Translation *t, const Values *v) {
        for (size_t i = 0; i < v->n; i++) {
                const char *value = v->items[i]->value;
                size_t n = strcspn(value, ":");
                _cleanup_free_ char *target = xstrndup(value, n);
                add_volume(t, v->items[i],
                                xasprintf("kind=tmpfs%s%s", value[n] ? "," : "",
                                                value[n] ? value + n + 1 : ""),
                                target, false);
        }
}

static void set_auto_update(Translation *t, const Values *v, const char **ret) {
        const UnitSetting *s = VALUES_LAST(v);
        static const char *const policies[] = { AUTO_UPDATE_REGISTRY, AUTO_UPDATE_LOCAL, "no" };
        for (size_t i = 0; i < ELEMENTSOF(policies); i++)
                if (streq(s->value, policies[i])) {
                        *ret = policies[i];
                        return;
                }
        podfile_problem(t->file, s, "AutoUpdate=%s: expected registry, local or no", s->value);
}

static void set_pod_update(Translation *t, const Values *v) {
        set_auto_update(t, v, &t->auto_update);
}

/* A line for the app's shell, whose variables are not the unit's. */
static void add_health_command(Translation *t, const Values *v) {
        const UnitSetting *s = VALUES_LAST(v);
        check_flag(t, s, "health-cmd", s->value);
        char *escaped = unit_word_escape_variables(s->value);
        add_word(t, xasprintf("--health-cmd=%s", escaped));
        free(escaped);
}

static void add_notify(Translation *t, const Values *v) {
        const UnitSetting *s = VALUES_LAST(v);
        bool healthy = streq(s->value, "healthy");
        int b = healthy ? 1 : setting_bool(t->file, s);
        const char *value = healthy ? "healthy" : b > 0 ? "true" : "false";
        if (b < 0)
                return;
        check_flag(t, s, "notify", value);
        add_word(t, xasprintf("--notify=%s", value));
}

#define LIMIT_KEYS                                                                                          \
        { "Memory", KEY_VALUE, "memory" }, { "MemoryHigh", KEY_VALUE, "memory-high" },                      \
                        { "MemorySwapMax", KEY_VALUE, "memory-swap-max" }, { "CPU", KEY_VALUE, "cpu" },     \
                        { "CPUShares", KEY_VALUE, "cpu-shares" },                                           \
                        { "CPUSetCPUs", KEY_VALUE, "cpuset-cpus" },                                         \
                        { "CPUSetMems", KEY_VALUE, "cpuset-mems" },                                         \
                        { "PidsLimit", KEY_VALUE, "pids-limit" }, { "IOWeight", KEY_VALUE, "io-weight" },   \
                        { "BlockBandwidth", KEY_VALUE, "block-bandwidth" }, {                               \
                "BlockIOPS", KEY_VALUE, "block-iops"                                                        \
        }

static const Key pod_keys[] = {
        { .name = "Network", .call = add_networks },
        { .name = "PublishPort", .call = add_ports },
        { "HostName", KEY_VALUE, "hostname" },
        { "DNS", KEY_LIST, "dns" },
        { "DNSSearch", KEY_LIST, "dns-search" },
        { "DNSOption", KEY_LIST, "dns-opt" },
        { "DNSDomain", KEY_VALUE, "dns-domain" },
        { .name = "AddHost", .call = add_hosts },
        { "IPC", KEY_VALUE, "ipc" },
        { "Init", KEY_VALUE, "init" },
        { "LogDir", KEY_VALUE, "log-dir" },
        { "LogSize", KEY_VALUE, "log-size" },
        { "PrivateUsers", KEY_BOOL, "private-users" },
        { "Stage1", KEY_VALUE, "stage1-from-dir" },
        { "PodManifest", KEY_VALUE, "pod-manifest" },
        { "Environment", KEY_PAIRS, "set-env" },
        { "EnvironmentFile", KEY_EACH, "set-env-file" },
        { "Sysctl", KEY_PAIRS, "sysctl" },
        LIMIT_KEYS,
        { .name = "Volume", .call = add_volumes },
        { .name = "Tmpfs", .call = add_tmpfs },
        { .name = "AutoUpdate", .call = set_pod_update },
        { .name = "DefaultDependencies", .call = nothing },
        {},
};

static const Key app_keys[] = {
        { "Entrypoint", KEY_VALUE, "exec" },
        { "WorkingDir", KEY_VALUE, "working-dir" },
        { "User", KEY_VALUE, "user" },
        { "Group", KEY_VALUE, "group" },
        { "GroupAdd", KEY_LIST, "supplementary-gids" },
        { "Environment", KEY_PAIRS, "environment" },
        { "Label", KEY_PAIRS, "user-label" },
        { "Annotation", KEY_PAIRS, "annotation" },
        { "ReadOnly", KEY_BOOL, "readonly-rootfs" },
        { "NoNewPrivileges", KEY_BOOL, "no-new-privileges" },
        { "Seccomp", KEY_VALUE, "seccomp" },
        { "AmbientCapability", KEY_LIST, "caps-ambient" },
        { "AppArmor", KEY_VALUE, "apparmor-profile" },
        { "SELinuxContext", KEY_VALUE, "selinux-context" },
        { "Ulimit", KEY_PAIRS, "ulimit" },
        { "OOMScoreAdjust", KEY_VALUE, "oom-score-adj" },
        LIMIT_KEYS,
        { "After", KEY_LIST, "after" },
        { "LogFileCount", KEY_VALUE, "log-file-count" },
        { "LogFileSize", KEY_VALUE, "log-file-size" },
        { "LogPath", KEY_VALUE, "log-path" },
        { "LogRate", KEY_VALUE, "log-rate" },
        { .name = "Notify", .call = add_notify },
        { .name = "HealthCmd", .call = add_health_command },
        { "HealthInterval", KEY_VALUE, "health-interval" },
        { "HealthTimeout", KEY_VALUE, "health-timeout" },
        { "HealthRetries", KEY_VALUE, "health-retries" },
        { "HealthStartPeriod", KEY_VALUE, "health-start-period" },
        { "HealthStartInterval", KEY_VALUE, "health-start-interval" },
        { "HealthOnFailure", KEY_VALUE, "health-on-failure" },
        { "Restart", KEY_VALUE, "restart" },
        { "StopSignal", KEY_VALUE, "stop-signal" },
        { "StopTimeout", KEY_VALUE, "stop-timeout" },
        { "ReloadSignal", KEY_VALUE, "reload-signal" },
        { "Sockets", KEY_LIST, "sockets" },
        { "Signature", KEY_VALUE, "signature" },
        { .name = "Volume", .call = add_volumes },
        { .name = "Tmpfs", .call = add_tmpfs },
        { .name = "Image", .call = nothing },
        { .name = "Exec", .call = nothing },
        { .name = "AddCapability", .call = nothing },
        { .name = "DropCapability", .call = nothing },
        { .name = "AutoUpdate", .call = nothing },
        { .name = "RktArgs", .call = nothing },
        {},
};

static char *capability_name(const char *word) {
        char *name = xasprintf("%s%s", strncasecmp(word, "cap_", 4) == 0 ? "" : "CAP_", word);
        for (char *c = name; *c; c++)
                *c = (char) toupper((unsigned char) *c);
        return name;
}

/* The names of all settings of a key; "all" is told apart. */
static char **capability_names(Translation *t, const char *section, const char *key, bool *ret_all) {
        _cleanup_values_ Values v;
        char **names = strv_copy(NULL);
        values_find(&t->file->settings, section, key, &v);
        for (size_t i = 0; i < v.n; i++) {
                _cleanup_strv_ char **words = setting_words(t, v.items[i]);
                STRV_FOREACH (word, words) {
                        char *name = capability_name(*word);
                        uint64_t set;
                        const char *unknown;
                        if (streq(name, "CAP_ALL")) {
                                *ret_all = true;
                                free(name);
                                continue;
                        }
                        if (capabilities_from_names((char *[]){ name, NULL }, &set, &unknown) < 0)
                                podfile_problem(t->file, v.items[i], "%s=: unknown capability \"%s\"", key,
                                                *word);
                        strv_push(&names, name);
                }
        }
        return names;
}

/* The default set, with some more and some less. */
static void add_capabilities(Translation *t, const char *section) {
        bool add_all = false, drop_all = false;
        _cleanup_strv_ char **added = capability_names(t, section, "AddCapability", &add_all);
        _cleanup_strv_ char **dropped = capability_names(t, section, "DropCapability", &drop_all);
        if (!*added && !*dropped && !add_all && !drop_all)
                return;
        uint64_t set = add_all    ? capabilities_all()
                       : drop_all ? 0
                                  : capabilities_default,
                 more = 0, less = 0;
        const char *unknown;
        capabilities_from_names(added, &more, &unknown);
        capabilities_from_names(dropped, &less, &unknown);
        set = (set | more) & ~less;
        /* an empty set cannot be said otherwise */
        _cleanup_strv_ char **names = capabilities_to_names(set ?: capabilities_default);
        _cleanup_free_ char *joined = strv_join(names, ",");
        add_word(t, xasprintf("--caps-%s=%s", set ? "retain" : "remove", joined));
}

/* In place of the arguments that the image gives. */
static void add_arguments(Translation *t, const char *section) {
        const UnitSetting *exec = unit_file_find(&t->file->settings, section, "Exec");
        if (!exec)
                return;
        _cleanup_strv_ char **words = setting_words(t, exec);
        add_word(t, xstrdup("--replace-args"));
        add_word(t, xstrdup("--"));
        STRV_FOREACH (word, words) {
                if (streq(*word, "---"))
                        podfile_problem(t->file, exec,
                                        "Exec=: \"---\" ends the arguments, it cannot be one");
                add_word(t, xstrdup(*word));
        }
        add_word(t, xstrdup("---"));
}

/* By name, or what an image file names. */
static char *app_image(Translation *t, const UnitSetting *s) {
        if (*s->value == '-' || strpbrk(s->value, " \t")) {
                podfile_problem(t->file, s, "Image=%s: this is not an image", s->value);
                return xstrdup(s->value);
        }
        if (!endswith(s->value, ".image"))
                return xstrdup(s->value);
        const Podfile *p = require_file(t, s, s->value);
        const UnitSetting *image = p ? unit_file_find(&p->settings, "Image", "Image") : NULL;
        return xstrdup(image ? image->value : s->value);
}

static void translate_app(Translation *t, const char *section) {
        const UnitSetting *image = unit_file_find(&t->file->settings, section, "Image");
        const char *name = startswith(section, "App ");
        if (!image) {
                podfile_problem(t->file, NULL, "no Image= in [%s]", section);
                return;
        }
        char *reference = app_image(t, image);
        pod_request_argument(ARGUMENT_PLAIN, reference, NULL);
        add_word(t, reference);
        if (name) {
                if (!ac_name_is_valid(name))
                        podfile_problem(t->file, image, "[%s]: an app's name is " AC_NAME_FORM, section);
                add_word(t, xasprintf("--name=%s", name));
        }
        translate_section(t, section, app_keys);
        check_keys(t->file, section, app_keys, NULL);
        add_capabilities(t, section);

        const char *update = t->auto_update;
        _cleanup_values_ Values v;
        values_find(&t->file->settings, section, "AutoUpdate", &v);
        if (v.n > 0)
                set_auto_update(t, &v, &update);
        if (update && !streq(update, "no"))
                add_word(t, xasprintf("--annotation=" AUTO_UPDATE_ANNOTATION "=%s", update));
        translate_section(t, section, raw_keys);
        add_arguments(t, section);
}

static void translate_apps(Translation *t) {
        const UnitFile *u = &t->file->settings;
        size_t n = 0;
        for (size_t i = 0; i < u->n; i++) {
                const char *section = u->items[i].section;
                bool before = false;
                for (size_t j = 0; j < i; j++)
                        before |= streq(u->items[j].section, section);
                if (before || (!streq(section, "App") && !startswith(section, "App ")))
                        continue;
                n++;
                translate_app(t, section);
        }
        bool manifest = unit_file_find(u, "Pod", "PodManifest");
        if (manifest && n > 0)
                podfile_problem(t->file, NULL, "PodManifest= and [App] exclude each other");
        if (!manifest && n == 0)
                podfile_problem(t->file, NULL, "no [App], and no PodManifest= in [Pod]");
}

static bool wants_network(Translation *t) {
        const UnitSetting *dependencies = unit_file_find(&t->file->settings, "Pod", "DefaultDependencies");
        return !dependencies || setting_bool(t->file, dependencies) != 0;
}

void translate_pod(Translation *t) {
        if (wants_network(t)) {
                add_line(&t->unit, xstrdup("Wants=network-online.target"));
                add_line(&t->unit, xstrdup("After=network-online.target"));
        }
        add_default(t, "Type", "notify");
        add_default(t, "KillMode", "mixed");
        add_default(t, "Delegate", "yes");
        add_default(t, "TimeoutStartSec", "15min"); /* an image may have to come first */
        add_line(&t->service, xstrdup("RuntimeDirectory=" RUNTIME_DIRECTORY));
        begin_command(t, "Pod", "run");
        add_word(t, xstrdup("--uuid-file-save=" UUID_FILE));
        pod_request_clear();
        translate_section(t, "Pod", pull_keys);
        translate_section(t, "Pod", pod_keys);
        translate_section(t, "Pod", raw_keys);
        static const Key further[] = { { .name = "Pull" }, { .name = "RktArgs" }, {} };
        check_keys(t->file, "Pod", pod_keys, further);
        translate_apps(t);
        pod_request_clear();
        for (size_t i = 0; i < t->file->settings.n; i++)
                if (streq(t->file->settings.items[i].key, "ReloadSignal") &&
                                startswith(t->file->settings.items[i].section, "App"))
                        add_default(t, "ExecReload", "/bin/kill -USR1 $MAINPID");
        _cleanup_strv_ char **run = TAKE_PTR(t->words);
        t->words = strv_copy(NULL);
        begin_command(t, "Pod", "rm");
        add_word(t, xstrdup("--force")); /* whoever was killed by the watchdog has a pod that runs */
        add_word(t, xstrdup("--ignore"));
        add_word(t, xstrdup("--uuid-file=" UUID_FILE));
        _cleanup_free_ char *remove = strv_join(t->words, " ");
        add_line(&t->service, xasprintf("ExecStopPost=-%s", remove));
        strv_free(t->words);
        t->words = TAKE_PTR(run);
}
