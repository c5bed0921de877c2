/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fetch-name.h"

#include <errno.h>

#include "alloc.h"
#include "archive-check.h"
#include "discovery.h"
#include "fetch-url.h"
#include "http-url.h"
#include "image-lookup.h"
#include "insecure.h"
#include "log.h"
#include "trust-policy.h"
#include "types.h"

/* What is filled into templates and, first, looked for in the store: what was asked for, and this machine.
 */
static void add_defaults(const NameValueList *asked, NameValueList *ret) {
        name_values_copy(ret, asked);
        if (!name_values_get(ret, "os"))
                name_values_add(ret, "os", host_os());
        if (!name_values_get(ret, "arch"))
                name_values_add(ret, "arch", host_arch());
}

/* Images for any machine have no such labels. */
static int find_in_store(Store *s, const AppString *app, char **ret_id) {
        _cleanup_name_values_ NameValueList labels = {};
        add_defaults(&app->labels, &labels);
        int r = store_resolve_name(s, app->name, &labels, ret_id);
        return r == -ENOENT ? store_resolve_name(s, app->name, &app->labels, ret_id) : r;
}

/* A URL may have been fetched before, on its own or for another name: what it gave then has not passed these
 * checks. */
static int check_fetched(Store *s, const char *id, const char *url, const AppString *app) {
        _cleanup_image_manifest_ ImageManifest *m = NULL;
        _cleanup_free_ char *error = NULL;
        int r = store_manifest_load(s, id, &m, &error);
        if (r < 0) {
                log_error("%s", error);
                return r;
        }
        return archive_check_manifest(url, m, app->name, &app->labels);
}

static int fetch_endpoint(Store *s, const AppString *app, const DiscoveryEndpoint *e,
                const FetchOptions *options, const FetchExpectation *expectation, char **ret_id) {
        _cleanup_free_ char *shown = http_url_mask(e->image);
        _cleanup_archive_check_ ArchiveCheck check = {
                .store = s,
                .options = options,
                .source = shown,
                .signature_url = e->signature,
                .name = app->name,
                .labels = &app->labels,
                .id = expectation->id,
                .size = expectation->size,
        };
        FetchChecks steps;
        _cleanup_free_ char *id = NULL;
        log_debug("fetching image from %s", shown);
        int r = archive_check_begin(&check, &steps);
        if (r >= 0)
                r = fetch_url(s, e->image, options, &steps, &id);
        if (r >= 0)
                r = check_fetched(s, id, shown, app);
        if (r >= 0)
                *ret_id = TAKE_PTR(id);
        return r;
}

int fetch_discovered(Store *s, const AppString *app, const FetchOptions *options,
                const FetchExpectation *expectation, char **ret_id) {
        _cleanup_discovery_endpoints_ DiscoveryEndpoints endpoints = {};
        _cleanup_name_values_ NameValueList vars = {};
        _cleanup_free_ char *shown = app_string_format(app->name, &app->labels);
        bool signature;
        int r = trust_policy_check(app->name, &signature);
        if (r < 0)
                return r;
        add_defaults(&app->labels, &vars);
        if (!name_values_get(&vars, "version"))
                name_values_add(&vars, "version", "latest");
        log_debug("searching for app image %s", shown);
        r = discovery_find_images(options->client, options->insecure, app->name, &vars, &endpoints);
        for (size_t i = 0; i < endpoints.n; i++) {
                r = fetch_endpoint(s, app, &endpoints.items[i], options, expectation, ret_id);
                if (r >= 0 || r == -EINTR)
                        return r;
        }
        if (r != -EINTR)
                log_error("unable to fetch image from \"%s\": fetching from remote yielded nothing", shown);
        return r;
}

int fetch_name(Store *s, const AppString *app, const FetchOptions *options, char **ret_id) {
        _cleanup_free_ char *shown = app_string_format(app->name, &app->labels);
        if (options->policy != FETCH_UPDATE && find_in_store(s, app, ret_id) >= 0) {
                log_debug("using image from local store for image name %s", shown);
                store_touch(s, *ret_id);
                return 0;
        }
        if (options->policy == FETCH_NEVER) {
                log_error("unable to fetch image from \"%s\": no image in the store matches it, and the "
                          "pull policy "
                          "is never",
                                shown);
                return -ENOENT;
        }
        return fetch_discovered(s, app, options, &(FetchExpectation){}, ret_id);
}
