/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "alloc.h"
#include "oci-document.h"
#include "strv.h"

void oci_index_free(OciIndex *i) {
        if (!i)
                return;
        free(i->media_type);
        for (size_t k = 0; k < i->n_manifests; k++)
                oci_descriptor_done(&i->manifests[k]);
        free(i->manifests);
        name_values_clear(&i->annotations);
        free(i);
}

static int parse_index(JsonContext *c, json_object *o, void *ret) {
        _cleanup_oci_index_ OciIndex *i = xnew(OciIndex, 1);
        const char *media_type = OCI_MEDIA_INDEX;
        if (oci_document_check(c, o, OCI_INDEX) < 0 || oci_document_refuse_member(c, o, "layers") < 0 ||
                        oci_document_refuse_member(c, o, "config") < 0 ||
                        oci_document_refuse_member(c, o, "fsLayers") < 0 ||
                        json_get_string(c, o, "mediaType", JSON_OPTIONAL, &media_type) < 0 ||
                        json_get_list(c, o, "manifests", JSON_REQUIRED, oci_descriptor_parse, &i->manifests,
                                        &i->n_manifests) < 0 ||
                        string_map_parse(c, o, "annotations", &i->annotations) < 0)
                return -EINVAL;
        if (i->n_manifests > OCI_MANIFESTS_MAX)
                return json_fail_member(c, "manifests", "%zu manifests are too many: expected at most %d",
                                i->n_manifests, OCI_MANIFESTS_MAX);
        i->media_type = xstrdup(media_type);
        *(OciIndex **) ret = TAKE_PTR(i);
        return 0;
}

int oci_index_parse(const char *name, const char *text, size_t size, OciIndex **ret, char **ret_error) {
        return oci_document_parse(name, text, size, json_type_object, parse_index, ret, ret_error);
}

char *oci_index_to_text(const OciIndex *i) {
        _cleanup_json_ json_object *o = json_object_new_object();
        json_object *manifests = json_object_new_array();
        for (size_t k = 0; k < i->n_manifests; k++)
                json_object_array_add(manifests, oci_descriptor_to_json(&i->manifests[k]));
        json_object_object_add(o, "schemaVersion", json_object_new_int(2));
        json_object_object_add(o, "mediaType", json_object_new_string(OCI_MEDIA_INDEX));
        json_object_object_add(o, "manifests", manifests);
        return json_to_text(o, false);
}

static bool can_be_followed(const OciDescriptor *d) {
        OciDocumentKind kind = oci_media_type_kind(d->media_type);
        return kind == OCI_MANIFEST || kind == OCI_INDEX;
}

const OciDescriptor *oci_index_select(
                const OciIndex *index, const char *os, const char *arch, const char *variant) {
        const OciDescriptor *best = NULL, *unsaid = NULL;
        size_t n_unsaid = 0;
        int best_rank = -1;
        for (size_t i = 0; i < index->n_manifests; i++) {
                const OciDescriptor *d = &index->manifests[i];
                if (!can_be_followed(d))
                        continue;
                if (!d->os && !d->arch) {
                        unsaid = d;
                        n_unsaid++;
                        continue;
                }
                if (!streq_ptr(d->os, os) || !streq_ptr(d->arch, arch))
                        continue;
                int rank = oci_variant_rank(arch, variant, d->variant);
                if (rank > best_rank) {
                        best_rank = rank;
                        best = d;
                }
        }
        return best || n_unsaid != 1 ? best : unsaid;
}

char *oci_index_platforms(const OciIndex *index) {
        _cleanup_strv_ char **names = strv_copy(NULL);
        for (size_t i = 0; i < index->n_manifests; i++) {
                const OciDescriptor *d = &index->manifests[i];
                if (!d->os && !d->arch)
                        continue;
                _cleanup_free_ char *name = xasprintf("%s/%s%s%s", d->os ?: "?", d->arch ?: "?",
                                d->variant ? "/" : "", d->variant ?: "");
                if (!strv_contains(names, name))
                        strv_push(&names, TAKE_PTR(name));
        }
        return names[0] ? strv_join(names, ", ") : xstrdup("none");
}

const OciDescriptor *oci_index_select_host(const OciIndex *index, char **ret_error) {
        const char *os, *arch, *variant;
        oci_platform_host(&os, &arch, &variant);
        const OciDescriptor *d = oci_index_select(index, os, arch, variant);
        if (!d) {
                _cleanup_free_ char *platforms = oci_index_platforms(index);
                *ret_error = xasprintf("there is no image for %s/%s%s%s, only for: %s", os, arch,
                                variant ? "/" : "", variant ?: "", platforms);
        }
        return d;
}
