/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "stored-image.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "aci-tree.h"
#include "alloc.h"
#include "blob.h"
#include "file.h"
#include "image-lookup.h"
#include "image-manifest.h"
#include "log.h"
#include "oci-digest.h"
#include "oci-from-appc.h"
#include "reference.h"
#include "sha256.h"
#include "strv.h"
#include "temporary.h"
#include "unpacker.h"

void stored_image_done(StoredImage *i) {
        if (i->record)
                image_record_free(i->record);
        free(i->manifest_text);
        free(i->manifest_digest);
        free(i->config_text);
        oci_manifest_free(i->manifest);
        oci_config_free(i->config);
        free(i->name);
        if (i->layer >= 0)
                close(i->layer);
}

int stored_images_hold(Store *s, int *ret) {
        *ret = geteuid() == 0 ? store_lock_prepare(s, LOCK_MODE_SHARED, true) : -1;
        return geteuid() == 0 && *ret < 0 ? log_error_errno(*ret, "cannot lock the store %s", store_path(s))
                                          : 0;
}

static int read_blob(Store *s, const char *id, char **ret, size_t *ret_size) {
        _cleanup_close_ int fd = blob_open(s, id);
        int r = fd < 0 ? fd : read_fd(fd, OCI_DOCUMENT_MAX, ret, ret_size);
        return r < 0 ? log_error_errno(r, "cannot read the blob %s", id) : 0;
}

static int parse(StoredImage *i) {
        _cleanup_free_ char *error = NULL;
        int r = oci_manifest_parse(i->record->id, i->manifest_text, i->manifest_size, &i->manifest, &error);
        if (r >= 0)
                r = oci_config_parse(i->manifest->config.digest, i->config_text, i->config_size, &i->config,
                                &error);
        if (r < 0)
                log_error("image %s: %s", i->record->id, error);
        return r;
}

static int open_oci(StoredImage *i) {
        int r = read_blob(i->store, i->record->id, &i->manifest_text, &i->manifest_size);
        if (r >= 0)
                r = read_blob(i->store, i->record->config, &i->config_text, &i->config_size);
        if (r >= 0)
                r = parse(i);
        if (r < 0)
                return r;
        i->manifest_digest = oci_digest_from_id(i->record->id);
        const char *slash = i->record->reference ? strrchr(i->record->reference, '/') : NULL;
        if (slash && !strchr(slash, '@'))
                i->name = xstrdup(i->record->reference);
        return 0;
}

int stored_image_open_tree(Store *s, const char *id) {
        _cleanup_free_ char *tree_id = NULL, *path = NULL;
        if (geteuid() != 0) {
                log_error("image %s: only root can read its tree, from which it is converted", id);
                return -EPERM;
        }
        int r = store_render_tree(s, id, &tree_id);
        if (r < 0)
                return r;
        path = xasprintf(STORE_TREES "/%s", tree_id);
        int fd = openat(store_fd(s), path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? log_error_errno(errno, "cannot open %s/%s", store_path(s), path) : fd;
}

/* A file of the store that has no name: gone when it is closed. */
static int nameless_file(Store *s) {
        _cleanup_free_ char *path = NULL;
        int fd = temporary_file(s, &path);
        if (fd < 0)
                return log_error_errno(fd, "cannot make a temporary file in %s", store_path(s));
        unlinkat(store_fd(s), path, 0);
        return fd;
}

static int write_layer(StoredImage *i, OciDescriptor *layer) {
        _cleanup_aci_writer_ AciWriter *w = NULL;
        _cleanup_close_ int tree = stored_image_open_tree(i->store, i->record->id);
        struct stat st;
        int fd;
        if (tree < 0)
                return tree;
        i->layer = nameless_file(i->store);
        int r = i->layer < 0 ? i->layer : aci_writer_new_fd(i->layer, "layer", "none", &w);
        if (r >= 0)
                r = aci_tree_write_rootfs(tree, i->record->id, ".", w);
        if (r >= 0)
                r = aci_writer_close(w, &fd);
        if (r < 0)
                return r;
        if (fstat(i->layer, &st) < 0)
                return log_error_errno(errno, "cannot read the layer");
        layer->media_type = xstrdup(OCI_MEDIA_LAYER);
        layer->size = st.st_size;
        r = sha256_digest_range(i->layer, 0, layer->size, &layer->digest);
        return r < 0 ? log_error_errno(r, "cannot read the layer") : 0;
}

static int load_image_manifest(StoredImage *i, ImageManifest **ret) {
        _cleanup_free_ char *error = NULL;
        int r = store_manifest_load(i->store, i->record->id, ret, &error);
        if (r < 0)
                log_error("image %s: %s", i->record->id, error);
        return r;
}

static int make_config(
                StoredImage *i, const ImageManifest *m, const char *diff_id, OciDescriptor *descriptor) {
        _cleanup_strv_ char **warnings = NULL;
        _cleanup_free_ char *error = NULL;
        int r = oci_config_from_image_manifest(m, diff_id, &i->config_text, &warnings, &error);
        if (r < 0) {
                log_error("image %s: %s", m->name, error);
                return r;
        }
        STRV_FOREACH (warning, warnings)
                log_warning("image %s: %s", m->name, *warning);
        i->config_size = strlen(i->config_text);
        *descriptor = (OciDescriptor){
                .media_type = xstrdup(OCI_MEDIA_CONFIG),
                .digest = sha256_digest(i->config_text, i->config_size),
                .size = i->config_size,
        };
        return 0;
}

/* Names of ACIs are often those that a registry would have, too. */
static void name_aci(StoredImage *i, const ImageManifest *m) {
        const char *version = name_values_get(&m->labels, "version");
        _cleanup_free_ char *name = xasprintf("%s:%s", m->name, version ?: "latest"), *error = NULL;
        _cleanup_reference_ Reference r = {};
        if (reference_parse_registry(name, &r, &error) >= 0 && !r.digest)
                i->name = xstrdup(r.location);
}

static int convert(StoredImage *i) {
        _cleanup_image_manifest_ ImageManifest *m = NULL;
        _cleanup_oci_manifest_ OciManifest *made = xnew(OciManifest, 1);
        made->media_type = xstrdup(OCI_MEDIA_MANIFEST);
        made->layers = xnew(OciDescriptor, 1);
        made->n_layers = 1;
        int r = load_image_manifest(i, &m);
        if (r >= 0)
                r = write_layer(i, &made->layers[0]);
        if (r >= 0)
                r = make_config(i, m, made->layers[0].digest, &made->config);
        if (r < 0)
                return r;
        i->manifest_text = oci_manifest_to_text(made);
        i->manifest_size = strlen(i->manifest_text);
        i->manifest_digest = sha256_digest(i->manifest_text, i->manifest_size);
        name_aci(i, m);
        return parse(i);
}

int stored_image_open(Store *s, const char *id, StoredImage *ret) {
        _cleanup_free_ char *error = NULL;
        *ret = (StoredImage){ .store = s, .layer = -1 };
        int r = image_record_load(s, id, &ret->record, &error);
        if (r < 0) {
                log_error("image %s: %s", id, error ?: strerror(-r));
                return r;
        }
        return ret->record->config ? open_oci(ret) : convert(ret);
}

int stored_image_open_layer(const StoredImage *i, size_t n) {
        if (i->layer >= 0) {
                int fd = fcntl(i->layer, F_DUPFD_CLOEXEC, 3);
                return fd < 0 ? log_error_errno(errno, "cannot read the layer") : fd;
        }
        _cleanup_free_ char *id = oci_digest_to_id(i->manifest->layers[n].digest);
        int fd = blob_open(i->store, id);
        return fd < 0 ? log_error_errno(fd, "cannot read the blob %s", id) : fd;
}

/* In rkt-unpack, as when it came. */
static int uncompress(const StoredImage *i, size_t n, int blob, int output) {
        _cleanup_unpacker_ Unpacker *u = NULL;
        _cleanup_unpacker_result_ UnpackerResult result = {};
        _cleanup_free_ char *error = NULL, *diff_id = oci_digest_to_id(i->config->diff_ids[n]);
        UnpackerLayer layer = { .fd = blob, .follow = -1 };
        UnpackerRequest request = {
                .format = UNPACK_OCI_LAYER,
                .root = -1,
                .output = output,
                .layers = &layer,
                .n_layers = 1,
        };
        size_t failed;
        int r = unpacker_start(&request, &u);
        if (r < 0)
                return r;
        r = unpacker_wait(u, &result, &failed, &error);
        if (r >= 0 && !streq(result.ids[0], diff_id)) {
                error = xasprintf("uncompressed, it has the digest %s", result.ids[0]);
                r = -EBADMSG;
        }
        if (r < 0)
                log_error("layer %s: %s", diff_id, error);
        return r;
}

int stored_image_open_uncompressed(const StoredImage *i, size_t n, uint64_t *ret_size) {
        _cleanup_close_ int fd = stored_image_open_layer(i, n), output = -1;
        struct stat st;
        int r = fd < 0 ? fd : 0;
        if (r >= 0 && !streq(i->manifest->layers[n].digest, i->config->diff_ids[n])) {
                output = nameless_file(i->store);
                r = output < 0 ? output : uncompress(i, n, fd, output);
                close(fd);
                fd = TAKE_FD(output);
        }
        if (r < 0)
                return r;
        if (fstat(fd, &st) < 0)
                return log_error_errno(errno, "cannot read a layer");
        *ret_size = st.st_size;
        return TAKE_FD(fd);
}
