/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Archives of docker save and its like. They have no image manifest: one is made from what there is, so
 * that an archive is the same image each time. */

#include <errno.h>
#include <inttypes.h>

#include "alloc.h"
#include "docker-archive.h"
#include "local-image.h"
#include "log.h"
#include "oci-digest.h"
#include "sha256.h"
#include "strv.h"

static char *canonical(const char *tag) {
        _cleanup_reference_ Reference r = {};
        _cleanup_free_ char *error = NULL;
        if (reference_parse_registry(tag, &r, &error) < 0 || r.digest)
                return NULL;
        return xstrdup(r.location);
}

static bool has_tag(const DockerArchiveImage *image, const char *wanted) {
        STRV_FOREACH (tag, image->tags) {
                _cleanup_free_ char *name = canonical(*tag);
                if (streq_ptr(name, wanted))
                        return true;
        }
        return false;
}

static char *names(const DockerArchive *a) {
        _cleanup_strv_ char **list = strv_copy(NULL);
        for (size_t k = 0; k < a->n_images; k++) {
                if (!a->images[k].tags[0])
                        strv_push(&list, xasprintf("one without a name (%s)", a->images[k].config));
                strv_extend(&list, a->images[k].tags);
        }
        return list[0] ? strv_join(list, ", ") : xstrdup("none");
}

static const DockerArchiveImage *select_image(
                const LocalImage *i, const Reference *wanted, const DockerArchive *a) {
        const DockerArchiveImage *found = NULL;
        size_t n = 0;
        for (size_t k = 0; k < a->n_images; k++)
                if (!wanted->ref || has_tag(&a->images[k], wanted->ref)) {
                        found = &a->images[k];
                        n++;
                }
        if (n == 1)
                return found;
        _cleanup_free_ char *all = names(a);
        log_error(n == 0 ? "%s: the archive has no such image; it has: %s"
                         : "%s: the archive has several images, say which one: %s",
                        i->source, all);
        return NULL;
}

/* Files are named by the digest of what is in them, "HEX.json" or "blobs/sha256/HEX"; older ones are not. */
static int check_name(const LocalImage *i, const char *file, const char *digest) {
        const char *slash = strrchr(file, '/'), *name = slash ? slash + 1 : file;
        if (strspn(name, "0123456789abcdef") != OCI_DIGEST_HEX || startswith(name, oci_digest_hex(digest)))
                return 0;
        log_error("%s: the file \"%s\" has digest %s", i->source, file, digest);
        return -EBADMSG;
}

static int read_config(LocalImage *i, const char *file, OciDescriptor *descriptor) {
        _cleanup_free_ char *error = NULL;
        int r = image_files_read(i->files, file, OCI_DOCUMENT_MAX, &i->config_text, &i->config_size);
        if (r < 0)
                return r;
        r = oci_config_parse(file, i->config_text, i->config_size, &i->config, &error);
        if (r < 0) {
                log_error("%s: %s", i->source, error);
                return r;
        }
        *descriptor = (OciDescriptor){
                .media_type = xstrdup(OCI_MEDIA_CONFIG),
                .digest = sha256_digest(i->config_text, i->config_size),
                .size = i->config_size,
        };
        return descriptor->digest ? check_name(i, file, descriptor->digest) : -ENOMEM;
}

/* The digest of a layer that is not compressed is its diff ID, and is verified when it is copied. */
static int describe_layer(const LocalImage *i, const char *file, const char *diff_id, OciDescriptor *d) {
        _cleanup_file_range_ FileRange range = { .fd = -1 };
        unsigned char magic[4] = {};
        int r = image_files_find(i->files, file, &range);
        if (r < 0)
                return r;
        if (range.size >= sizeof(magic) && pread(range.fd, magic, sizeof(magic), range.offset) < 0)
                return log_error_errno(errno, "cannot read the file \"%s\" of %s", file, i->source);
        bool gzip = magic[0] == 0x1f && magic[1] == 0x8b, zstd = memcmp(magic, "\x28\xb5\x2f\xfd", 4) == 0;
        d->media_type = xasprintf("%s%s", OCI_MEDIA_LAYER, gzip ? "+gzip" : zstd ? "+zstd" : "");
        d->size = range.size;
        if (!gzip && !zstd) {
                d->digest = xstrdup(diff_id);
                return 0;
        }
        r = sha256_digest_range(range.fd, range.offset, range.size, &d->digest);
        return r < 0 ? log_error_errno(r, "cannot read the file \"%s\" of %s", file, i->source) : 0;
}

static int make_manifest(LocalImage *i, const DockerArchiveImage *image) {
        size_t n = strv_length(image->layers);
        _cleanup_free_ char *error = NULL;
        _cleanup_oci_manifest_ OciManifest *m = xnew(OciManifest, 1);
        int r = read_config(i, image->config, &m->config);
        if (r < 0)
                return r;
        if (n != i->config->n_diff_ids) {
                log_error("%s: the image has %zu layers, but its configuration has %zu", i->source, n,
                                i->config->n_diff_ids);
                return -EINVAL;
        }
        m->media_type = xstrdup(OCI_MEDIA_MANIFEST);
        m->layers = xnew(OciDescriptor, n + 1);
        for (m->n_layers = 0; r >= 0 && m->n_layers < n; m->n_layers++)
                r = describe_layer(i, image->layers[m->n_layers], i->config->diff_ids[m->n_layers],
                                &m->layers[m->n_layers]);
        if (r < 0)
                return r;
        i->manifest_text = oci_manifest_to_text(m);
        i->manifest_size = strlen(i->manifest_text);
        i->manifest_digest = sha256_digest(i->manifest_text, i->manifest_size);
        r = oci_manifest_parse(i->source, i->manifest_text, i->manifest_size, &i->manifest, &error);
        if (r < 0)
                log_error("%s", error);
        return r;
}

static void name_image(LocalImage *i, const Reference *wanted, const DockerArchiveImage *image) {
        const char *tag = wanted->ref ?: image->tags[0];
        _cleanup_reference_ Reference r = {};
        _cleanup_free_ char *error = NULL;
        if (tag && reference_parse_registry(tag, &r, &error) >= 0 && !r.digest) {
                i->name = xasprintf("%s/%s", r.host, r.repository);
                i->tag = xstrdup(r.tag);
                i->reference = xstrdup(r.location);
                return;
        }
        i->name = local_image_name_of_path(image_files_path(i->files));
}

int docker_archive_read(const Reference *wanted, LocalImage *i) {
        _cleanup_docker_archive_ DockerArchive *a = NULL;
        _cleanup_free_ char *text = NULL, *error = NULL;
        size_t size;
        int r = image_files_read(i->files, "manifest.json", OCI_DOCUMENT_MAX, &text, &size);
        if (r < 0)
                return r;
        r = docker_archive_parse("manifest.json", text, size, &a, &error);
        if (r < 0) {
                log_error("%s: %s", i->source, error);
                return r;
        }
        const DockerArchiveImage *image = select_image(i, wanted, a);
        if (!image)
                return -ENOENT;
        name_image(i, wanted, image);
        i->layer_files = strv_copy(image->layers);
        return make_manifest(i, image);
}
