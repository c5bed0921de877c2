/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Image layouts: image-layout.md of the OCI image specification. */

#include <errno.h>
#include <inttypes.h>

#include "alloc.h"
#include "json.h"
#include "local-image.h"
#include "log.h"
#include "oci-digest.h"
#include "sha256.h"
#include "strv.h"

#define REF_NAME        "org.opencontainers.image.ref.name"
#define CONTAINERD_NAME "io.containerd.image.name"

static char *blob_name(const char *digest) {
        return xasprintf("blobs/sha256/%s", oci_digest_hex(digest));
}

/* What descriptor points to: the file is compared with it. */
static int read_document(LocalImage *i, const char *name, const OciDescriptor *descriptor, char **ret,
                size_t *ret_size) {
        _cleanup_free_ char *text = NULL, *digest = NULL;
        size_t size;
        int r = image_files_read(i->files, name, OCI_DOCUMENT_MAX, &text, &size);
        if (r < 0)
                return r;
        if (size != descriptor->size) {
                log_error("%s: the file \"%s\" has %zu bytes instead of %" PRIu64, i->source, name, size,
                                descriptor->size);
                return -EBADMSG;
        }
        digest = sha256_digest(text, size);
        if (!streq_ptr(digest, descriptor->digest)) {
                log_error("%s: the file \"%s\" has digest %s instead of %s", i->source, name, digest,
                                descriptor->digest);
                return -EBADMSG;
        }
        *ret = TAKE_PTR(text);
        *ret_size = size;
        return 0;
}

static int check_version(LocalImage *i) {
        _cleanup_free_ char *text = NULL;
        _cleanup_json_context_ JsonContext c = {};
        const char *version = NULL;
        size_t size;
        int r = image_files_read(i->files, "oci-layout", OCI_DOCUMENT_MAX, &text, &size);
        if (r < 0)
                return r;
        r = json_context_parse(&c, "oci-layout", text, size);
        if (r >= 0)
                r = json_expect(&c, c.root, json_type_object);
        if (r >= 0)
                r = json_get_string(&c, c.root, "imageLayoutVersion", JSON_REQUIRED, &version);
        if (r >= 0 && !startswith(version, "1."))
                r = json_fail(&c, "version \"%s\" of image layouts is not known: expected 1.0.0", version);
        if (r < 0)
                log_error("%s: %s", i->source, c.error ?: strerror(-r));
        return r;
}

static const char *ref_name(const OciDescriptor *d) {
        return name_values_get(&d->annotations, REF_NAME);
}

static char *names(const OciIndex *index) {
        _cleanup_strv_ char **list = strv_copy(NULL);
        for (size_t k = 0; k < index->n_manifests; k++) {
                const char *name = ref_name(&index->manifests[k]);
                if (!strv_contains(list, name ?: index->manifests[k].digest))
                        strv_add(&list, name ?: index->manifests[k].digest);
        }
        return strv_join(list, ", ");
}

static bool is_wanted(const Reference *wanted, const OciDescriptor *d) {
        return (!wanted->ref || streq_ptr(ref_name(d), wanted->ref)) &&
               (!wanted->digest || streq(d->digest, wanted->digest));
}

static const OciDescriptor *select_platform(const LocalImage *i, const OciIndex *index) {
        _cleanup_free_ char *error = NULL;
        const OciDescriptor *d = oci_index_select_host(index, &error);
        if (!d)
                log_error("%s: %s", i->source, error);
        return d;
}

/* Entries of the layout's own index: the one that is named, or the only one; of several for platforms, this
 * machine's. */
static const OciDescriptor *select_entry(
                const LocalImage *i, const Reference *wanted, const OciIndex *index) {
        OciIndex fitting = { .manifests = xnew(OciDescriptor, index->n_manifests + 1) };
        const OciDescriptor *d = NULL;
        bool same_name = true;
        for (size_t k = 0; k < index->n_manifests; k++)
                if (is_wanted(wanted, &index->manifests[k])) {
                        fitting.manifests[fitting.n_manifests++] = index->manifests[k];
                        same_name &= streq_ptr(
                                        ref_name(&index->manifests[k]), ref_name(&fitting.manifests[0]));
                }
        _cleanup_free_ char *all = names(index);
        if (fitting.n_manifests == 0)
                log_error("%s: the layout has no such image; it has: %s", i->source, *all ? all : "none");
        else if (fitting.n_manifests == 1)
                d = &fitting.manifests[0];
        else if (same_name && (fitting.manifests[0].os || ref_name(&fitting.manifests[0])))
                d = select_platform(i, &fitting);
        else
                log_error("%s: the layout has several images, say which one: %s", i->source, all);
        /* of the two lists of the same descriptors, the caller has the other one */
        for (size_t k = 0; d && k < index->n_manifests; k++)
                if (index->manifests[k].digest == d->digest) {
                        d = &index->manifests[k];
                        break;
                }
        free(fitting.manifests);
        return d;
}

static int read_index(LocalImage *i, const char *name, const char *text, size_t size, OciIndex **ret) {
        _cleanup_free_ char *error = NULL;
        int r = oci_index_parse(name, text, size, ret, &error);
        if (r < 0)
                log_error("%s: %s", i->source, error);
        return r;
}

/* Reads what d points to, and through indexes on to a manifest. */
static int follow(LocalImage *i, const OciDescriptor *d, unsigned depth) {
        _cleanup_oci_index_ OciIndex *index = NULL;
        _cleanup_free_ char *name = blob_name(d->digest), *text = NULL, *error = NULL;
        OciDocumentKind kind;
        size_t size;
        if (depth > OCI_INDEX_DEPTH) {
                log_error("%s: more than %d indexes that point to each other", i->source, OCI_INDEX_DEPTH);
                return -ELOOP;
        }
        int r = read_document(i, name, d, &text, &size);
        if (r < 0)
                return r;
        r = oci_document_kind(name, d->media_type, text, size, &kind, &error);
        if (r < 0) {
                log_error("%s: %s", i->source, error);
                return r;
        }
        if (kind == OCI_INDEX) {
                r = read_index(i, name, text, size, &index);
                if (r < 0)
                        return r;
                d = select_platform(i, index);
                return d ? follow(i, d, depth + 1) : -ENOENT;
        }
        r = oci_manifest_parse(name, text, size, &i->manifest, &error);
        if (r < 0) {
                log_error("%s: %s", i->source, error);
                return r;
        }
        i->manifest_text = TAKE_PTR(text);
        i->manifest_size = size;
        i->manifest_digest = xstrdup(d->digest);
        return 0;
}

static int read_config(LocalImage *i) {
        _cleanup_free_ char *name = blob_name(i->manifest->config.digest), *error = NULL;
        int r = read_document(i, name, &i->manifest->config, &i->config_text, &i->config_size);
        if (r < 0)
                return r;
        r = oci_config_parse(name, i->config_text, i->config_size, &i->config, &error);
        if (r < 0)
                log_error("%s: %s", i->source, error);
        return r;
}

/* A ref name is a tag, or a whole reference: podman and skopeo write what they were told. Docker and
 * containerd write the reference beside it. */
static void name_image(LocalImage *i, const Reference *wanted, const OciDescriptor *d) {
        const char *ref = wanted->ref ?: ref_name(d),
                   *full = name_values_get(&d->annotations, CONTAINERD_NAME);
        _cleanup_reference_ Reference r = {};
        _cleanup_free_ char *error = NULL;
        if (!full && ref && strchr(ref, '/'))
                full = ref;
        if (full && reference_parse_registry(full, &r, &error) >= 0 && r.tag && !r.digest) {
                i->name = xasprintf("%s/%s", r.host, r.repository);
                i->tag = xstrdup(r.tag);
                i->reference = xstrdup(r.location);
                return;
        }
        i->name = local_image_name_of_path(image_files_path(i->files));
        i->tag = ref ? xstrdup(ref) : NULL;
}

int oci_layout_read(const Reference *wanted, LocalImage *i) {
        _cleanup_oci_index_ OciIndex *index = NULL;
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r = check_version(i);
        if (r >= 0)
                r = image_files_read(i->files, "index.json", OCI_DOCUMENT_MAX, &text, &size);
        if (r >= 0)
                r = read_index(i, "index.json", text, size, &index);
        if (r < 0)
                return r;
        const OciDescriptor *d = select_entry(i, wanted, index);
        if (!d)
                return -ENOENT;
        name_image(i, wanted, d);
        r = follow(i, d, 0);
        if (r >= 0)
                r = read_config(i);
        i->layer_files = strv_copy(NULL);
        for (size_t k = 0; r >= 0 && k < i->manifest->n_layers; k++)
                strv_push(&i->layer_files, blob_name(i->manifest->layers[k].digest));
        return r;
}
