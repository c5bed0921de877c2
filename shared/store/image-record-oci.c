/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image-record-oci.h"

#include <errno.h>

#include "alloc.h"
#include "store-reference.h"

#define FORMAT_OCI "oci"

void image_record_free_layers(ImageRecord *record) {
        for (size_t i = 0; i < record->n_layers; i++) {
                free(record->layers[i].blob);
                free(record->layers[i].diff_id);
                free(record->layers[i].tree_id);
        }
        free(record->layers);
}

static int parse_layer(JsonContext *c, json_object *o, LayerRecord *layer) {
        const char *blob, *diff_id, *tree_id = NULL;
        int64_t size, tree_size = 0;
        int r = json_expect(c, o, json_type_object);
        if (r < 0 || (r = json_get_string(c, o, "blob", JSON_REQUIRED, &blob)) < 0 ||
                        (r = json_get_string(c, o, "diffId", JSON_REQUIRED, &diff_id)) < 0 ||
                        (r = json_get_string(c, o, "tree", JSON_OPTIONAL, &tree_id)) < 0 ||
                        (r = json_get_int(c, o, "size", JSON_REQUIRED, 0, INT64_MAX, &size)) < 0 ||
                        (r = json_get_int(c, o, "treeSize", JSON_OPTIONAL, 0, INT64_MAX, &tree_size)) < 0 ||
                        (r = json_get_bool(c, o, "root", JSON_OPTIONAL, &layer->root)) < 0 ||
                        (r = json_get_bool(c, o, "opaque", JSON_OPTIONAL, &layer->opaque)) < 0)
                return r;
        if (!store_id_is_oci(blob) || !store_id_is_oci(diff_id))
                return json_fail(c, "\"blob\" and \"diffId\" must be sha256- and 64 digits");
        if (tree_id && (!startswith(tree_id, "layer-") || !store_tree_id_is_valid(tree_id)))
                return json_fail(c, "\"tree\" is not the ID of a layer's tree");
        layer->blob = xstrdup(blob);
        layer->diff_id = xstrdup(diff_id);
        layer->tree_id = xstrdup(tree_id);
        layer->size = size;
        layer->tree_size = tree_size;
        return 0;
}

static int parse_layers(JsonContext *c, ImageRecord *record) {
        json_object *list;
        int r = json_get_array(c, c->root, "layers", JSON_REQUIRED, &list);
        if (r < 0)
                return r;
        size_t mark = json_enter(c, "layers"), n = json_object_array_length(list);
        record->layers = xnew(LayerRecord, n + 1);
        for (size_t i = 0; i < n; i++) {
                size_t inner = json_enter_index(c, i);
                r = parse_layer(c, json_object_array_get_idx(list, i), &record->layers[i]);
                if (r < 0)
                        return r;
                record->n_layers++;
                json_leave(c, inner);
        }
        json_leave(c, mark);
        return 0;
}

int image_record_parse_oci(JsonContext *c, ImageRecord *record) {
        const char *format = NULL, *config, *reference = NULL;
        int r = json_get_string(c, c->root, "format", JSON_OPTIONAL, &format);
        if (r < 0 || !format)
                return r;
        if (!streq(format, FORMAT_OCI))
                return json_fail(c, "\"format\" is none that is known");
        if ((r = json_get_string(c, c->root, "config", JSON_REQUIRED, &config)) < 0 ||
                        (r = json_get_string(c, c->root, "reference", JSON_OPTIONAL, &reference)) < 0)
                return r;
        if (!store_id_is_oci(config))
                return json_fail(c, "\"config\" is not the ID of a blob");
        if (reference && !store_reference_is_valid(reference))
                return json_fail(c, "\"reference\" is not the name of an image in a registry");
        record->config = xstrdup(config);
        record->reference = xstrdup(reference);
        return parse_layers(c, record);
}

static json_object *layer_to_json(const LayerRecord *layer) {
        json_object *o = json_object_new_object();
        json_object_object_add(o, "blob", json_object_new_string(layer->blob));
        json_object_object_add(o, "diffId", json_object_new_string(layer->diff_id));
        json_object_object_add(o, "size", json_object_new_int64(layer->size));
        if (layer->tree_id) {
                json_object_object_add(o, "tree", json_object_new_string(layer->tree_id));
                json_object_object_add(o, "treeSize", json_object_new_int64(layer->tree_size));
        }
        if (layer->root)
                json_object_object_add(o, "root", json_object_new_boolean(true));
        if (layer->opaque)
                json_object_object_add(o, "opaque", json_object_new_boolean(true));
        return o;
}

void image_record_add_oci(json_object *o, const ImageRecord *record) {
        if (!record->config)
                return;
        json_object *list = json_object_new_array();
        json_object_object_add(o, "format", json_object_new_string(FORMAT_OCI));
        json_object_object_add(o, "config", json_object_new_string(record->config));
        if (record->reference)
                json_object_object_add(o, "reference", json_object_new_string(record->reference));
        for (size_t i = 0; i < record->n_layers; i++)
                json_object_array_add(list, layer_to_json(&record->layers[i]));
        json_object_object_add(o, "layers", list);
}
