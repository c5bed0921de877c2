/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pod-manifest.h"

#include <errno.h>

#include "alloc.h"
#include "build-config.h"
#include "json-list.h"
#include "manifest-load.h"
#include "strv.h"
#include "types.h"

PodManifest *pod_manifest_new(void) {
        PodManifest *m = xnew(PodManifest, 1);
        m->ac_version = xstrdup(APPC_VERSION);
        return m;
}

static void runtime_app_done(RuntimeApp *a) {
        free(a->name);
        free(a->image.id);
        free(a->image.name);
        name_values_clear(&a->image.labels);
        app_free(a->app);
        for (size_t i = 0; i < a->n_mounts; i++)
                mount_done(&a->mounts[i]);
        free(a->mounts);
        name_values_clear(&a->annotations);
}

void pod_manifest_free(PodManifest *m) {
        if (!m)
                return;
        free(m->ac_version);
        for (size_t i = 0; i < m->n_apps; i++)
                runtime_app_done(&m->apps[i]);
        free(m->apps);
        for (size_t i = 0; i < m->n_volumes; i++)
                volume_done(&m->volumes[i]);
        free(m->volumes);
        isolators_clear(&m->isolators);
        name_values_clear(&m->annotations);
        for (size_t i = 0; i < m->n_ports; i++)
                exposed_port_done(&m->ports[i]);
        free(m->ports);
        name_values_clear(&m->user_annotations);
        name_values_clear(&m->user_labels);
        free(m);
}

void pod_manifest_remove_app(PodManifest *m, const char *name) {
        RuntimeApp *a = pod_manifest_find_app(m, name);
        if (!a)
                return;
        runtime_app_done(a);
        m->n_apps--;
        memmove(a, a + 1, (size_t) (m->apps + m->n_apps - a) * sizeof(*a));
}

RuntimeApp *pod_manifest_add_app(PodManifest *m, const char *name, const char *image_id) {
        RuntimeApp *a = items_append(&m->apps, &m->n_apps);
        a->name = xstrdup(name);
        a->image.id = xstrdup(image_id);
        return a;
}

Volume *pod_manifest_add_volume(PodManifest *m) {
        Volume *v = items_append(&m->volumes, &m->n_volumes);
        v->read_only = v->recursive = -1;
        return v;
}

ExposedPort *pod_manifest_add_port(PodManifest *m) {
        return items_append(&m->ports, &m->n_ports);
}

Mount *runtime_app_add_mount(RuntimeApp *a, const char *volume, const char *path) {
        Mount *m = items_append(&a->mounts, &a->n_mounts);
        m->volume = xstrdup(volume);
        m->path = xstrdup(path);
        m->read_only = -1;
        return m;
}

RuntimeApp *pod_manifest_find_app(const PodManifest *m, const char *name) {
        for (size_t i = 0; i < m->n_apps; i++)
                if (streq(m->apps[i].name, name))
                        return &m->apps[i];
        return NULL;
}

Volume *pod_manifest_find_volume(const PodManifest *m, const char *name) {
        for (size_t i = 0; i < m->n_volumes; i++)
                if (streq(m->volumes[i].name, name))
                        return &m->volumes[i];
        return NULL;
}

static int parse_volume(JsonContext *c, json_object *o, void *ret) {
        return volume_parse(c, o, ret);
}

static int parse_mount(JsonContext *c, json_object *o, void *ret) {
        return mount_parse(c, o, ret);
}

static int parse_port(JsonContext *c, json_object *o, void *ret) {
        return exposed_port_parse(c, o, ret);
}

static int parse_image(JsonContext *c, json_object *o, RuntimeApp *a) {
        json_object *image;
        int r = json_get_object(c, o, "image", JSON_REQUIRED, &image);
        if (r < 0)
                return r;
        size_t mark = json_enter(c, "image");
        if (json_get_ac_identifier(c, image, "name", JSON_OPTIONAL, &a->image.name) < 0 ||
                        json_get_image_id(c, image, "id", JSON_REQUIRED, &a->image.id) < 0 ||
                        name_values_parse(c, image, "labels", NAME_VALUE_LABELS, &a->image.labels) < 0)
                r = -EINVAL;
        json_leave(c, mark);
        return r;
}

static int parse_runtime_app(JsonContext *c, json_object *o, void *ret) {
        RuntimeApp *a = ret;
        json_object *app;
        if (json_get_ac_name(c, o, "name", &a->name) < 0 || parse_image(c, o, a) < 0 ||
                        json_get_object(c, o, "app", JSON_OPTIONAL, &app) < 0)
                return -EINVAL;
        if (app) {
                size_t mark = json_enter(c, "app");
                int r = app_parse(c, app, &a->app);
                json_leave(c, mark);
                if (r < 0)
                        return r;
        }
        if (json_get_bool(c, o, "readOnlyRootFS", JSON_OPTIONAL, &a->read_only_rootfs) < 0 ||
                        json_get_list(c, o, "mounts", JSON_OPTIONAL, parse_mount, &a->mounts, &a->n_mounts) <
                                        0 ||
                        name_values_parse(c, o, "annotations", NAME_VALUE_ANNOTATIONS, &a->annotations) < 0)
                return -EINVAL;
        return 0;
}

/* Every mount has its volume. Looked up in a sorted array: a manifest may hold very many of both. */
static int check_mounts(JsonContext *c, const PodManifest *m) {
        _cleanup_free_ const char **names = xnew(const char *, m->n_volumes + 1);
        for (size_t i = 0; i < m->n_volumes; i++)
                names[i] = m->volumes[i].name;
        qsort(names, m->n_volumes, sizeof(*names), string_compare);

        for (size_t i = 0; i < m->n_apps; i++) {
                for (size_t j = 0; j < m->apps[i].n_mounts; j++) {
                        const Mount *mount = &m->apps[i].mounts[j];
                        const char *name = mount->volume;
                        if (mount->app_volume ||
                                        bsearch(&name, names, m->n_volumes, sizeof(*names), string_compare))
                                continue;
                        json_enter(c, "apps");
                        json_enter_index(c, i);
                        json_enter(c, "mounts");
                        json_enter_index(c, j);
                        return json_fail_member(c, "volume", "the pod has no volume \"%s\"", name);
                }
        }
        return 0;
}

static int check_version(JsonContext *c, const char *version) {
        SemanticVersion v;
        /* rkt wrote its own version here: its major number says nothing about the format */
        if (semantic_version_parse(version, &v) < 0 || streq(version, "0.0.0"))
                return json_fail_member(c, "acVersion",
                                "\"%s\": expected a semantic version such as \"" APPC_VERSION "\"", version);
        return 0;
}

static int parse_manifest(JsonContext *c, json_object *o, void *ret) {
        _cleanup_pod_manifest_ PodManifest *m = xnew(PodManifest, 1);
        if (json_expect(c, o, json_type_object) < 0 ||
                        json_get_kind_and_version(c, o, POD_MANIFEST_KIND, &m->ac_version) < 0 ||
                        check_version(c, m->ac_version) < 0 ||
                        json_get_list(c, o, "apps", JSON_OPTIONAL, parse_runtime_app, &m->apps, &m->n_apps) <
                                        0 ||
                        json_get_list(c, o, "volumes", JSON_OPTIONAL, parse_volume, &m->volumes,
                                        &m->n_volumes) < 0 ||
                        isolators_parse(c, o, &m->isolators) < 0 ||
                        name_values_parse(c, o, "annotations", NAME_VALUE_ANNOTATIONS, &m->annotations) <
                                        0 ||
                        json_get_list(c, o, "ports", JSON_OPTIONAL, parse_port, &m->ports, &m->n_ports) <
                                        0 ||
                        string_map_parse(c, o, "userAnnotations", &m->user_annotations) < 0 ||
                        string_map_parse(c, o, "userLabels", &m->user_labels) < 0 ||
                        json_check_unique(c, "apps", m->apps, m->n_apps, sizeof(RuntimeApp),
                                        offsetof(RuntimeApp, name)) < 0 ||
                        json_check_unique(c, "volumes", m->volumes, m->n_volumes, sizeof(Volume),
                                        offsetof(Volume, name)) < 0 ||
                        check_mounts(c, m) < 0)
                return -EINVAL;
        *(PodManifest **) ret = TAKE_PTR(m);
        return 0;
}

int pod_manifest_parse(
                const char *name, const char *text, size_t size, PodManifest **ret, char **ret_error) {
        return manifest_parse(name, text, size, parse_manifest, ret, ret_error);
}

int pod_manifest_load_at(int dirfd, const char *path, PodManifest **ret, char **ret_error) {
        return manifest_load_at(dirfd, path, parse_manifest, ret, ret_error);
}

static json_object *runtime_app_to_json(const RuntimeApp *a) {
        json_object *image = json_object_new_object(), *mounts = json_object_new_array();
        if (a->image.name)
                json_object_object_add(image, "name", json_object_new_string(a->image.name));
        json_object_object_add(image, "id", json_object_new_string(a->image.id));
        json_add_if_filled(image, "labels", name_values_to_json(&a->image.labels));
        for (size_t i = 0; i < a->n_mounts; i++)
                json_object_array_add(mounts, mount_to_json(&a->mounts[i]));

        json_object *o = json_object_new_object();
        json_object_object_add(o, "name", json_object_new_string(a->name));
        json_object_object_add(o, "image", image);
        if (a->app)
                json_object_object_add(o, "app", app_to_json(a->app));
        if (a->read_only_rootfs)
                json_object_object_add(o, "readOnlyRootFS", json_object_new_boolean(true));
        json_add_if_filled(o, "mounts", mounts);
        json_add_if_filled(o, "annotations", name_values_to_json(&a->annotations));
        return o;
}

json_object *pod_manifest_to_json(const PodManifest *m) {
        json_object *apps = json_object_new_array(), *volumes = json_object_new_array(),
                    *ports = json_object_new_array();
        for (size_t i = 0; i < m->n_apps; i++)
                json_object_array_add(apps, runtime_app_to_json(&m->apps[i]));
        for (size_t i = 0; i < m->n_volumes; i++)
                json_object_array_add(volumes, volume_to_json(&m->volumes[i]));
        for (size_t i = 0; i < m->n_ports; i++)
                json_object_array_add(ports, exposed_port_to_json(&m->ports[i]));

        /* the lists are always there, as rkt wrote them: readers of the JSON need no test for absence */
        json_object *o = json_object_new_object();
        json_object_object_add(o, "acVersion", json_object_new_string(m->ac_version));
        json_object_object_add(o, "acKind", json_object_new_string(POD_MANIFEST_KIND));
        json_object_object_add(o, "apps", apps);
        json_object_object_add(o, "volumes", volumes);
        json_object_object_add(o, "isolators", isolators_to_json(&m->isolators));
        json_object_object_add(o, "annotations", name_values_to_json(&m->annotations));
        json_object_object_add(o, "ports", ports);
        json_add_if_filled(o, "userAnnotations", string_map_to_json(&m->user_annotations));
        json_add_if_filled(o, "userLabels", string_map_to_json(&m->user_labels));
        return o;
}

char *pod_manifest_to_text(const PodManifest *m, bool pretty) {
        _cleanup_json_ json_object *o = pod_manifest_to_json(m);
        return json_to_text(o, pretty);
}
