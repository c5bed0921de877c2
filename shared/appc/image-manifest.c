/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image-manifest.h"

#include <errno.h>

#include "alloc.h"
#include "build-config.h"
#include "json-list.h"
#include "manifest-load.h"
#include "strv.h"
#include "types.h"

ImageManifest *image_manifest_new(const char *name) {
        ImageManifest *m = xnew(ImageManifest, 1);
        m->ac_version = xstrdup(APPC_VERSION);
        m->name = xstrdup(name);
        return m;
}

void image_manifest_free(ImageManifest *m) {
        if (!m)
                return;
        free(m->ac_version);
        free(m->name);
        name_values_clear(&m->labels);
        app_free(m->app);
        name_values_clear(&m->annotations);
        for (size_t i = 0; i < m->n_dependencies; i++) {
                free(m->dependencies[i].image_name);
                free(m->dependencies[i].image_id);
                name_values_clear(&m->dependencies[i].labels);
        }
        free(m->dependencies);
        strv_free(m->path_whitelist);
        free(m);
}

static int parse_dependency(JsonContext *c, json_object *o, void *ret) {
        Dependency *d = ret;
        int64_t size = 0;
        if (json_get_ac_identifier(c, o, "imageName", JSON_REQUIRED, &d->image_name) < 0 ||
                        json_get_image_id(c, o, "imageID", JSON_OPTIONAL, &d->image_id) < 0 ||
                        name_values_parse(c, o, "labels", NAME_VALUE_LABELS, &d->labels) < 0 ||
                        json_get_int(c, o, "size", JSON_OPTIONAL, 0, INT64_MAX, &size) < 0)
                return -EINVAL;
        d->size = size;
        return 0;
}

static int parse_app(JsonContext *c, json_object *o, App **ret) {
        json_object *app;
        int r = json_get_object(c, o, "app", JSON_OPTIONAL, &app);
        if (r < 0 || !app)
                return r;
        size_t mark = json_enter(c, "app");
        r = app_parse(c, app, ret);
        json_leave(c, mark);
        return r;
}

/* An empty list allows everything, like none. */
static int parse_path_whitelist(JsonContext *c, json_object *o, char ***ret) {
        _cleanup_strv_ char **list = NULL;
        int r = json_get_strv(c, o, "pathWhitelist", JSON_OPTIONAL, &list);
        if (r < 0 || !list || !list[0])
                return r;
        size_t mark = json_enter(c, "pathWhitelist");
        for (size_t i = 0; r >= 0 && list[i]; i++)
                if (*list[i] != '/') {
                        json_enter_index(c, i);
                        r = json_fail(c, "\"%s\" is not an absolute path", list[i]);
                }
        json_leave(c, mark);
        if (r >= 0)
                *ret = TAKE_PTR(list);
        return r;
}

static int parse_manifest(JsonContext *c, json_object *o, void *ret) {
        _cleanup_image_manifest_ ImageManifest *m = xnew(ImageManifest, 1);
        if (json_expect(c, o, json_type_object) < 0 ||
                        json_get_kind_and_version(c, o, IMAGE_MANIFEST_KIND, &m->ac_version) < 0)
                return -EINVAL;
        const char *problem = ac_version_problem(m->ac_version);
        if (problem)
                return json_fail_member(c, "acVersion", "\"%s\": %s", m->ac_version, problem);
        if (json_get_ac_identifier(c, o, "name", JSON_REQUIRED, &m->name) < 0 ||
                        name_values_parse(c, o, "labels", NAME_VALUE_LABELS, &m->labels) < 0 ||
                        parse_app(c, o, &m->app) < 0 ||
                        name_values_parse(c, o, "annotations", NAME_VALUE_ANNOTATIONS, &m->annotations) <
                                        0 ||
                        json_get_list(c, o, "dependencies", JSON_OPTIONAL, parse_dependency,
                                        &m->dependencies, &m->n_dependencies) < 0 ||
                        parse_path_whitelist(c, o, &m->path_whitelist) < 0)
                return -EINVAL;
        *(ImageManifest **) ret = TAKE_PTR(m);
        return 0;
}

int image_manifest_parse(
                const char *name, const char *text, size_t size, ImageManifest **ret, char **ret_error) {
        return manifest_parse(name, text, size, parse_manifest, ret, ret_error);
}

int image_manifest_load_at(int dirfd, const char *path, ImageManifest **ret, char **ret_error) {
        return manifest_load_at(dirfd, path, parse_manifest, ret, ret_error);
}

static json_object *dependency_to_json(const Dependency *d) {
        json_object *o = json_object_new_object();
        json_object_object_add(o, "imageName", json_object_new_string(d->image_name));
        if (d->image_id)
                json_object_object_add(o, "imageID", json_object_new_string(d->image_id));
        json_add_if_filled(o, "labels", name_values_to_json(&d->labels));
        if (d->size)
                json_object_object_add(o, "size", json_object_new_int64((int64_t) d->size));
        return o;
}

json_object *image_manifest_to_json(const ImageManifest *m) {
        json_object *dependencies = json_object_new_array();
        for (size_t i = 0; i < m->n_dependencies; i++)
                json_object_array_add(dependencies, dependency_to_json(&m->dependencies[i]));

        json_object *o = json_object_new_object();
        json_object_object_add(o, "acKind", json_object_new_string(IMAGE_MANIFEST_KIND));
        json_object_object_add(o, "acVersion", json_object_new_string(m->ac_version));
        json_object_object_add(o, "name", json_object_new_string(m->name));
        json_add_if_filled(o, "labels", name_values_to_json(&m->labels));
        if (m->app)
                json_object_object_add(o, "app", app_to_json(m->app));
        json_add_if_filled(o, "annotations", name_values_to_json(&m->annotations));
        json_add_if_filled(o, "dependencies", dependencies);
        json_add_if_filled(o, "pathWhitelist", strv_to_json(m->path_whitelist));
        return o;
}

char *image_manifest_to_text(const ImageManifest *m, bool pretty) {
        _cleanup_json_ json_object *o = image_manifest_to_json(m);
        return json_to_text(o, pretty);
}
