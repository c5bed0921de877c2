/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app-health.h"

#include <errno.h>

#include "alloc.h"
#include "duration.h"
#include "json.h"
#include "option.h"
#include "strv.h"

/* Docker's. */
#define DEFAULT_INTERVAL_MS       30000
#define DEFAULT_TIMEOUT_MS        30000
#define DEFAULT_START_INTERVAL_MS 5000
#define DEFAULT_RETRIES           3

#define SHELL       "/bin/sh"
#define RETRIES_MAX INT32_MAX

const char *const app_health_image_annotations[] = {
        APP_HEALTH_CMD_ANNOTATION,
        APP_HEALTH_INTERVAL_ANNOTATION,
        APP_HEALTH_TIMEOUT_ANNOTATION,
        APP_HEALTH_START_PERIOD_ANNOTATION,
        APP_HEALTH_START_INTERVAL_ANNOTATION,
        APP_HEALTH_RETRIES_ANNOTATION,
        NULL,
};

static const char *const action_names[] = {
        [HEALTH_ACTION_NONE] = "none",
        [HEALTH_ACTION_KILL] = "kill",
        [HEALTH_ACTION_RESTART] = "restart",
        [HEALTH_ACTION_STOP] = "stop",
};

const char *health_action_name(HealthAction a) {
        return action_names[a];
}

int health_action_from_name(const char *name) {
        for (int i = 0; i < _HEALTH_ACTION_MAX; i++)
                if (streq(action_names[i], name))
                        return i;
        return -EINVAL;
}

int app_time_parse(const char *value, uint64_t *ret_ms, char **ret_error) {
        uint64_t seconds;
        int64_t ns;
        if (parse_uint(value, INT32_MAX, &seconds) >= 0)
                *ret_ms = seconds * 1000;
        else if (duration_parse(value, &ns) >= 0 && ns >= 0)
                *ret_ms = (uint64_t) ns / NSEC_PER_MSEC;
        else {
                *ret_error = xasprintf(
                                "\"%s\" is neither a duration such as 30s nor a number of seconds", value);
                return -EINVAL;
        }
        return 0;
}

/* NULL: it is not an array of strings. "[ -e /file ]" is something for a shell. */
static char **parse_array(const char *value) {
        JsonContext c;
        char **words = NULL;
        if (*value != '[')
                return NULL;
        if (json_context_parse(&c, "", value, strlen(value)) >= 0 &&
                        json_object_is_type(c.root, json_type_array)) {
                words = strv_copy(NULL);
                for (size_t i = 0; words && i < json_object_array_length(c.root); i++) {
                        json_object *item = json_object_array_get_idx(c.root, i);
                        if (json_object_is_type(item, json_type_string) &&
                                        strlen(json_object_get_string(item)) ==
                                                        (size_t) json_object_get_string_len(item)) {
                                strv_add(&words, json_object_get_string(item));
                                continue;
                        }
                        strv_free(words);
                        words = NULL;
                }
        }
        json_context_done(&c);
        return words;
}

static void set_shell(AppHealth *h, const char *line) {
        strv_add(&h->command, SHELL);
        strv_add(&h->command, "-c");
        strv_add(&h->command, line);
}

static int fail_command(AppHealth *h, char **ret_error) {
        strv_free(h->command);
        h->command = NULL;
        *ret_error = xstrdup("there is no command in it");
        return -EINVAL;
}

static int set_words(AppHealth *h, char *const *words, char **ret_error) {
        bool keyword = words[0] && streq(words[0], "CMD");
        if (words[0] && streq(words[0], "NONE"))
                return 0;
        if (words[0] && streq(words[0], "CMD-SHELL")) {
                if (isempty(words[1]))
                        return fail_command(h, ret_error);
                set_shell(h, words[1]);
                return 0;
        }
        STRV_FOREACH (word, words + keyword)
                strv_add(&h->command, *word);
        return !h->command || isempty(h->command[0]) ? fail_command(h, ret_error) : 0;
}

/* In the forms that podman takes, too: "CMD curl -f localhost". */
static int parse_command(const char *value, AppHealth *h, char **ret_error) {
        _cleanup_strv_ char **words = parse_array(value);
        if (words)
                return set_words(h, words, ret_error);
        if (strcasecmp(value, "none") == 0)
                return 0;
        const char *line = startswith(value, "CMD-SHELL "), *command = startswith(value, "CMD ");
        if (command) {
                _cleanup_strv_ char **all = strv_split(command, ' ');
                STRV_FOREACH (word, all)
                        if (**word)
                                strv_add(&h->command, *word);
                return h->command ? 0 : fail_command(h, ret_error);
        }
        line = line ?: value;
        if (line[strspn(line, " \t\n")] == 0)
                return fail_command(h, ret_error);
        set_shell(h, line);
        return 0;
}

static int parse_time(const char *value, uint64_t minimum, uint64_t *ret, char **ret_error) {
        int r = app_time_parse(value, ret, ret_error);
        if (r >= 0 && *ret < minimum) {
                *ret_error = xasprintf("\"%s\" is too short: expected 1ms or more", value);
                return -EINVAL;
        }
        return r;
}

static int parse_interval(const char *value, AppHealth *h, char **ret_error) {
        return parse_time(value, 1, &h->interval_ms, ret_error);
}

static int parse_timeout(const char *value, AppHealth *h, char **ret_error) {
        return parse_time(value, 1, &h->timeout_ms, ret_error);
}

static int parse_start_period(const char *value, AppHealth *h, char **ret_error) {
        return parse_time(value, 0, &h->start_period_ms, ret_error);
}

static int parse_start_interval(const char *value, AppHealth *h, char **ret_error) {
        return parse_time(value, 1, &h->start_interval_ms, ret_error);
}

static int parse_retries(const char *value, AppHealth *h, char **ret_error) {
        if (parse_uint(value, RETRIES_MAX, &h->retries) >= 0 && h->retries > 0)
                return 0;
        *ret_error = xasprintf("\"%s\": expected a number, 1 or more", value);
        return -EINVAL;
}

static int parse_on_failure(const char *value, AppHealth *h, char **ret_error) {
        int action = health_action_from_name(value);
        if (action < 0) {
                *ret_error = xasprintf("\"%s\": expected none, kill, restart or stop", value);
                return -EINVAL;
        }
        h->on_failure = action;
        return 0;
}

int app_health_parse(const NameValueList *annotations, AppHealth *ret, char **ret_error) {
        static const struct {
                const char *name;
                int (*parse)(const char *value, AppHealth *h, char **ret_error);
        } table[] = {
                { APP_HEALTH_CMD_ANNOTATION, parse_command },
                { APP_HEALTH_INTERVAL_ANNOTATION, parse_interval },
                { APP_HEALTH_TIMEOUT_ANNOTATION, parse_timeout },
                { APP_HEALTH_START_PERIOD_ANNOTATION, parse_start_period },
                { APP_HEALTH_START_INTERVAL_ANNOTATION, parse_start_interval },
                { APP_HEALTH_RETRIES_ANNOTATION, parse_retries },
                { APP_HEALTH_ON_FAILURE_ANNOTATION, parse_on_failure },
        };
        _cleanup_app_health_ AppHealth h = {
                .interval_ms = DEFAULT_INTERVAL_MS,
                .timeout_ms = DEFAULT_TIMEOUT_MS,
                .start_interval_ms = DEFAULT_START_INTERVAL_MS,
                .retries = DEFAULT_RETRIES,
        };
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                const char *value = name_values_get(annotations, table[i].name);
                _cleanup_free_ char *problem = NULL;
                if (!value || table[i].parse(value, &h, &problem) >= 0)
                        continue;
                *ret_error = xasprintf("annotation %s: %s", table[i].name, problem);
                return -EINVAL;
        }
        *ret = h;
        h = (AppHealth){};
        return 0;
}

void app_health_done(AppHealth *h) {
        strv_free(h->command);
        *h = (AppHealth){};
}
