/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "app-life.h"
#include "log-limit.h"
#include "start-order.h"
#include "strv.h"

/* Each annotation takes it; and as words, what three apps start after. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static const char *const names[] = { APP_AFTER_ANNOTATION, APP_RESTART_ANNOTATION,
                APP_STOP_SIGNAL_ANNOTATION, APP_STOP_TIMEOUT_ANNOTATION, APP_NOTIFY_ANNOTATION,
                APP_LOG_RATE_ANNOTATION, APP_RELOAD_SIGNAL_ANNOTATION, APP_SOCKETS_ANNOTATION,
                APP_HEALTH_CMD_ANNOTATION, APP_HEALTH_INTERVAL_ANNOTATION, APP_HEALTH_TIMEOUT_ANNOTATION,
                APP_HEALTH_START_PERIOD_ANNOTATION, APP_HEALTH_START_INTERVAL_ANNOTATION,
                APP_HEALTH_RETRIES_ANNOTATION, APP_HEALTH_ON_FAILURE_ANNOTATION };
        static const char *const apps[] = { "a", "b", "c" };
        _cleanup_free_ char *text = fuzz_string(data, size);
        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                _cleanup_name_values_ NameValueList l = {};
                _cleanup_app_life_ AppLife life = {};
                _cleanup_free_ char *error = NULL;
                name_values_add(&l, names[i], text);
                fuzz_assert((app_life_parse(&l, &life, &error) < 0) == (error != NULL));
                fuzz_assert(!life.health.command || life.health.command[0]);
        }

        _cleanup_pod_manifest_ PodManifest *m = pod_manifest_new();
        _cleanup_strv_ char **words = strv_split(text, ' ');
        for (size_t i = 0; i < ELEMENTSOF(apps); i++)
                pod_manifest_add_app(m, apps[i], "sha512-0");
        for (size_t i = 0; i < ELEMENTSOF(apps) && words[i]; i++)
                if (*words[i])
                        name_values_add(&m->apps[i].annotations, APP_AFTER_ANNOTATION, words[i]);
        size_t order[ELEMENTSOF(apps)], seen = 0;
        _cleanup_free_ char *error = NULL;
        int r = pod_start_order(m, order, &error);
        fuzz_assert((r < 0) == (error != NULL));
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(apps); i++)
                seen |= (size_t) 1 << order[i];
        fuzz_assert(r < 0 || seen == 7);
        return 0;
}
