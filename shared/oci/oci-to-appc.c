/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oci-to-appc.h"

#include <errno.h>
#include <inttypes.h>

#include "alloc.h"
#include "app-life.h"
#include "duration.h"
#include "json-list.h"
#include "log.h"
#include "oci-app.h"
#include "signal-name.h"
#include "strv.h"
#include "types.h"

char *oci_image_name(const char *name) {
        _cleanup_free_ char *copy = xstrdup(name);
        for (char *p = copy; *p; p++)
                if (*p == ':')
                        *p = '-';
        return ac_identifier_sanitize(copy);
}

/* Later values win; empty ones say nothing. */
static void set(NameValueList *l, const char *name, const char *value) {
        if (!isempty(value))
                name_values_set(l, name, value);
}

static int map_labels(const OciOrigin *origin, const OciConfig *config, ImageManifest *m, char **ret_error) {
        const char *arch = arch_from_goarch(config->arch, config->variant);
        _cleanup_free_ char *problem = os_arch_problem(OS_ARCH_APPC, config->os, arch);
        if (!arch || problem) {
                *ret_error = xasprintf("the image is for %s/%s%s%s, which is not a platform of pods",
                                config->os, config->arch, config->variant ? "/" : "", config->variant ?: "");
                return -EINVAL;
        }
        set(&m->labels, "version", origin->tag);
        set(&m->labels, "os", config->os);
        set(&m->labels, "arch", arch);
        return 0;
}

static void set_list(NameValueList *l, const char *name, char *const *list) {
        if (!list || !list[0])
                return;
        _cleanup_json_ json_object *array = strv_to_json(list);
        _cleanup_free_ char *text = json_to_text(array, false);
        name_values_set(l, name, text);
}

static void set_url(NameValueList *l, const char *name, const char *url) {
        if (url && url_is_valid(url))
                set(l, name, url);
}

static void map_annotations(const OciOrigin *origin, const OciManifest *manifest, const OciConfig *config,
                ImageManifest *m) {
        NameValueList *l = &m->annotations;
        if (config->created && date_is_valid(config->created))
                set(l, "created", config->created);
        set(l, "author", config->author);
        set(l, "docker-comment", config->comment);
        set_url(l, "homepage", name_values_get(&config->labels, "org.opencontainers.image.url"));
        set_url(l, "documentation",
                        name_values_get(&config->labels, "org.opencontainers.image.documentation"));

        set(l, "appc.io/docker/originalname", origin->original);
        set(l, "appc.io/docker/registryurl", origin->registry);
        set(l, APP_DOCKER_ANNOTATION, origin->repository ?: origin->name);
        set(l, "appc.io/docker/tag", origin->tag);
        set(l, "appc.io/docker/imageid", manifest->config.digest);
        set(l, "appc.io/docker/manifesthash", origin->manifest_digest);
        set_list(l, "appc.io/docker/entrypoint", config->entrypoint);
        set_list(l, "appc.io/docker/cmd", config->command);
}

static void set_time(NameValueList *l, const char *name, int64_t ns) {
        if (ns == 0)
                return;
        _cleanup_free_ char *text = duration_format(MAX(ns, (int64_t) NSEC_PER_MSEC));
        name_values_set(l, name, text);
}

/* "CMD-SHELL" is for the image's shell, if it has one of its own. */
static void set_test(NameValueList *l, const OciConfig *config) {
        char **test = config->health.test;
        if (!streq(test[0], "CMD-SHELL") || strv_length(test) != 2 || strv_length(config->shell) == 0) {
                set_list(l, APP_HEALTH_CMD_ANNOTATION, test);
                return;
        }
        _cleanup_strv_ char **words = NULL;
        strv_add(&words, "CMD");
        strv_extend(&words, config->shell);
        strv_add(&words, test[1]);
        set_list(l, APP_HEALTH_CMD_ANNOTATION, words);
}

static void map_health(const OciConfig *config, NameValueList *l, char ***warnings) {
        const OciHealth *h = &config->health;
        static const char *const kinds[] = { "NONE", "CMD", "CMD-SHELL" };
        bool known = false;
        if (strv_length(h->test) == 0)
                return;
        for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
                known |= streq(h->test[0], kinds[i]);
        NameValueList said = {};
        _cleanup_app_health_ AppHealth health = {};
        _cleanup_free_ char *error = NULL;
        if (!known)
                error = xasprintf(
                                "\"%s\" is no kind of a test: expected NONE, CMD or CMD-SHELL", h->test[0]);
        set_test(&said, config);
        set_time(&said, APP_HEALTH_INTERVAL_ANNOTATION, h->interval);
        set_time(&said, APP_HEALTH_TIMEOUT_ANNOTATION, h->timeout);
        set_time(&said, APP_HEALTH_START_PERIOD_ANNOTATION, h->start_period);
        set_time(&said, APP_HEALTH_START_INTERVAL_ANNOTATION, h->start_interval);
        _cleanup_free_ char *retries = h->retries > 0 ? xasprintf("%" PRId64, h->retries) : NULL;
        set(&said, APP_HEALTH_RETRIES_ANNOTATION, retries);
        if (!error && app_health_parse(&said, &health, &error) >= 0)
                name_values_merge(l, &said);
        else
                strv_push(warnings, xasprintf("its health check is left out: %s", error));
        name_values_clear(&said);
}

static int check_layers(const OciManifest *manifest, const OciConfig *config, char **ret_error) {
        bool same = manifest->n_layers == config->n_diff_ids;
        for (size_t i = 0; same && i < manifest->n_layers; i++)
                for (size_t k = 0; k < i; k++)
                        if (streq(manifest->layers[i].digest, manifest->layers[k].digest) &&
                                        !streq(config->diff_ids[i], config->diff_ids[k])) {
                                *ret_error = xasprintf("layers %zu and %zu are the same, but their diff IDs "
                                                       "are not",
                                                k, i);
                                return -EINVAL;
                        }
        if (same)
                return 0;
        *ret_error = xasprintf(
                        "the manifest has %zu layers, but the configuration has %zu: they do not belong "
                        "together",
                        manifest->n_layers, config->n_diff_ids);
        return -EINVAL;
}

int oci_map_config(const OciOrigin *origin, const OciManifest *manifest, const OciConfig *config,
                ImageManifest **ret, char ***ret_warnings, char **ret_error) {
        int r = check_layers(manifest, config, ret_error);
        if (r < 0)
                return r;
        _cleanup_free_ char *name = oci_image_name(origin->name);
        if (!name) {
                *ret_error = xasprintf("no name of an image can be made of \"%s\"", origin->name);
                return -EINVAL;
        }
        _cleanup_image_manifest_ ImageManifest *m = image_manifest_new(name);
        r = map_labels(origin, config, m, ret_error);
        if (r < 0)
                return r;
        _cleanup_strv_ char **warnings = strv_copy(NULL);
        map_annotations(origin, manifest, config, m);
        m->app = oci_app_new(config, &warnings);
        if (config->stop_signal) {
                if (signal_from_name(config->stop_signal) > 0)
                        name_values_set(&m->annotations, APP_STOP_SIGNAL_ANNOTATION, config->stop_signal);
                else
                        strv_push(&warnings, xasprintf("stop signal \"%s\" is not known, and is left out",
                                                             config->stop_signal));
        }
        map_health(config, &m->annotations, &warnings);
        *ret = TAKE_PTR(m);
        *ret_warnings = TAKE_PTR(warnings);
        return 0;
}

int oci_to_image_manifest(const OciOrigin *origin, const OciManifest *manifest, const OciConfig *config,
                char **ret_json, char **ret_error) {
        _cleanup_image_manifest_ ImageManifest *m = NULL, *checked = NULL;
        _cleanup_strv_ char **warnings = NULL;
        int r = oci_map_config(origin, manifest, config, &m, &warnings, ret_error);
        if (r < 0)
                return r;
        /* what is written here is read at each start of a pod: anything wrong is to be found now */
        _cleanup_free_ char *json = image_manifest_to_text(m, false);
        r = image_manifest_parse(origin->name, json, strlen(json), &checked, ret_error);
        if (r < 0)
                return r;
        STRV_FOREACH (warning, warnings)
                log_warning("image %s: %s", origin->original ?: origin->name, *warning);
        *ret_json = TAKE_PTR(json);
        return 0;
}
