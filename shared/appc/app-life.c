/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app-life.h"

#include <errno.h>
#include <signal.h>

#include "alloc.h"
#include "log-limit.h"
#include "option.h"
#include "signal-name.h"
#include "strv.h"
#include "types.h"

#define DEFAULT_STOP_TIMEOUT_MS 10000
#define RESTARTS_MAX            INT32_MAX
#define RESTART_DELAY_MIN_NS    (100 * NSEC_PER_MSEC)
#define RESTART_DELAY_MAX_NS    (60 * NSEC_PER_SEC)

static const char *const policy_names[] = {
        [RESTART_NO] = "no",
        [RESTART_ON_FAILURE] = "on-failure",
        [RESTART_ALWAYS] = "always",
};

const char *restart_policy_name(RestartPolicy p) {
        return policy_names[p];
}

int restart_policy_from_name(const char *name) {
        for (int i = 0; i < _RESTART_POLICY_MAX; i++)
                if (streq(policy_names[i], name))
                        return i;
        return -EINVAL;
}

static int parse_after(const char *value, AppLife *l, char **ret_error) {
        _cleanup_strv_ char **names = strv_split(value, ',');
        STRV_FOREACH (name, names) {
                if (!ac_name_is_valid(*name)) {
                        *ret_error = xasprintf("\"%s\" is not a list of apps: expected NAME[,NAME…]", value);
                        return -EINVAL;
                }
                if (!strv_contains(l->after, *name))
                        strv_add(&l->after, *name);
        }
        return 0;
}

static int parse_restart(const char *value, AppLife *l, char **ret_error) {
        const char *times = startswith(value, "on-failure:");
        int policy = restart_policy_from_name(times ? "on-failure" : value);
        if (policy < 0 || (times && parse_uint(times, RESTARTS_MAX, &l->restart_max) < 0)) {
                *ret_error = xasprintf("\"%s\" is not a policy: expected no, on-failure, on-failure:TIMES "
                                       "or always",
                                value);
                return -EINVAL;
        }
        /* as for podman and Docker, 0 times is no limit */
        l->restart = policy;
        return 0;
}

static int parse_signal(const char *value, int *ret, char **ret_error) {
        *ret = signal_from_name(value);
        if (*ret >= 0)
                return 0;
        *ret_error = xasprintf("\"%s\" is not a signal", value);
        return -EINVAL;
}

static int parse_stop_signal(const char *value, AppLife *l, char **ret_error) {
        return parse_signal(value, &l->stop_signal, ret_error);
}

static int parse_reload_signal(const char *value, AppLife *l, char **ret_error) {
        return parse_signal(value, &l->reload_signal, ret_error);
}

static int parse_sockets(const char *value, AppLife *l, char **ret_error) {
        l->sockets = strv_split(value, ',');
        STRV_FOREACH (name, l->sockets)
                if (!**name) {
                        *ret_error = xasprintf("\"%s\": expected NAME[,NAME…]", value);
                        return -EINVAL;
                }
        return 0;
}

static int parse_stop_timeout(const char *value, AppLife *l, char **ret_error) {
        return app_time_parse(value, &l->stop_timeout_ms, ret_error);
}

static int parse_notify(const char *value, AppLife *l, char **ret_error) {
        l->ready_if_healthy = streq(value, "healthy");
        if (l->ready_if_healthy || parse_bool(value, &l->notify) >= 0)
                return 0;
        *ret_error = xasprintf("\"%s\": expected true, false or healthy", value);
        return -EINVAL;
}

static int parse_log_rate(const char *value, AppLife *l, char **ret_error) {
        return log_rate_parse(value, &l->log_lines, &l->log_ms, ret_error);
}

int app_life_parse(const NameValueList *annotations, AppLife *ret, char **ret_error) {
        static const struct {
                const char *name;
                int (*parse)(const char *value, AppLife *l, char **ret_error);
        } table[] = {
                { APP_AFTER_ANNOTATION, parse_after },
                { APP_RESTART_ANNOTATION, parse_restart },
                { APP_STOP_SIGNAL_ANNOTATION, parse_stop_signal },
                { APP_STOP_TIMEOUT_ANNOTATION, parse_stop_timeout },
                { APP_NOTIFY_ANNOTATION, parse_notify },
                { APP_LOG_RATE_ANNOTATION, parse_log_rate },
                { APP_RELOAD_SIGNAL_ANNOTATION, parse_reload_signal },
                { APP_SOCKETS_ANNOTATION, parse_sockets },
        };
        _cleanup_app_life_ AppLife l = {
                .after = strv_copy(NULL),
                .stop_signal = SIGTERM,
                .stop_timeout_ms = DEFAULT_STOP_TIMEOUT_MS,
        };
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                const char *value = name_values_get(annotations, table[i].name);
                _cleanup_free_ char *problem = NULL;
                if (!value || table[i].parse(value, &l, &problem) >= 0)
                        continue;
                *ret_error = xasprintf("annotation %s: %s", table[i].name, problem);
                return -EINVAL;
        }
        if (app_health_parse(annotations, &l.health, ret_error) < 0)
                return -EINVAL;
        *ret = l;
        l = (AppLife){};
        return 0;
}

int app_life_check(const NameValueList *annotations, const AppLife *l, char **ret_error) {
        if (l->health.command)
                return 0;
        bool dangling = l->ready_if_healthy ||
                        name_values_get(annotations, APP_HEALTH_ON_FAILURE_ANNOTATION);
        for (size_t i = 0; app_health_image_annotations[i] && !dangling; i++)
                dangling = name_values_get(annotations, app_health_image_annotations[i]);
        if (!dangling || (!l->ready_if_healthy && name_values_get(annotations, APP_HEALTH_CMD_ANNOTATION)))
                return 0;
        *ret_error = xstrdup("nothing says how its health is to be checked: give it --health-cmd");
        return -EINVAL;
}

void app_life_done(AppLife *l) {
        strv_free(l->after);
        strv_free(l->sockets);
        app_health_done(&l->health);
        *l = (AppLife){};
}

bool app_life_restarts(const AppLife *l, int status, uint64_t restarts) {
        if (l->restart == RESTART_ON_FAILURE)
                return status != 0 && (l->restart_max == 0 || restarts < l->restart_max);
        return l->restart == RESTART_ALWAYS;
}

uint64_t app_life_restart_delay_ns(uint64_t quick) {
        return MIN(RESTART_DELAY_MIN_NS << MIN(quick, UINT64_C(16)), RESTART_DELAY_MAX_NS);
}
