/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oci-manifest.h"

#include <errno.h>
#include <inttypes.h>

#include "alloc.h"
#include "oci-document.h"

void oci_manifest_free(OciManifest *m) {
        if (!m)
                return;
        free(m->media_type);
        oci_descriptor_done(&m->config);
        for (size_t i = 0; i < m->n_layers; i++)
                oci_descriptor_done(&m->layers[i]);
        free(m->layers);
        name_values_clear(&m->annotations);
        free(m);
}

OciLayerFormat oci_layer_format(const char *media_type) {
        static const struct {
                const char *media_type;
                OciLayerFormat format;
        } table[] = {
                { OCI_MEDIA_LAYER, OCI_LAYER_TAR },
                { OCI_MEDIA_LAYER_GZIP, OCI_LAYER_GZIP },
                { OCI_MEDIA_LAYER_ZSTD, OCI_LAYER_ZSTD },
                { DOCKER_MEDIA_LAYER, OCI_LAYER_TAR },
                { DOCKER_MEDIA_LAYER ".gzip", OCI_LAYER_GZIP },
                { DOCKER_MEDIA_LAYER ".zstd", OCI_LAYER_ZSTD },
        };
        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                if (streq(table[i].media_type, media_type))
                        return table[i].format;
        if (startswith(media_type, "application/vnd.docker.image.rootfs.foreign.diff.tar") ||
                        startswith(media_type, "application/vnd.oci.image.layer.nondistributable.v1.tar"))
                return OCI_LAYER_FOREIGN;
        return OCI_LAYER_UNKNOWN;
}

static int parse_layer(JsonContext *c, json_object *o, void *ret) {
        OciDescriptor *d = ret;
        int r = oci_descriptor_parse(c, o, d);
        if (r < 0)
                return r;
        switch (oci_layer_format(d->media_type)) {
        case OCI_LAYER_FOREIGN:
                return json_fail_member(c, "mediaType",
                                "\"%s\" is a foreign layer, which is not distributed with the image",
                                d->media_type);
        case OCI_LAYER_UNKNOWN:
                return json_fail_member(c, "mediaType",
                                "\"%s\" is not a layer that can be read: expected a tar archive, plain or "
                                "compressed with gzip or zstd",
                                d->media_type);
        default: return 0;
        }
}

/* Docker's registry once stored configurations as octet-stream. */
static bool is_image_config(const char *media_type) {
        return streq(media_type, OCI_MEDIA_CONFIG) || streq(media_type, DOCKER_MEDIA_CONFIG) ||
               streq(media_type, "application/octet-stream");
}

static int parse_config(JsonContext *c, json_object *o, OciManifest *m) {
        json_object *config;
        if (json_get_object(c, o, "config", JSON_REQUIRED, &config) < 0)
                return -EINVAL;
        size_t mark = json_enter(c, "config");
        int r = oci_descriptor_parse(c, config, &m->config);
        if (r >= 0 && !is_image_config(m->config.media_type))
                r = json_fail_member(c, "mediaType",
                                "\"%s\" is not the configuration of a container image: "
                                "expected " OCI_MEDIA_CONFIG,
                                m->config.media_type);
        if (r >= 0 && m->config.size > OCI_DOCUMENT_MAX)
                r = json_fail_member(c, "size", "%" PRIu64 " is more than the %zu bytes that it may have",
                                m->config.size, OCI_DOCUMENT_MAX);
        json_leave(c, mark);
        return r;
}

/* Docker's manifests always say what they are. */
static const char *own_media_type(json_object *o) {
        json_object *value = NULL;
        json_object_object_get_ex(o, "mediaType", &value);
        return value ? json_object_get_string(value) : OCI_MEDIA_MANIFEST;
}

static int parse_manifest(JsonContext *c, json_object *o, void *ret) {
        _cleanup_oci_manifest_ OciManifest *m = xnew(OciManifest, 1);
        if (oci_document_check(c, o, OCI_MANIFEST) < 0 ||
                        oci_document_refuse_member(c, o, "manifests") < 0 ||
                        oci_document_refuse_member(c, o, "fsLayers") < 0 || parse_config(c, o, m) < 0 ||
                        json_get_list(c, o, "layers", JSON_REQUIRED, parse_layer, &m->layers, &m->n_layers) <
                                        0 ||
                        string_map_parse(c, o, "annotations", &m->annotations) < 0)
                return -EINVAL;
        if (m->n_layers > OCI_LAYERS_MAX)
                return json_fail_member(c, "layers", "%zu layers are too many: expected at most %d",
                                m->n_layers, OCI_LAYERS_MAX);
        m->media_type = xstrdup(own_media_type(o));
        *(OciManifest **) ret = TAKE_PTR(m);
        return 0;
}

int oci_manifest_parse(
                const char *name, const char *text, size_t size, OciManifest **ret, char **ret_error) {
        return oci_document_parse(name, text, size, json_type_object, parse_manifest, ret, ret_error);
}

char *oci_manifest_to_text(const OciManifest *m) {
        _cleanup_json_ json_object *o = json_object_new_object();
        json_object *layers = json_object_new_array();
        for (size_t i = 0; i < m->n_layers; i++)
                json_object_array_add(layers, oci_descriptor_to_json(&m->layers[i]));
        json_object_object_add(o, "schemaVersion", json_object_new_int(2));
        json_object_object_add(o, "mediaType", json_object_new_string(m->media_type));
        json_object_object_add(o, "config", oci_descriptor_to_json(&m->config));
        json_object_object_add(o, "layers", layers);
        return json_to_text(o, false);
}
