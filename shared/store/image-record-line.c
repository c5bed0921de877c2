/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a list shows of an image, without what json-c would build of the rest: of an image with many layers
 * that is ten times as much. */

#include "image-record.h"

#include "alloc.h"
#include "json-reader.h"
#include "store-reference.h"
#include "types.h"

static bool take_size(JsonReader *r, uint64_t *sum) {
        int64_t size;
        if (!json_reader_integer(r, &size) || size < 0)
                return false;
        *sum += size;
        return true;
}

static bool take_labels(JsonReader *r, NameValueList *labels) {
        JsonSlice key;
        bool good = labels->n == 0 && json_reader_object(r);
        while (good && json_reader_member(r, &key)) {
                _cleanup_free_ char *name = xstrndup(key.text, key.size), *value = NULL;
                good = key.plain && !name_values_get(labels, name) && json_reader_copy(r, &value);
                if (good)
                        name_values_add(labels, name, value);
        }
        return good;
}

/* What is there twice is left to json-c, which takes the last. */
static bool first_time(bool *seen) {
        bool first = !*seen;
        *seen = true;
        return first;
}

/* An object of which only the member with a size counts: the record's tree, or a layer. */
static bool take_sized(JsonReader *r, const char *member, uint64_t *sum) {
        JsonSlice key;
        bool seen = false, good = json_reader_object(r);
        while (good && json_reader_member(r, &key))
                if (json_slice_is(&key, member))
                        good = first_time(&seen) && take_size(r, sum);
                else
                        good = key.plain && json_reader_skip(r);
        return good;
}

static bool take_layers(JsonReader *r, uint64_t *sum) {
        bool good = json_reader_array(r);
        while (good && json_reader_element(r))
                good = take_sized(r, "treeSize", sum);
        return good;
}

typedef struct Line {
        ImageRecord *record;
        char *format;
        bool tree, layers; /* seen */
} Line;

static bool take_member(JsonReader *r, const JsonSlice *key, Line *l) {
        ImageRecord *record = l->record;
        if (json_slice_is(key, "id"))
                return json_reader_copy(r, &record->id);
        if (json_slice_is(key, "name"))
                return json_reader_copy(r, &record->name);
        if (json_slice_is(key, "labels"))
                return take_labels(r, &record->labels);
        if (json_slice_is(key, "importTime"))
                return json_reader_integer(r, &record->import_time);
        if (json_slice_is(key, "size"))
                return record->blob_size == 0 && take_size(r, &record->blob_size);
        if (json_slice_is(key, "tree"))
                return first_time(&l->tree) && take_sized(r, "size", &record->tree_size);
        if (json_slice_is(key, "format"))
                return json_reader_copy(r, &l->format);
        if (json_slice_is(key, "config"))
                return json_reader_copy(r, &record->config);
        if (json_slice_is(key, "reference"))
                return json_reader_copy(r, &record->reference);
        if (json_slice_is(key, "layers"))
                return first_time(&l->layers) && take_layers(r, &record->tree_size);
        return key->plain && json_reader_skip(r);
}

static bool take_record(JsonReader *r, ImageRecord *record) {
        Line l = { .record = record };
        JsonSlice key;
        bool good = json_reader_object(r);
        while (good && json_reader_member(r, &key))
                good = take_member(r, &key, &l);
        _cleanup_free_ char *format = l.format;
        if (!good || !json_reader_end(r) || !record->id || !record->name || record->import_time == 0)
                return false;
        bool oci = store_id_is_oci(record->id);
        return store_id_is_whole(record->id) && ac_identifier_is_valid(record->name) &&
               (oci ? streq_ptr(format, "oci") && record->config : !format && !record->config) &&
               (!record->reference || (oci && store_reference_is_valid(record->reference)));
}

int image_record_parse_line(
                const char *name, const char *text, size_t size, ImageRecord **ret, char **ret_error) {
        _cleanup_image_record_ ImageRecord *record = xnew(ImageRecord, 1);
        JsonReader r = { .text = text, .size = size };
        if (!take_record(&r, record))
                return image_record_parse(name, text, size, ret, ret_error);
        *ret = TAKE_PTR(record);
        return 0;
}
