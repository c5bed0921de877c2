/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The flags that stand behind an image and speak of its app. */

#include <errno.h>

#include "alloc.h"
#include "app-io.h"
#include "app-life.h"
#include "log-limit.h"
#include "log.h"
#include "request.h"
#include "strv.h"
#include "types.h"

/* Flags whose value is kept as it is: given once for each image. */
static int set_once(const char *flag, size_t offset, const char *value) {
        AppRequest *a = pod_request_current_app(flag);
        if (!a)
                return -EINVAL;
        if (!*value)
                return pod_request_fail(flag, value, xstrdup("must not be empty"));
        char **field = (char **) ((char *) a + offset);
        if (*field)
                return pod_request_fail(
                                flag, value, xasprintf("given more than once for image \"%s\"", a->image));
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
                return pod_request_fail("name", value, xstrdup("expected " AC_NAME_FORM));
        return set_once("name", offsetof(AppRequest, name), value);
}

static int set_working_directory(const char *value, void *userdata) {
        if (!path_is_absolute(value))
                return pod_request_fail("working-dir", value, xstrdup("expected an absolute path"));
        return set_once("working-dir", offsetof(AppRequest, working_directory), value);
}

static int set_read_only_rootfs(const char *value, void *userdata) {
        AppRequest *a = pod_request_current_app("readonly-rootfs");
        bool b;
        if (!a)
                return -EINVAL;
        if (parse_bool(value, &b) < 0)
                return pod_request_fail("readonly-rootfs", value, xstrdup("expected true or false"));
        a->read_only_rootfs = b;
        return 0;
}

static int set_replace_arguments(const char *value, void *userdata) {
        AppRequest *a = pod_request_current_app("replace-args");
        if (!a)
                return -EINVAL;
        if (parse_bool(value, &a->replace_arguments) < 0)
                return pod_request_fail("replace-args", value, xstrdup("expected true or false"));
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
                        return pod_request_fail("supplementary-gids", value,
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
                return pod_request_fail(flag, value, xstrdup("expected NAME=VALUE"));
        if (valid && !valid(name))
                return pod_request_fail(flag, value, xasprintf("\"%s\": expected %s", name, form));
        NameValueList *l = (NameValueList *) ((char *) a + offset);
        if (name_values_get(l, name))
                return pod_request_fail(flag, value,
                                xasprintf("\"%s\" given twice for image \"%s\"", name, a->image));
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

static int check_life(const NameValueList *annotations, char **ret_error) {
        _cleanup_app_life_ AppLife life = {};
        return app_life_parse(annotations, &life, ret_error);
}

static int check_io(const NameValueList *annotations, char **ret_error) {
        _cleanup_app_io_ AppIo io = {};
        return app_io_parse(annotations, &io, ret_error);
}

/* A flag for one of rkt's own annotations, which may be given in its place. */
static int set_annotation(const char *flag, const char *annotation,
                int (*check)(const NameValueList *, char **), const char *value) {
        AppRequest *a = pod_request_current_app(flag);
        if (!a)
                return -EINVAL;
        if (name_values_get(&a->annotations, annotation))
                return pod_request_fail(flag, value,
                                xasprintf("given twice for image \"%s\", or with the annotation %s",
                                                a->image, annotation));
        name_values_add(&a->annotations, annotation, value);
        char *error = NULL;
        return check(&a->annotations, &error) < 0 ? pod_request_fail(flag, value, error) : 0;
}

#define SET_ANNOTATION(function, flag, annotation, check)                                                   \
        static int function(const char *value, void *userdata) {                                            \
                return set_annotation(flag, annotation, check, value);                                      \
        }
#define SET_LIFE(function, flag, annotation) SET_ANNOTATION(function, flag, annotation, check_life)
#define SET_IO(function, flag, annotation)   SET_ANNOTATION(function, flag, annotation, check_io)
SET_LIFE(set_after, "after", APP_AFTER_ANNOTATION)
SET_LIFE(set_health_command, "health-cmd", APP_HEALTH_CMD_ANNOTATION)
SET_LIFE(set_health_interval, "health-interval", APP_HEALTH_INTERVAL_ANNOTATION)
SET_LIFE(set_health_on_failure, "health-on-failure", APP_HEALTH_ON_FAILURE_ANNOTATION)
SET_LIFE(set_health_retries, "health-retries", APP_HEALTH_RETRIES_ANNOTATION)
SET_LIFE(set_health_start_interval, "health-start-interval", APP_HEALTH_START_INTERVAL_ANNOTATION)
SET_LIFE(set_health_start_period, "health-start-period", APP_HEALTH_START_PERIOD_ANNOTATION)
SET_LIFE(set_health_timeout, "health-timeout", APP_HEALTH_TIMEOUT_ANNOTATION)
SET_LIFE(set_log_rate, "log-rate", APP_LOG_RATE_ANNOTATION)
SET_LIFE(set_notify, "notify", APP_NOTIFY_ANNOTATION)
SET_LIFE(set_reload_signal, "reload-signal", APP_RELOAD_SIGNAL_ANNOTATION)
SET_LIFE(set_restart, "restart", APP_RESTART_ANNOTATION)
SET_LIFE(set_sockets, "sockets", APP_SOCKETS_ANNOTATION)
SET_LIFE(set_stop_signal, "stop-signal", APP_STOP_SIGNAL_ANNOTATION)
SET_LIFE(set_stop_timeout, "stop-timeout", APP_STOP_TIMEOUT_ANNOTATION)
SET_IO(set_log_file_count, "log-file-count", APP_LOG_FILE_COUNT_ANNOTATION)
SET_IO(set_log_file_size, "log-file-size", APP_LOG_FILE_SIZE_ANNOTATION)
SET_IO(set_log_path, "log-path", APP_LOG_PATH_ANNOTATION)
SET_IO(set_stderr, "stderr", APP_STDERR_ANNOTATION)
SET_IO(set_stdin, "stdin", APP_STDIN_ANNOTATION)
SET_IO(set_stdout, "stdout", APP_STDOUT_ANNOTATION)

static int set_no_healthcheck(const char *value, void *userdata) {
        bool b;
        if (parse_bool(value, &b) < 0)
                return pod_request_fail("no-healthcheck", value, xstrdup("expected true or false"));
        return b ? set_annotation("no-healthcheck", APP_HEALTH_CMD_ANNOTATION, check_life, "none") : 0;
}

#define APP_OPTION(flag, function, value, text)                                                             \
        { flag, OPTION_CALL, NULL, text, .call = function, .shown_default = value }

const Option app_request_options[] = {
        APP_OPTION("after", set_after, "APP[,APP…]",
                        "start the app after these of the pod, and stop it before them"),
        APP_OPTION("annotation", add_annotation, "NAME=VALUE", "set an annotation of the app"),
        APP_OPTION("environment", add_environment, "NAME=VALUE",
                        "set an app's environment variables; overrides every other source"),
        APP_OPTION("exec", set_exec, "PATH", "override the exec command for the preceding image"),
        APP_OPTION("group", set_group, "GROUP", "group override for the preceding image"),
        APP_OPTION("health-cmd", set_health_command, "COMMAND",
                        "what tells by its exit status whether the app works: for a shell, or a JSON array"),
        APP_OPTION("health-interval", set_health_interval, "DURATION",
                        "how long after a check the next one is"),
        APP_OPTION("health-on-failure", set_health_on_failure, "ACTION",
                        "what happens to the app when it is unhealthy: none, kill, restart or stop"),
        APP_OPTION("health-retries", set_health_retries, "TIMES",
                        "how many checks in a row have to fail for the app to be unhealthy"),
        APP_OPTION("health-start-interval", set_health_start_interval, "DURATION",
                        "how long after a check the next one is while the app starts"),
        APP_OPTION("health-start-period", set_health_start_period, "DURATION",
                        "how long the app takes to start: checks that fail do not count"),
        APP_OPTION("health-timeout", set_health_timeout, "DURATION",
                        "how long a check may take; then it is killed, and has failed"),
        APP_OPTION("log-file-count", set_log_file_count, "N",
                        "how many log files of the app are kept when they have a size"),
        APP_OPTION("log-file-size", set_log_file_size, "SIZE",
                        "begin a new log file when the app's has become so large"),
        APP_OPTION("log-path", set_log_path, "PATH",
                        "write what the app prints to this file below --log-dir, not to the journal"),
        APP_OPTION("log-rate", set_log_rate, "LINES/DURATION",
                        "how many lines of the app are kept in the pod's journal in such a time"),
        APP_OPTION("name", set_name, "NAME", "set the name of the app"),
        { "no-healthcheck", OPTION_CALL, NULL, "do not check the app's health, whatever its image says",
                        .call = set_no_healthcheck, .flags = OPTION_VALUE_OPTIONAL, .if_bare = "true" },
        { "notify", OPTION_CALL, NULL,
                        "the app tells when it is ready, as sd_notify(3) says: true, false, or healthy, if "
                        "its "
                        "health tells",
                        .call = set_notify, .flags = OPTION_VALUE_OPTIONAL, .if_bare = "true",
                        .shown_default = "true" },
        APP_OPTION("readonly-rootfs", set_read_only_rootfs, "BOOL",
                        "if set, the app's rootfs will be mounted read-only"),
        APP_OPTION("reload-signal", set_reload_signal, "SIGNAL",
                        "what tells the app to read its configuration anew"),
        { "replace-args", OPTION_CALL, NULL,
                        "what stands behind \"--\" takes the place of the image's arguments",
                        .call = set_replace_arguments, .flags = OPTION_VALUE_OPTIONAL, .if_bare = "true" },
        APP_OPTION("restart", set_restart, "POLICY",
                        "start the app again when it has ended: no, on-failure[:TIMES] or always"),
        APP_OPTION("signature", set_signature, "FILE",
                        "local signature file to use in validating the preceding image"),
        APP_OPTION("sockets", set_sockets, "NAME[,NAME…]",
                        "sockets of the unit that the app gets, as sd_listen_fds(3) says"),
        APP_OPTION("stderr", set_stderr, "log|null|stream|tty",
                        "where standard error leads; stream and tty are for rkt attach"),
        APP_OPTION("stdin", set_stdin, "null|stream|tty",
                        "where standard input comes from; stream and tty are for rkt attach"),
        APP_OPTION("stdout", set_stdout, "log|null|stream|tty",
                        "where standard output leads; stream and tty are for rkt attach"),
        APP_OPTION("stop-signal", set_stop_signal, "SIGNAL", "what asks the app to stop"),
        APP_OPTION("stop-timeout", set_stop_timeout, "DURATION",
                        "how long the app has to stop before it is killed"),
        APP_OPTION("supplementary-gids", set_supplementary_gids, "GID,…",
                        "supplementary group IDs for the preceding image"),
        APP_OPTION("user", set_user, "USER", "user override for the preceding image"),
        APP_OPTION("user-annotation", add_user_annotation, "NAME=VALUE", "set an app's user annotations"),
        APP_OPTION("user-label", add_user_label, "NAME=VALUE", "set an app's user labels"),
        APP_OPTION("working-dir", set_working_directory, "PATH",
                        "override the working directory of the preceding image"),
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
