/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image-lookup.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "alloc.h"
#include "dependency.h"
#include "file.h"
#include "image-record.h"
#include "strv.h"
#include "types.h"

static int resolve_id(Store *s, const char *prefix, char **ret_id, char **ret_error) {
        if (!image_id_is_valid(prefix)) {
                *ret_error = xasprintf("\"%s\" is not an image ID: expected " IMAGE_ID_FORM, prefix);
                return -EINVAL;
        }
        _cleanup_free_ char *whole = store_id_from_hash(prefix);
        if (whole && store_has_image(s, whole)) {
                *ret_id = TAKE_PTR(whole);
                return 0;
        }
        _cleanup_strv_ char **ids = NULL;
        int r = list_directory_at(store_fd(s), STORE_IMAGES, &ids);
        if (r < 0) {
                *ret_error = xasprintf("cannot read %s/" STORE_IMAGES ": %s", store_path(s), strerror(-r));
                return r;
        }
        const char *found = NULL;
        size_t n = 0;
        STRV_FOREACH (id, ids)
                if (store_id_is_whole(*id) && startswith(*id, prefix)) {
                        found = *id;
                        n++;
                }
        if (n == 1) {
                *ret_id = xstrdup(found);
                return 0;
        }
        *ret_error = n == 0 ? xasprintf("no image in the store has an ID that begins with %s", prefix)
                            : xasprintf("ambiguous image ID: %zu images begin with %s", n, prefix);
        return n == 0 ? -ENOENT : -ENOTUNIQ;
}

/* Whether a is to be taken before b, both of which match. */
static bool is_better(const ImageRecord *a, const ImageRecord *b, bool any_version) {
        if (any_version && a->latest != b->latest)
                return a->latest;
        return a->import_time > b->import_time;
}

int store_resolve_name(Store *s, const char *name, const NameValueList *labels, char **ret_id) {
        if (!ac_identifier_is_valid(name))
                return -EINVAL;
        _cleanup_free_ char *path = xasprintf(STORE_NAMES "/%s", name);
        _cleanup_strv_ char **links = NULL;
        int r = list_directory_at(store_fd(s), path, &links);
        if (r < 0)
                return r == -ENAMETOOLONG || r == -ENOTDIR ? -ENOENT : r;

        _cleanup_image_record_ ImageRecord *best = NULL;
        bool any_version = !name_values_get(labels, "version");
        STRV_FOREACH (link, links) {
                _cleanup_image_record_ ImageRecord *record = NULL;
                if ((*link)[0] != '@' || image_record_load(s, *link + 1, &record, NULL) < 0)
                        continue;
                if (!streq(record->name, name) || !name_values_match(&record->labels, labels))
                        continue;
                if (!best || is_better(record, best, any_version)) {
                        if (best)
                                image_record_free(best);
                        best = TAKE_PTR(record);
                }
        }
        if (!best)
                return -ENOENT;
        *ret_id = xstrdup(best->id);
        return 0;
}

int store_resolve(Store *s, const char *reference, char **ret_id, char **ret_error) {
        _cleanup_free_ char *error = NULL;
        int r;
        if (image_id_is_meant(reference))
                r = resolve_id(s, reference, ret_id, &error);
        else {
                _cleanup_app_string_ AppString app = {};
                r = app_string_parse(reference, &app, &error);
                if (r >= 0) {
                        r = store_resolve_name(s, app.name, &app.labels, ret_id);
                        if (r == -ENOENT)
                                error = xasprintf("no image in the store matches %s", reference);
                        else if (r < 0)
                                error = xasprintf("cannot look %s up in the store: %s", reference,
                                                strerror(-r));
                }
        }
        if (r < 0 && ret_error)
                *ret_error = TAKE_PTR(error);
        return r;
}

int store_manifest_text(Store *s, const char *id, char **ret_text, size_t *ret_size) {
        if (!store_id_is_whole(id) || !store_has_image(s, id))
                return -ENOENT;
        _cleanup_free_ char *path = xasprintf(STORE_MANIFESTS "/%s", id);
        return read_file_at(store_fd(s), path, APPC_MANIFEST_MAX, ret_text, ret_size);
}

int store_manifest_load(Store *s, const char *id, ImageManifest **ret, char **ret_error) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r = store_manifest_text(s, id, &text, &size);
        if (r < 0) {
                *ret_error = xasprintf("cannot read the manifest of image %s: %s", id, strerror(-r));
                return r;
        }
        return image_manifest_parse(id, text, size, ret, ret_error);
}

int store_touch(Store *s, const char *id) {
        if (!store_id_is_whole(id))
                return -ENOENT;
        _cleanup_free_ char *path = xasprintf(STORE_IMAGES "/%s", id);
        if (utimensat(store_fd(s), path, NULL, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == EACCES || errno == EPERM || errno == EROFS ? 0 : -errno;
        return 0;
}

int store_flatten(Store *s, const char *id, char ***ret_ids, char **ret_error) {
        _cleanup_image_layers_ ImageLayerList layers = {};
        _cleanup_free_ char *error = NULL;
        int r = image_layers_load(s, id, &layers, &error);
        if (r < 0) {
                if (ret_error)
                        *ret_error = TAKE_PTR(error);
                return r;
        }
        _cleanup_strv_ char **ids = NULL;
        for (size_t i = 0; i < layers.n; i++)
                strv_add(&ids, layers.items[i].id);
        *ret_ids = TAKE_PTR(ids);
        return 0;
}
