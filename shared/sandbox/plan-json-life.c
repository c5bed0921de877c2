/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan-json-life.h"

#include <errno.h>
#include <signal.h>

#include "json-list.h"
#include "strv.h"

static void health_to_json(json_object *o, const AppHealth *h) {
        json_object *health = json_object_new_object();
        json_object_object_add(health, "command", strv_to_json(h->command));
        json_object_object_add(health, "interval", json_object_new_uint64(h->interval_ms));
        json_object_object_add(health, "timeout", json_object_new_uint64(h->timeout_ms));
        json_object_object_add(health, "startPeriod", json_object_new_uint64(h->start_period_ms));
        json_object_object_add(health, "startInterval", json_object_new_uint64(h->start_interval_ms));
        json_object_object_add(health, "retries", json_object_new_uint64(h->retries));
        json_object_object_add(
                        health, "onFailure", json_object_new_string(health_action_name(h->on_failure)));
        json_object_object_add(o, "health", health);
}

void plan_life_to_json(json_object *o, const AppLife *l) {
        if (strv_length(l->after) > 0) {
                json_object *after = json_object_new_array();
                STRV_FOREACH (name, l->after)
                        json_object_array_add(after, json_object_new_string(*name));
                json_object_object_add(o, "after", after);
        }
        if (l->restart != RESTART_NO)
                json_object_object_add(
                                o, "restart", json_object_new_string(restart_policy_name(l->restart)));
        if (l->restart_max > 0)
                json_object_object_add(o, "restartMax", json_object_new_uint64(l->restart_max));
        if (l->notify)
                json_object_object_add(o, "notify", json_object_new_boolean(true));
        if (l->ready_if_healthy)
                json_object_object_add(o, "readyIfHealthy", json_object_new_boolean(true));
        if (l->health.command)
                health_to_json(o, &l->health);
        if (l->log_lines > 0) {
                json_object_object_add(o, "logLines", json_object_new_uint64(l->log_lines));
                json_object_object_add(o, "logTime", json_object_new_uint64(l->log_ms));
        }
        if (l->reload_signal > 0)
                json_object_object_add(o, "reloadSignal", json_object_new_int(l->reload_signal));
        if (l->sockets) {
                json_object *sockets = json_object_new_array();
                STRV_FOREACH (name, l->sockets)
                        json_object_array_add(sockets, json_object_new_string(*name));
                json_object_object_add(o, "sockets", sockets);
        }
        json_object_object_add(o, "stopSignal", json_object_new_int(l->stop_signal));
        json_object_object_add(o, "stopTimeout", json_object_new_uint64(l->stop_timeout_ms));
}

static int get_time(JsonContext *c, json_object *o, const char *key, int64_t min, uint64_t *ret) {
        int64_t ms;
        int r = json_get_int(c, o, key, JSON_REQUIRED, min, INT64_MAX / 1000000, &ms);
        if (r >= 0)
                *ret = (uint64_t) ms;
        return r;
}

static int health_from_json(JsonContext *c, json_object *o, AppHealth *h) {
        const char *action;
        int64_t retries;
        if (json_get_strv(c, o, "command", JSON_REQUIRED, &h->command) < 0 ||
                        get_time(c, o, "interval", 1, &h->interval_ms) < 0 ||
                        get_time(c, o, "timeout", 1, &h->timeout_ms) < 0 ||
                        get_time(c, o, "startPeriod", 0, &h->start_period_ms) < 0 ||
                        get_time(c, o, "startInterval", 1, &h->start_interval_ms) < 0 ||
                        json_get_int(c, o, "retries", JSON_REQUIRED, 1, INT32_MAX, &retries) < 0 ||
                        json_get_string(c, o, "onFailure", JSON_REQUIRED, &action) < 0)
                return -EINVAL;
        if (!h->command[0])
                return json_fail_member(c, "command", "expected a program");
        int known = health_action_from_name(action);
        if (known < 0)
                return json_fail_member(c, "onFailure", "\"%s\" is not known", action);
        h->retries = (uint64_t) retries;
        h->on_failure = known;
        return 0;
}

static int get_health(JsonContext *c, json_object *o, AppLife *l) {
        json_object *health;
        int r = json_get_object(c, o, "health", JSON_OPTIONAL, &health);
        if (r < 0 || !health)
                return r;
        size_t mark = json_enter(c, "health");
        r = health_from_json(c, health, &l->health);
        json_leave(c, mark);
        return r;
}

int plan_life_from_json(JsonContext *c, json_object *o, AppLife *ret) {
        const char *restart = restart_policy_name(RESTART_NO);
        int64_t signal = 0, reload = 0, timeout = 0, max = 0, lines = 0, ms = 0;
        int r;
        if ((r = json_get_strv(c, o, "after", JSON_OPTIONAL, &ret->after)) < 0 ||
                        (r = json_get_string(c, o, "restart", JSON_OPTIONAL, &restart)) < 0 ||
                        (r = json_get_int(c, o, "restartMax", JSON_OPTIONAL, 0, INT32_MAX, &max)) < 0 ||
                        (r = json_get_bool(c, o, "notify", JSON_OPTIONAL, &ret->notify)) < 0 ||
                        (r = json_get_bool(c, o, "readyIfHealthy", JSON_OPTIONAL, &ret->ready_if_healthy)) <
                                        0 ||
                        (r = get_health(c, o, ret)) < 0 ||
                        (r = json_get_int(c, o, "logLines", JSON_OPTIONAL, 0, UINT32_MAX, &lines)) < 0 ||
                        (r = json_get_int(c, o, "logTime", JSON_OPTIONAL, 0, INT64_MAX / 1000000, &ms)) <
                                        0 ||
                        (r = json_get_int(c, o, "reloadSignal", JSON_OPTIONAL, 1, SIGRTMAX, &reload)) < 0 ||
                        (r = json_get_strv(c, o, "sockets", JSON_OPTIONAL, &ret->sockets)) < 0 ||
                        (r = json_get_int(c, o, "stopSignal", JSON_REQUIRED, 1, SIGRTMAX, &signal)) < 0 ||
                        (r = json_get_int(c, o, "stopTimeout", JSON_REQUIRED, 0, INT64_MAX / 1000000,
                                         &timeout)) < 0)
                return r;
        int policy = restart_policy_from_name(restart);
        if (policy < 0)
                return json_fail(c, "restart: \"%s\" is not known", restart);
        if (!ret->after)
                ret->after = strv_copy(NULL);
        ret->restart = policy;
        ret->restart_max = (uint64_t) max;
        ret->log_lines = (uint64_t) lines;
        ret->log_ms = (uint64_t) ms;
        ret->stop_signal = (int) signal;
        ret->reload_signal = (int) reload;
        ret->stop_timeout_ms = (uint64_t) timeout;
        return 0;
}
