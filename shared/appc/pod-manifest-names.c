/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The names of a pod manifest's apps and images, for lists of thousands of pods: json-c spends most of such
 * a list's time on building and freeing what is then not shown. */

#include <fcntl.h>

#include "alloc.h"
#include "json-reader.h"
#include "pod-manifest.h"
#include "types.h"

static bool take_label(JsonReader *r, NameValueList *labels) {
        _cleanup_free_ char *name = NULL, *value = NULL;
        JsonSlice key;
        bool good = json_reader_object(r);
        while (good && json_reader_member(r, &key))
                if (json_slice_is(&key, "name"))
                        good = json_reader_copy(r, &name);
                else if (json_slice_is(&key, "value"))
                        good = json_reader_copy(r, &value);
                else
                        good = key.plain && json_reader_skip(r);
        if (!good || !name || !value)
                return false;
        name_values_add(labels, name, value);
        return true;
}

static bool take_labels(JsonReader *r, NameValueList *labels) {
        bool good = labels->n == 0 && json_reader_array(r);
        while (good && json_reader_element(r))
                good = take_label(r, labels);
        return good;
}

static bool take_image(JsonReader *r, RuntimeApp *a) {
        JsonSlice key;
        bool good = !a->image.id && json_reader_object(r);
        while (good && json_reader_member(r, &key))
                if (json_slice_is(&key, "id"))
                        good = json_reader_copy(r, &a->image.id);
                else if (json_slice_is(&key, "name"))
                        good = json_reader_copy(r, &a->image.name);
                else if (json_slice_is(&key, "labels"))
                        good = take_labels(r, &a->image.labels);
                else
                        good = key.plain && json_reader_skip(r);
        return good && a->image.id && image_id_is_valid(a->image.id) &&
               (!a->image.name || ac_identifier_is_valid(a->image.name));
}

static bool take_app(JsonReader *r, RuntimeApp *a) {
        JsonSlice key;
        bool good = json_reader_object(r);
        while (good && json_reader_member(r, &key))
                if (json_slice_is(&key, "name"))
                        good = json_reader_copy(r, &a->name);
                else if (json_slice_is(&key, "image"))
                        good = take_image(r, a);
                else
                        good = key.plain && json_reader_skip(r);
        return good && a->name && ac_name_is_valid(a->name) && a->image.id;
}

static bool take_apps(JsonReader *r, PodManifest *m) {
        bool good = m->n_apps == 0 && json_reader_array(r);
        while (good && json_reader_element(r))
                good = take_app(r, pod_manifest_add_app(m, NULL, NULL));
        return good;
}

static bool take_manifest(JsonReader *r, PodManifest *m) {
        _cleanup_free_ char *kind = NULL;
        JsonSlice key;
        bool good = json_reader_object(r);
        while (good && json_reader_member(r, &key))
                if (json_slice_is(&key, "acKind"))
                        good = json_reader_copy(r, &kind);
                else if (json_slice_is(&key, "acVersion"))
                        good = json_reader_copy(r, &m->ac_version);
                else if (json_slice_is(&key, "apps"))
                        good = take_apps(r, m);
                else
                        good = key.plain && json_reader_skip(r);
        return good && json_reader_end(r) && m->ac_version && streq_ptr(kind, POD_MANIFEST_KIND);
}

/* NULL for what it does not understand. */
static PodManifest *read_names(const char *text, size_t size) {
        _cleanup_pod_manifest_ PodManifest *m = xnew(PodManifest, 1);
        JsonReader r = { .text = text, .size = size };
        return take_manifest(&r, m) ? TAKE_PTR(m) : NULL;
}

int pod_manifest_parse_names(
                const char *name, const char *text, size_t size, PodManifest **ret, char **ret_error) {
        *ret = read_names(text, size);
        return *ret ? 0 : pod_manifest_parse(name, text, size, ret, ret_error);
}

/* One read for a manifest of usual size: what it does not get is missing at the end, which does not pass. */
int pod_manifest_load_names_at(int dirfd, const char *path, PodManifest **ret, char **ret_error) {
        _cleanup_close_ int fd = openat(dirfd, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        char buffer[16384];
        ssize_t n = fd < 0 ? -1 : read(fd, buffer, sizeof(buffer));
        *ret = n > 0 ? read_names(buffer, n) : NULL;
        return *ret ? 0 : pod_manifest_load_at(dirfd, path, ret, ret_error);
}
