/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fetch-dependencies.h"

#include <errno.h>

#include "alloc.h"
#include "dependency.h"
#include "fetch-name.h"
#include "image-lookup.h"
#include "image-record.h"
#include "log.h"
#include "strv.h"

#define DEPTH_MAX 128

typedef struct Walk {
        Store *store;
        const FetchOptions *options;
        char **chain, **names; /* IDs and names of the images on the way down: strv */
        char **done;           /* IDs of those whose dependencies are there */
        NameValueList found;   /* what was asked for -> ID */
} Walk;

static int load_manifest(Store *s, const char *id, ImageManifest **ret) {
        _cleanup_free_ char *error = NULL;
        int r = store_manifest_load(s, id, ret, &error);
        if (r < 0)
                log_error("%s", error);
        return r;
}

static int check_size(Walk *w, const Dependency *d, const char *id) {
        _cleanup_image_record_ ImageRecord *record = NULL;
        if (d->size == 0)
                return 0;
        int r = image_record_load(w->store, id, &record, NULL);
        if (r < 0)
                return log_error_errno(r, "cannot read the record of image %s", id);
        if (record->blob_size == d->size)
                return 0;
        log_error("image %s (%s) in the store has %llu bytes, but what depends on it expects %llu", id,
                        d->image_name, (unsigned long long) record->blob_size, (unsigned long long) d->size);
        return -EBADMSG;
}

/* Only what the dependency asks for counts: an image for any machine has no labels that say for which. */
static int find_in_store(Walk *w, const Dependency *d, char **ret_id) {
        if (d->image_id)
                return store_resolve(w->store, d->image_id, ret_id, NULL);
        if (w->options->policy == FETCH_UPDATE)
                return -ENOENT;
        return store_resolve_name(w->store, d->image_name, &d->labels, ret_id);
}

static int find(Walk *w, const Dependency *d, const char *shown, char **ret_id) {
        int r = find_in_store(w, d, ret_id);
        if (r >= 0) {
                log_debug("using image from local store for image name %s", shown);
                store_touch(w->store, *ret_id);
                return check_size(w, d, *ret_id);
        }
        if (w->options->policy == FETCH_NEVER) {
                log_error("image %s depends on %s, which is not in the store, and the pull policy is never",
                                w->names[strv_length(w->names) - 1], shown);
                return -ENOENT;
        }
        AppString app = { d->image_name, d->labels };
        FetchOptions options = *w->options;
        FetchExpectation expectation = { .id = d->image_id, .size = d->size };
        options.signature = NULL;
        r = fetch_discovered(w->store, &app, &options, &expectation, ret_id);
        if (r < 0 && r != -EINTR)
                log_error("image %s depends on %s, which cannot be fetched",
                                w->names[strv_length(w->names) - 1], shown);
        return r;
}

static int resolve(Walk *w, const Dependency *d, char **ret_id) {
        _cleanup_free_ char *shown = app_string_format(d->image_name, &d->labels);
        _cleanup_free_ char *key = xasprintf("%s %s", shown, d->image_id ?: "");
        const char *known = name_values_get(&w->found, key);
        if (known) {
                *ret_id = xstrdup(known);
                return check_size(w, d, known);
        }
        int r = find(w, d, shown, ret_id);
        if (r >= 0)
                name_values_add(&w->found, key, *ret_id);
        return r;
}

static void pop(char **l) {
        size_t n = strv_length(l);
        free(l[n - 1]);
        l[n - 1] = NULL;
}

static int refuse_cycle(Walk *w, const char *id, const char *name) {
        size_t first = 0;
        while (!streq(w->chain[first], id))
                first++;
        _cleanup_free_ char *way = strv_join(w->names + first, " -> ");
        log_error("image %s depends on itself: %s -> %s", name, way, name);
        return -ELOOP;
}

static int visit(Walk *w, const char *id);

static int visit_all(Walk *w, const ImageManifest *m) {
        for (size_t i = 0; i < m->n_dependencies; i++) {
                _cleanup_free_ char *id = NULL;
                int r = resolve(w, &m->dependencies[i], &id);
                if (r >= 0)
                        r = strv_contains(w->chain, id) ? refuse_cycle(w, id, m->dependencies[i].image_name)
                                                        : visit(w, id);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int visit(Walk *w, const char *id) {
        _cleanup_image_manifest_ ImageManifest *m = NULL;
        if (strv_contains(w->done, id))
                return 0;
        if (strv_length(w->done) == IMAGE_LAYERS_MAX || strv_length(w->chain) == DEPTH_MAX) {
                log_error("image %s has too many dependencies: at most %d, and %d one below the other",
                                w->names[0], IMAGE_LAYERS_MAX, DEPTH_MAX);
                return -E2BIG;
        }
        int r = load_manifest(w->store, id, &m);
        if (r < 0)
                return r;
        strv_add(&w->chain, id);
        strv_push(&w->names, app_string_format(m->name, &m->labels));
        r = visit_all(w, m);
        pop(w->chain);
        pop(w->names);
        strv_add(&w->done, id);
        return r;
}

int fetch_dependencies(Store *s, const char *id, const FetchOptions *options) {
        Walk w = {
                .store = s,
                .options = options,
                .chain = strv_copy(NULL),
                .names = strv_copy(NULL),
                .done = strv_copy(NULL),
        };
        int r = visit(&w, id);
        name_values_clear(&w.found);
        strv_free(w.chain);
        strv_free(w.names);
        strv_free(w.done);
        return r;
}
