/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oci-import.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "alloc.h"
#include "blob.h"
#include "duration.h"
#include "file.h"
#include "image-lookup.h"
#include "image-manifest.h"
#include "image-name.h"
#include "image-record.h"
#include "log.h"
#include "oci-digest.h"
#include "oci-render.h"
#include "store-reference.h"
#include "strv.h"
#include "temporary.h"

/* A document that is to become a blob. */
typedef struct Document {
        char *id, *path; /* path: temporary; NULL once it is in place */
        int fd;          /* holds its lock */
} Document;

typedef struct Commit {
        Store *store;
        const OciImportRequest *request;
        ImageRecord *record;
        Document manifest, config;
} Commit;

static void document_done(Store *s, Document *d) {
        if (d->path)
                unlinkat(store_fd(s), d->path, 0);
        if (d->fd >= 0)
                close(d->fd);
        free(d->path);
        free(d->id);
}

static void commit_done(Commit *c) {
        document_done(c->store, &c->manifest);
        document_done(c->store, &c->config);
        if (c->record)
                image_record_free(c->record);
}

int oci_import_lock(Store *s, const char *manifest_digest) {
        _cleanup_free_ char *path =
                        xasprintf(STORE_TEMPORARIES "/fetching-%s", oci_digest_hex(manifest_digest));
        int fd = lock_file_at(store_fd(s), path, LOCK_MODE_EXCLUSIVE, false);
        if (fd == -EWOULDBLOCK) {
                log_info("waiting for another process that fetches the same image");
                fd = lock_file_at(store_fd(s), path, LOCK_MODE_EXCLUSIVE, true);
        }
        if (fd < 0)
                return log_error_errno(fd, "cannot lock %s/%s", store_path(s), path);
        fchmod(fd, 0660); /* whoever is in the group may come next; only the owner can do this */
        return fd;
}

static int write_document(Store *s, const void *data, size_t size, const char *digest, Document *ret) {
        ret->id = oci_digest_to_id(digest);
        ret->fd = temporary_file(s, &ret->path);
        if (ret->fd < 0)
                return ret->fd;
        int r = write_all(ret->fd, data, size);
        return r >= 0 && fdatasync(ret->fd) < 0 ? -errno : r;
}

static int place_document(Store *s, Document *d) {
        int r = blob_commit(s, d->path, d->id);
        if (r >= 0) {
                free(d->path);
                d->path = NULL;
        }
        return r;
}

static int make_record(Commit *c) {
        const OciImportRequest *q = c->request;
        _cleanup_image_manifest_ ImageManifest *manifest = NULL;
        _cleanup_free_ char *error = NULL, *name = xasprintf("%s: configuration", q->source);
        int r = image_manifest_parse(name, q->image_manifest, strlen(q->image_manifest), &manifest, &error);
        if (r < 0) {
                log_error("cannot import %s", error ?: q->source);
                return r;
        }
        ImageRecord *record = c->record = xnew(ImageRecord, 1);
        record->id = oci_digest_to_id(q->manifest_digest);
        record->name = xstrdup(manifest->name);
        name_values_copy(&record->labels, &manifest->labels);
        record->import_time = record->last_used = realtime_ns();
        record->config = oci_digest_to_id(q->config_digest);
        record->reference = xstrdup(q->reference);
        record->blob_size = q->manifest_size + q->config_size;
        record->layers = xnew(LayerRecord, q->n_layers + 1);
        record->n_layers = q->n_layers;
        for (size_t i = 0; i < q->n_layers; i++) {
                record->layers[i].blob = oci_digest_to_id(q->layers[i].digest);
                record->layers[i].diff_id = oci_digest_to_id(q->layers[i].diff_id);
                record->layers[i].size = q->layers[i].size;
                record->blob_size += q->layers[i].size;
        }
        return 0;
}

/* What was chosen must still be there when the record comes: gc may have run since. */
static int check_layers(Store *s, const ImageRecord *record) {
        for (size_t i = 0; i < record->n_layers; i++) {
                const LayerRecord *layer = &record->layers[i];
                if (blob_size(s, layer->blob) < 0 ||
                                (layer->tree_id && store_tree_exists(s, layer->tree_id) <= 0)) {
                        log_error("layer %s was removed from the store meanwhile", layer->diff_id);
                        return -ESTALE;
                }
        }
        return 0;
}

/* The name that an image keeps when another one gets its tag: HOST/REPOSITORY@DIGEST. */
static char *without_tag(const char *reference, const char *id) {
        _cleanup_free_ char *digest = oci_digest_from_id(id), *repository = xstrdup(reference);
        char *slash = strrchr(repository, '/'), *tag = strpbrk(slash ? slash : repository, ":@");
        if (tag)
                *tag = 0;
        return xasprintf("%s@%s", repository, digest);
}

/* The caller holds store_lock_changes, as below. */
static int take_reference_from(Store *s, const char *reference, const char *new_id) {
        _cleanup_free_ char *old_id = NULL;
        _cleanup_image_record_ ImageRecord *old = NULL;
        if (store_reference_find(s, reference, &old_id) < 0 || streq(old_id, new_id) ||
                        image_record_load(s, old_id, &old, NULL) < 0 ||
                        !streq_ptr(old->reference, reference))
                return 0;
        free(old->reference);
        old->reference = without_tag(reference, old_id);
        return image_record_save(s, old);
}

static int save_reference(Store *s, const char *reference, const char *id) {
        int r = reference ? take_reference_from(s, reference, id) : 0;
        return r >= 0 && reference ? store_reference_save(s, reference, id) : r;
}

/* What an older record of the same image says that still holds. */
static void keep_old(Store *s, ImageRecord *record) {
        _cleanup_image_record_ ImageRecord *old = NULL;
        if (image_record_load(s, record->id, &old, NULL) < 0)
                return;
        record->tree_size = old->tree_size;
        record->tree_id = TAKE_PTR(old->tree_id);
        record->tree_images = TAKE_PTR(old->tree_images);
        if (!record->reference)
                record->reference = TAKE_PTR(old->reference);
        if (record->n_layers != old->n_layers || store_takes_layer_trees(s))
                return;
        LayerRecord *layers = record->layers;
        record->layers = old->layers;
        old->layers = layers;
}

/* The record comes last: without it, what is there does not count. */
static int place_all(Commit *c) {
        Store *s = c->store;
        const OciImportRequest *q = c->request;
        _cleanup_free_ char *manifest_path = xasprintf(STORE_MANIFESTS "/%s", c->record->id);
        int r = check_layers(s, c->record);
        if (r < 0)
                return r;
        keep_old(s, c->record);
        if ((r = place_document(s, &c->manifest)) < 0 || (r = place_document(s, &c->config)) < 0 ||
                        (r = replace_file_at(store_fd(s), manifest_path, q->image_manifest,
                                         strlen(q->image_manifest), 0660, true)) < 0 ||
                        (r = fsync_directory_at(store_fd(s), STORE_MANIFESTS)) < 0 ||
                        (r = image_name_add(s, c->record->name, c->record->id)) < 0)
                return r;
        if (store_takes_layer_trees(s) && (r = fsync_directory_at(store_fd(s), STORE_TREES)) < 0)
                return r;
        r = image_record_save(s, c->record);
        return r < 0 ? r : save_reference(s, q->reference, c->record->id);
}

static int wait_for_layers(const OciImportRequest *q) {
        for (size_t i = 0; i < q->n_layers; i++) {
                int r = q->layers[i].import ? layer_import_wait(q->layers[i].import) : 0;
                if (r < 0)
                        return r;
        }
        return 0;
}

static int prepare(Commit *c) {
        const OciImportRequest *q = c->request;
        _cleanup_free_ char *error = NULL;
        int r = make_record(c);
        if (r < 0)
                return r;
        if (store_takes_layer_trees(c->store))
                r = oci_choose_trees(c->store, c->record, &error);
        if (r < 0) {
                log_error("cannot import %s: %s", q->source, error ?: strerror(-r));
                return r == -ENOENT ? -ESTALE : r;
        }
        r = write_document(c->store, q->manifest, q->manifest_size, q->manifest_digest, &c->manifest);
        if (r >= 0)
                r = write_document(c->store, q->config, q->config_size, q->config_digest, &c->config);
        return r < 0 ? log_error_errno(r, "cannot write to %s/" STORE_TEMPORARIES, store_path(c->store)) : 0;
}

int oci_import_commit(Store *s, const OciImportRequest *q, char **ret_id) {
        _cleanup_(commit_done) Commit c = {
                .store = s, .request = q, .manifest = { .fd = -1 }, .config = { .fd = -1 }
        };
        int r = wait_for_layers(q);
        if (r >= 0)
                r = prepare(&c);
        if (r < 0)
                return r;
        _cleanup_close_ int lock = store_lock_changes(s);
        r = lock < 0 ? lock : place_all(&c);
        if (r < 0)
                return r == -ESTALE ? r
                                    : log_error_errno(r, "cannot put image %s into the store %s", q->source,
                                                      store_path(s));
        image_record_tell(c.record, EVENT_IMAGE_FETCHED);
        *ret_id = xstrdup(c.record->id);
        return 0;
}

static bool is_whole(Store *s, const ImageRecord *record) {
        if (blob_size(s, record->id) < 0 || blob_size(s, record->config) < 0)
                return false;
        for (size_t i = 0; i < record->n_layers; i++)
                if (blob_size(s, record->layers[i].blob) < 0)
                        return false;
        return true;
}

static int find_locked(Store *s, const char *id, const char *reference) {
        _cleanup_image_record_ ImageRecord *record = NULL;
        int r = image_record_load(s, id, &record, NULL);
        if (r < 0)
                return r == -ENOENT || r == -EINVAL ? 0 : r;
        if (!is_whole(s, record))
                return 0;
        if (reference && !streq_ptr(record->reference, reference)) {
                free(record->reference);
                record->reference = xstrdup(reference);
                r = image_record_save(s, record);
        }
        if (r >= 0)
                r = save_reference(s, reference, id);
        return r < 0 ? r : 1;
}

int oci_import_find(Store *s, const char *manifest_digest, const char *reference, char **ret_id) {
        _cleanup_free_ char *id = oci_digest_to_id(manifest_digest);
        if (!store_has_image(s, id))
                return 0;
        _cleanup_close_ int lock = store_lock_changes(s);
        int r = lock < 0 ? lock : find_locked(s, id, reference);
        if (r > 0)
                *ret_id = TAKE_PTR(id);
        return r;
}
