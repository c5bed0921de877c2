/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "app.h"
#include "name-value.h"
#include "volume.h"

#define POD_MANIFEST_KIND "PodManifest"

typedef struct RuntimeApp {
        char *name; /* AC name, unique in the pod */
        struct {
                char *id;   /* required */
                char *name; /* may be NULL */
                NameValueList labels;
        } image;
        App *app; /* NULL: the image's */
        bool read_only_rootfs;
        Mount *mounts;
        size_t n_mounts;
        NameValueList annotations;
} RuntimeApp;

typedef struct PodManifest {
        char *ac_version;
        RuntimeApp *apps;
        size_t n_apps;
        Volume *volumes;
        size_t n_volumes;
        IsolatorList isolators;
        NameValueList annotations;
        ExposedPort *ports;
        size_t n_ports;
        NameValueList user_annotations, user_labels;
} PodManifest;

PodManifest *pod_manifest_new(void); /* of our acVersion, empty */
void pod_manifest_free(PodManifest *m);
DEFINE_CLEANUP(PodManifest *, pod_manifest_free)
#define _cleanup_pod_manifest_ _cleanup_(pod_manifest_freep)

/* As image_manifest_parse. Mounts must name a volume of the pod or bring their own. */
int pod_manifest_parse(const char *name, const char *text, size_t size, PodManifest **ret, char **ret_error);
int pod_manifest_load_at(int dirfd, const char *path, PodManifest **ret, char **ret_error);
/* The same for lists of many pods: only ac_version and the name and image of each app are sure to be filled.
 * What is not JSON, or lacks one of these, is refused as above; what else is wrong may not be. */
int pod_manifest_parse_names(
                const char *name, const char *text, size_t size, PodManifest **ret, char **ret_error);
int pod_manifest_load_names_at(int dirfd, const char *path, PodManifest **ret, char **ret_error);
json_object *pod_manifest_to_json(const PodManifest *m);
char *pod_manifest_to_text(const PodManifest *m, bool pretty);

/* Append an empty one and return it: valid until the next is added. */
RuntimeApp *pod_manifest_add_app(PodManifest *m, const char *name, const char *image_id);
Volume *pod_manifest_add_volume(PodManifest *m); /* all zero but read_only and recursive: -1 */
ExposedPort *pod_manifest_add_port(PodManifest *m);
Mount *runtime_app_add_mount(RuntimeApp *a, const char *volume, const char *path);

void pod_manifest_remove_app(PodManifest *m, const char *name);

/* NULL if there is none. */
RuntimeApp *pod_manifest_find_app(const PodManifest *m, const char *name);
Volume *pod_manifest_find_volume(const PodManifest *m, const char *name);
