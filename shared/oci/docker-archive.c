/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "docker-archive.h"

#include <errno.h>

#include "alloc.h"
#include "oci-document.h"
#include "strv.h"

void docker_archive_free(DockerArchive *a) {
        if (!a)
                return;
        for (size_t i = 0; i < a->n_images; i++) {
                free(a->images[i].config);
                strv_free(a->images[i].tags);
                strv_free(a->images[i].layers);
        }
        free(a->images);
        free(a);
}

static int parse_image(JsonContext *c, json_object *o, DockerArchiveImage *image) {
        if (json_expect(c, o, json_type_object) < 0 ||
                        oci_get_string(c, o, "Config", JSON_REQUIRED, &image->config) < 0 ||
                        json_get_strv(c, o, "RepoTags", JSON_OPTIONAL, &image->tags) < 0 ||
                        json_get_strv(c, o, "Layers", JSON_OPTIONAL, &image->layers) < 0)
                return -EINVAL;
        if (!image->tags)
                image->tags = strv_copy(NULL);
        if (!image->layers) /* null, as Go writes an empty list */
                image->layers = strv_copy(NULL);
        if (strv_length(image->layers) > OCI_LAYERS_MAX)
                return json_fail_member(c, "Layers", "%zu layers are too many: expected at most %d",
                                strv_length(image->layers), OCI_LAYERS_MAX);
        return 0;
}

static int parse_archive(JsonContext *c, json_object *o, void *ret) {
        _cleanup_docker_archive_ DockerArchive *a = xnew(DockerArchive, 1);
        size_t n = json_object_array_length(o);
        if (n > OCI_MANIFESTS_MAX)
                return json_fail(c, "%zu images are too many: expected at most %d", n, OCI_MANIFESTS_MAX);
        a->images = xnew(DockerArchiveImage, n + 1);
        for (; a->n_images < n; a->n_images++) {
                size_t mark = json_enter_index(c, a->n_images);
                int r = parse_image(c, json_object_array_get_idx(o, a->n_images), &a->images[a->n_images]);
                json_leave(c, mark);
                if (r < 0) {
                        a->n_images++; /* what is in it is to be freed */
                        return r;
                }
        }
        *(DockerArchive **) ret = TAKE_PTR(a);
        return 0;
}

int docker_archive_parse(
                const char *name, const char *text, size_t size, DockerArchive **ret, char **ret_error) {
        return oci_document_parse(name, text, size, json_type_array, parse_archive, ret, ret_error);
}

char *docker_archive_to_text(const DockerArchive *a) {
        _cleanup_json_ json_object *array = json_object_new_array();
        for (size_t i = 0; i < a->n_images; i++) {
                json_object *o = json_object_new_object();
                json_object_object_add(o, "Config", json_object_new_string(a->images[i].config));
                json_object_object_add(o, "RepoTags", strv_to_json(a->images[i].tags));
                json_object_object_add(o, "Layers", strv_to_json(a->images[i].layers));
                json_object_array_add(array, o);
        }
        return json_to_text(array, false);
}
