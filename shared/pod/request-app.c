/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The flags that stand behind an image and speak of its app. */

#include <errno.h>

#include "alloc.h"
#include "log.h"
#include "request.h"
#include "strv.h"
#include "types.h"

static int fail(const char *flag, const char *value, char *message) {
        log_error("--%s=%s: %s", flag, value, message ?: "invalid");
        free(message);
        return -EINVAL;
}

/* Flags whose value is kept as it is: given once for each image. */
static int set_once(const char *flag, size_t offset, const char *value) {
        AppRequest *a = pod_request_current_app(flag);
        if (!a)
                return -EINVAL;
        char **field = (char **) ((char *) a + offset);
        if (*field)
                return fail(flag, value, xasprintf("given more than once for image \"%s\"", a->image));
        *field = xstrdup(value);
        return 0;
}

#define SET_ONCE(function, flag, field)                                                                     \
        static int function(const char *value, void *userdata) {                                            \
                return set_once(flag, offsetof(AppRequest, field), value);                                  \
        }
SET_ONCE(set_exec, "exec", exec)
SET_ONCE(set_signature, "signature", signature)
SET_ONCE(set_user, "user", user)
SET_ONCE(set_group, "group", group)

static int set_name(const char *value, void *userdata) {
        if (!ac_name_is_valid(value))
                return fail("name", value, xstrdup("expected " AC_NAME_FORM));
        return set_once("name", offsetof(AppRequest, name), value);
}

static int set_working_directory(const char *value, void *userdata) {
        if (!path_is_absolute(value))
                return fail("working-dir", value, xstrdup("expected an absolute path"));
        return set_once("working-dir", offsetof(AppRequest, working_directory), value);
}

static int set_read_only_rootfs(const char *value, void *userdata) {
        AppRequest *a = pod_request_current_app("readonly-rootfs");
        bool b;
        if (!a)
                return -EINVAL;
        if (parse_bool(value, &b) < 0)
                return fail("readonly-rootfs", value, xstrdup("expected true or false"));
        a->read_only_rootfs = b;
        return 0;
}

static int set_supplementary_gids(const char *value, void *userdata) {
        AppRequest *a = pod_request_current_app("supplementary-gids");
        if (!a)
                return -EINVAL;
        _cleanup_strv_ char **words = strv_split(value, ',');
        a->supplementary_gids_given = true;
        a->supplementary_gids = xreallocarray(
                        a->supplementary_gids, a->n_supplementary_gids + strv_length(words), sizeof(gid_t));
        STRV_FOREACH (w, words) {
                uint64_t gid;
                if (parse_uint(*w, UINT32_MAX - 1, &gid) < 0)
                        return fail("supplementary-gids", value,
                                        xasprintf("\"%s\": expected a numeric group ID", *w));
                a->supplementary_gids[a->n_supplementary_gids++] = gid;
        }
        return 0;
}

static int add_pair(const char *flag, const char *value, size_t offset, bool (*valid)(const char *),
                const char *form) {
        AppRequest *a = pod_request_current_app(flag);
        _cleanup_free_ char *name = NULL, *text = NULL;
        if (!a)
                return -EINVAL;
        if (name_value_split(value, &name, &text) < 0)
                return fail(flag, value, xstrdup("expected NAME=VALUE"));
        if (valid && !valid(name))
                return fail(flag, value, xasprintf("\"%s\": expected %s", name, form));
        NameValueList *l = (NameValueList *) ((char *) a + offset);
        if (name_values_get(l, name))
                return fail(flag, value, xasprintf("\"%s\" given twice for image \"%s\"", name, a->image));
        name_values_add(l, name, text);
        return 0;
}

static int add_annotation(const char *value, void *userdata) {
        return add_pair("annotation", value, offsetof(AppRequest, annotations), ac_identifier_is_valid,
                        AC_IDENTIFIER_FORM);
}
static int add_user_annotation(const char *value, void *userdata) {
        return add_pair("user-annotation", value, offsetof(AppRequest, user_annotations), NULL, NULL);
}
static int add_user_label(const char *value, void *userdata) {
        return add_pair("user-label", value, offsetof(AppRequest, user_labels), NULL, NULL);
}
static int add_environment(const char *value, void *userdata) {
        return add_pair("environment", value, offsetof(AppRequest, environment), environment_name_is_valid,
                        ENVIRONMENT_NAME_FORM);
}

static int set_resource(const char *flag, IsolatorType type, const char *value) {
        AppRequest *a = pod_request_current_app(flag);
        char *error = NULL;
        if (!a)
                return -EINVAL;
        if (isolators_set_resource(&a->isolators, type, value, value, &error) < 0)
                return fail(flag, value, error);
        return 0;
}

static int set_memory(const char *value, void *userdata) {
        Quantity q;
        if (quantity_parse(value, &q) >= 0 && quantity_value(q) < 4096)
                return fail("memory", value, xstrdup("a memory limit below 4096 bytes cannot work"));
        return set_resource("memory", ISOLATOR_MEMORY, value);
}

static int set_cpu(const char *value, void *userdata) {
        return set_resource("cpu", ISOLATOR_CPU, value);
}

static int set_number(const char *flag, IsolatorType type, const char *value) {
        AppRequest *a = pod_request_current_app(flag);
        char *error = NULL;
        int64_t n;
        if (!a)
                return -EINVAL;
        if (parse_int(value, INT64_MIN, INT64_MAX, &n) < 0)
                return fail(flag, value, xstrdup("expected a number"));
        if (isolators_set_number(&a->isolators, type, n, &error) < 0)
                return fail(flag, value, error);
        return 0;
}

static int set_cpu_shares(const char *value, void *userdata) {
        return set_number("cpu-shares", ISOLATOR_CPU_SHARES, value);
}
static int set_oom_score_adj(const char *value, void *userdata) {
        return set_number("oom-score-adj", ISOLATOR_OOM_SCORE_ADJ, value);
}

static int set_capabilities(const char *flag, IsolatorType type, IsolatorType opposite, const char *value) {
        AppRequest *a = pod_request_current_app(flag);
        char *error = NULL;
        if (!a)
                return -EINVAL;
        if (isolators_find(&a->isolators, opposite))
                return fail(flag, value,
                                xasprintf("--caps-retain and --caps-remove exclude each other (image "
                                          "\"%s\")",
                                                a->image));
        _cleanup_strv_ char **set = strv_split(value, ',');
        if (isolators_set_names(&a->isolators, type, set, NULL, &error) < 0)
                return fail(flag, value, error);
        return 0;
}

static int set_caps_retain(const char *value, void *userdata) {
        return set_capabilities(
                        "caps-retain", ISOLATOR_CAPABILITIES_RETAIN, ISOLATOR_CAPABILITIES_REMOVE, value);
}
static int set_caps_remove(const char *value, void *userdata) {
        return set_capabilities(
                        "caps-remove", ISOLATOR_CAPABILITIES_REMOVE, ISOLATOR_CAPABILITIES_RETAIN, value);
}

static int set_seccomp(const char *value, void *userdata) {
        AppRequest *a = pod_request_current_app("seccomp");
        char *error = NULL;
        if (!a)
                return -EINVAL;
        if (isolators_set_seccomp(&a->isolators, value, &error) < 0)
                return fail("seccomp", value, error);
        return 0;
}

#define APP_OPTION(flag, function, value, text)                                                             \
        { flag, OPTION_CALL, NULL, text, .call = function, .shown_default = value }

const Option app_request_options[] = {
        APP_OPTION("annotation", add_annotation, "NAME=VALUE", "set an annotation of the app"),
        APP_OPTION("caps-remove", set_caps_remove, "CAP_X,…",
                        "capability to remove from the process's capabilities bounding set; all others from "
                        "the default set will be included"),
        APP_OPTION("caps-retain", set_caps_retain, "CAP_X,…",
                        "capability to retain in the process's capabilities bounding set; all others will "
                        "be removed"),
        APP_OPTION("cpu", set_cpu, "500m", "cpu limit for the preceding image"),
        APP_OPTION("cpu-shares", set_cpu_shares, "1024",
                        "cpu share weight for the preceding image, 2 to 262144"),
        APP_OPTION("environment", add_environment, "NAME=VALUE",
                        "set an app's environment variables; overrides every other source"),
        APP_OPTION("exec", set_exec, "PATH", "override the exec command for the preceding image"),
        APP_OPTION("group", set_group, "GROUP", "group override for the preceding image"),
        APP_OPTION("memory", set_memory, "128M", "memory limit for the preceding image"),
        APP_OPTION("name", set_name, "NAME", "set the name of the app"),
        APP_OPTION("oom-score-adj", set_oom_score_adj, "0",
                        "oom-score-adj for the preceding image, -1000 to 1000"),
        APP_OPTION("readonly-rootfs", set_read_only_rootfs, "BOOL",
                        "if set, the app's rootfs will be mounted read-only"),
        APP_OPTION("seccomp", set_seccomp, "mode=remove|retain[,errno=EX],SYSCALL,…",
                        "seccomp filter override"),
        APP_OPTION("signature", set_signature, "FILE",
                        "local signature file to use in validating the preceding image"),
        APP_OPTION("supplementary-gids", set_supplementary_gids, "GID,…",
                        "supplementary group IDs for the preceding image"),
        APP_OPTION("user", set_user, "USER", "user override for the preceding image"),
        APP_OPTION("user-annotation", add_user_annotation, "NAME=VALUE", "set an app's user annotations"),
        APP_OPTION("user-label", add_user_label, "NAME=VALUE", "set an app's user labels"),
        APP_OPTION("working-dir", set_working_directory, "PATH",
                        "override the working directory of the preceding image"),
        { "cap-remove", OPTION_CALL, NULL, "", .call = set_caps_remove, .flags = OPTION_HIDDEN },
        { "cap-retain", OPTION_CALL, NULL, "", .call = set_caps_retain, .flags = OPTION_HIDDEN },
        {},
};

void app_request_done(AppRequest *a) {
        char *const strings[] = { a->image, a->signature, a->name, a->exec, a->working_directory, a->user,
                a->group };
        for (size_t i = 0; i < ELEMENTSOF(strings); i++)
                free(strings[i]);
        strv_free(a->arguments);
        free(a->supplementary_gids);
        for (size_t i = 0; i < a->n_mounts; i++)
                mount_done(&a->mounts[i]);
        free(a->mounts);
        name_values_clear(&a->annotations);
        name_values_clear(&a->user_annotations);
        name_values_clear(&a->user_labels);
        name_values_clear(&a->environment);
        isolators_clear(&a->isolators);
}
