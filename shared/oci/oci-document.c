/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oci-document.h"

#include <errno.h>

#include "alloc.h"
#include "oci-digest.h"
#include "option-json.h"
#include "strv.h"

/* Members in the text: each has one colon outside of strings. */
static size_t count_colons(const char *text, size_t size) {
        size_t n = 0;
        bool in_string = false;
        for (size_t i = 0; i < size; i++)
                if (in_string && text[i] == '\\')
                        i++;
                else if (text[i] == '"')
                        in_string = !in_string;
                else
                        n += !in_string && text[i] == ':';
        return n;
}

/* Members that json-c kept: of several with one name, the last. The depth is limited by the parser. */
static size_t count_members(json_object *o) {
        size_t n = 0;
        if (json_object_is_type(o, json_type_array))
                for (size_t i = 0; i < json_object_array_length(o); i++)
                        n += count_members(json_object_array_get_idx(o, i));
        if (!json_object_is_type(o, json_type_object))
                return n;
        struct json_object_iterator i = json_object_iter_begin(o), end = json_object_iter_end(o);
        for (; !json_object_iter_equal(&i, &end); json_object_iter_next(&i))
                n += 1 + count_members(json_object_iter_peek_value(&i));
        return n;
}

int oci_document_parse(const char *name, const char *text, size_t size, json_type type, JsonItemParser parse,
                void *ret, char **ret_error) {
        if (size > OCI_DOCUMENT_MAX) {
                option_fail(ret_error, "%s: larger than %zu bytes, the most that a document may have", name,
                                OCI_DOCUMENT_MAX);
                return -EFBIG;
        }
        _cleanup_json_context_ JsonContext c;
        int r = json_context_parse(&c, name, text, size);
        if (r >= 0)
                r = json_expect(&c, c.root, type);
        if (r >= 0 && count_colons(text, size) != count_members(c.root))
                r = json_fail(&c, "an object of the document has a member twice");
        if (r >= 0)
                r = parse(&c, c.root, ret);
        if (r < 0 && ret_error)
                *ret_error = c.error ? TAKE_PTR(c.error) : xasprintf("%s: %s", name, strerror(-r));
        return r;
}

OciDocumentKind oci_media_type_kind(const char *media_type) {
        static const struct {
                const char *media_type;
                OciDocumentKind kind;
        } table[] = {
                { OCI_MEDIA_INDEX, OCI_INDEX },
                { DOCKER_MEDIA_LIST, OCI_INDEX },
                { OCI_MEDIA_MANIFEST, OCI_MANIFEST },
                { DOCKER_MEDIA_MANIFEST, OCI_MANIFEST },
                { DOCKER_MEDIA_SCHEMA1, OCI_SCHEMA1 },
                { "application/vnd.docker.distribution.manifest.v1+prettyjws", OCI_SCHEMA1 },
        };
        for (size_t i = 0; media_type && i < ELEMENTSOF(table); i++)
                if (streq(table[i].media_type, media_type))
                        return table[i].kind;
        return OCI_UNKNOWN;
}

static const char *kind_name(OciDocumentKind kind) {
        return kind == OCI_INDEX      ? "an image index"
               : kind == OCI_MANIFEST ? "an image manifest"
                                      : "schema 1";
}

int oci_document_check(JsonContext *c, json_object *o, OciDocumentKind kind) {
        const char *media_type = NULL;
        int64_t version = 0;
        if (json_get_int(c, o, "schemaVersion", JSON_REQUIRED, 0, INT64_MAX, &version) < 0 ||
                        json_get_string(c, o, "mediaType", JSON_OPTIONAL, &media_type) < 0)
                return -EINVAL;
        if (version != 2)
                return json_fail_member(c, "schemaVersion",
                                version == 1 ? "manifests of schema 1 are not supported: expected 2"
                                             : "expected 2");
        if (media_type && oci_media_type_kind(media_type) != kind)
                return json_fail_member(c, "mediaType", "\"%s\" is not the media type of %s", media_type,
                                kind_name(kind));
        return 0;
}

int oci_document_refuse_member(JsonContext *c, json_object *o, const char *key) {
        if (!json_object_object_get_ex(o, key, NULL))
                return 0;
        return json_fail_member(c, key, "this kind of document cannot have such a member");
}

typedef struct Kind {
        const char *media_type;
        OciDocumentKind kind;
} Kind;

static OciDocumentKind kind_of_members(json_object *o) {
        if (json_object_object_get_ex(o, "manifests", NULL))
                return OCI_INDEX;
        if (json_object_object_get_ex(o, "fsLayers", NULL))
                return OCI_SCHEMA1;
        return json_object_object_get_ex(o, "config", NULL) || json_object_object_get_ex(o, "layers", NULL)
                               ? OCI_MANIFEST
                               : OCI_UNKNOWN;
}

static int parse_kind(JsonContext *c, json_object *o, void *ret) {
        Kind *k = ret;
        const char *own = NULL;
        if (json_get_string(c, o, "mediaType", JSON_OPTIONAL, &own) < 0)
                return -EINVAL;
        OciDocumentKind said = oci_media_type_kind(k->media_type), says = oci_media_type_kind(own);
        k->kind = kind_of_members(o);
        if (k->kind == OCI_UNKNOWN)
                return json_fail(c, "is neither an image manifest nor an image index");
        if (own && says != k->kind)
                return json_fail_member(c, "mediaType", "\"%s\" is not the media type of %s", own,
                                kind_name(k->kind));
        if (said != OCI_UNKNOWN && said != k->kind)
                return json_fail(c, "is %s, but comes as \"%s\"", kind_name(k->kind), k->media_type);
        return 0;
}

int oci_document_kind(const char *name, const char *media_type, const char *text, size_t size,
                OciDocumentKind *ret, char **ret_error) {
        Kind kind = { .media_type = media_type };
        int r = oci_document_parse(name, text, size, json_type_object, parse_kind, &kind, ret_error);
        if (r >= 0)
                *ret = kind.kind;
        return r;
}

int oci_get_string(JsonContext *c, json_object *o, const char *key, JsonPresence p, char **ret) {
        const char *s = NULL;
        int r = json_get_string(c, o, key, p, &s);
        if (r < 0)
                return r;
        if (p == JSON_REQUIRED && !*s)
                return json_fail_member(c, key, "must not be empty");
        if (!isempty(s))
                *ret = xstrdup(s);
        return 0;
}

static int parse_platform(JsonContext *c, json_object *o, OciDescriptor *d) {
        json_object *platform;
        int r = json_get_object(c, o, "platform", JSON_OPTIONAL, &platform);
        if (r < 0 || !platform)
                return r;
        size_t mark = json_enter(c, "platform");
        if (oci_get_string(c, platform, "os", JSON_OPTIONAL, &d->os) < 0 ||
                        oci_get_string(c, platform, "architecture", JSON_OPTIONAL, &d->arch) < 0 ||
                        oci_get_string(c, platform, "variant", JSON_OPTIONAL, &d->variant) < 0)
                r = -EINVAL;
        json_leave(c, mark);
        return r;
}

int oci_descriptor_parse(JsonContext *c, json_object *o, void *ret) {
        OciDescriptor *d = ret;
        const char *media_type, *digest;
        int64_t size = 0;
        if (json_get_string(c, o, "mediaType", JSON_REQUIRED, &media_type) < 0 ||
                        json_get_string(c, o, "digest", JSON_REQUIRED, &digest) < 0 ||
                        json_get_int(c, o, "size", JSON_REQUIRED, 0, INT64_MAX, &size) < 0)
                return -EINVAL;
        const char *problem = oci_digest_problem(digest);
        if (problem)
                return json_fail_member(c, "digest", "\"%s\" %s", digest, problem);
        d->media_type = xstrdup(media_type);
        d->digest = xstrdup(digest);
        d->size = size;
        if (json_get_strv(c, o, "urls", JSON_OPTIONAL, &d->urls) < 0 ||
                        string_map_parse(c, o, "annotations", &d->annotations) < 0)
                return -EINVAL;
        return parse_platform(c, o, d);
}

void oci_descriptor_done(OciDescriptor *d) {
        free(d->media_type);
        free(d->digest);
        strv_free(d->urls);
        free(d->os);
        free(d->arch);
        free(d->variant);
        name_values_clear(&d->annotations);
}

json_object *oci_descriptor_to_json(const OciDescriptor *d) {
        json_object *o = json_object_new_object();
        json_object_object_add(o, "mediaType", json_object_new_string(d->media_type));
        json_object_object_add(o, "digest", json_object_new_string(d->digest));
        json_object_object_add(o, "size", json_object_new_int64((int64_t) d->size));
        json_add_if_filled(o, "annotations", string_map_to_json(&d->annotations));
        return o;
}
