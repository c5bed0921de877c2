/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sweep.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "alloc.h"
#include "blob.h"
#include "duration.h"
#include "file.h"
#include "image-name.h"
#include "image-parts.h"
#include "image-record.h"
#include "image-remove.h"
#include "log.h"
#include "remote.h"
#include "root-link.h"
#include "store-reference.h"
#include "strv.h"
#include "temporary.h"

void store_use_clear(StoreUse *u) {
        strv_free(u->images);
        strv_free(u->trees);
        *u = (StoreUse){};
}

typedef struct Sweep {
        Store *store;
        const StoreUse *use;
        ImageRecord **records; /* of the images that stay */
        size_t n_records;
        RootLink *links; /* their images stay */
        size_t n_links;
        ImageRecord **removed;
        size_t n_removed;
        ImageParts *parts; /* of the images that stay */
        int64_t unfinished_grace;
        int result;
} Sweep;

static void note(Sweep *w, int error) {
        if (w->result == 0)
                w->result = error;
}

static bool remove_image(Sweep *w, const ImageRecord *record) {
        _cleanup_free_ char *error = NULL, *title = image_record_title(record);
        int r = image_remove_locked(w->store, record->id, &error);
        if (r == -ENOENT)
                return false;
        if (r < 0) {
                note(w, log_error_errno(r, "error removing aci for image \"%s\" (\"%s\")", record->id,
                                        title));
                return false;
        }
        if (r > 0)
                log_warning("some files of image \"%s\" (\"%s\") cannot be removed: %s", record->id, title,
                                error);
        image_record_tell(record, EVENT_IMAGE_REMOVED);
        printf("successfully removed aci for image: \"%s\" (\"%s\")\n", record->id, title);
        return true;
}

static void sweep_images(Sweep *w, int64_t grace) {
        int64_t now = realtime_ns();
        size_t kept = 0;
        w->removed = xnew(ImageRecord *, w->n_records + 1);
        for (size_t i = 0; i < w->n_records; i++) {
                ImageRecord *record = w->records[i];
                bool old = now - record->last_used >= grace;
                if (!old || w->use->unknown || strv_contains(w->use->images, record->id) ||
                                root_links_find(w->links, w->n_links, record->id) ||
                                !remove_image(w, record))
                        w->records[kept++] = record;
                else
                        w->removed[w->n_removed++] = record;
        }
        w->n_records = kept;
        w->parts = image_parts_new(w->records, kept);
        int r = image_parts_release(w->store, w->removed, w->n_removed, w->parts, w->use);
        if (r < 0)
                note(w, log_error_errno(r, "cannot remove all of what removed images consisted of"));
}

/* Something of no image that a fetch may be about to make one of. */
static bool is_young(const Sweep *w, const char *path) {
        struct stat st;
        return fstatat(store_fd(w->store), path, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
               realtime_ns() - timespec_ns(st.st_mtim) < w->unfinished_grace;
}

static bool tree_is_kept(const Sweep *w, const char *tree_id) {
        _cleanup_free_ char *path = xasprintf(STORE_TREES "/%s", tree_id);
        return w->use->unknown || strv_contains(w->use->trees, tree_id) ||
               image_parts_have_tree(w->parts, tree_id) ||
               (startswith(tree_id, "layer-") && is_young(w, path));
}

static int discard_tree(Store *s, const char *tree_id) {
        _cleanup_free_ char *path = xasprintf(STORE_TREES "/%s", tree_id);
        int r = temporary_discard_tree(s, path);
        if (r == -ENOENT)
                return 0;
        if (r < 0)
                return log_error_errno(r, "error removing tree \"%s\"", tree_id);
        printf("removed treestore \"%s\"\n", tree_id);
        return 1;
}

int store_sweep_tree(Store *s, const StoreUse *use, const char *tree_id) {
        if (use->unknown || strv_contains(use->trees, tree_id))
                return 0;
        return discard_tree(s, tree_id);
}

/* What a rendering that was killed left of its lock. */
static void sweep_lock(Sweep *w, int dirfd, const char *name) {
        _cleanup_close_ int fd = lock_file_at(dirfd, name, LOCK_MODE_EXCLUSIVE, false);
        if (fd >= 0)
                unlinkat(dirfd, name, 0);
}

static void sweep_trees(Sweep *w) {
        _cleanup_close_ int dirfd =
                        openat(store_fd(w->store), STORE_TREES, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_strv_ char **names = NULL;
        int r = dirfd < 0 ? -errno : list_directory_at(dirfd, ".", &names);
        if (r < 0) {
                note(w, log_error_errno(r, "cannot read %s/" STORE_TREES, store_path(w->store)));
                return;
        }
        STRV_FOREACH (name, names) {
                if (startswith(*name, ".lock-"))
                        sweep_lock(w, dirfd, *name);
                else if (store_tree_id_is_valid(*name) && !tree_is_kept(w, *name)) {
                        r = discard_tree(w->store, *name);
                        if (r < 0)
                                note(w, r);
                }
        }
}

/* Blobs of rkt 1.x have no record of ours before "rkt image reindex": they are left alone while its database
 * is there. */
static bool has_old_database(Store *s) {
        return faccessat(store_fd(s), "db", F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static int sweep_archives(Store *s) {
        _cleanup_strv_ char **ids = NULL;
        if (has_old_database(s))
                return 0;
        int result = blob_list(s, "sha512", &ids);
        STRV_FOREACH (id, ids) {
                if (store_has_image(s, *id))
                        continue;
                int r = blob_remove(s, *id);
                if (r < 0)
                        result = r;
        }
        return result;
}

static int sweep_layers(const Sweep *w) {
        _cleanup_strv_ char **ids = NULL;
        int result = blob_list(w->store, "sha256", &ids);
        STRV_FOREACH (id, ids) {
                _cleanup_free_ char *path = blob_path(*id);
                if (image_parts_have_blob(w->parts, *id) || is_young(w, path))
                        continue;
                int r = blob_remove(w->store, *id);
                if (r < 0)
                        result = r;
        }
        return result;
}

/* Files in a directory of ours that are none of an image: temporaries of writers that were killed, which
 * would hold store_lock_changes if they were alive, and manifests without an image. */
static int sweep_files(Store *s, const char *directory) {
        _cleanup_close_ int dirfd = openat(store_fd(s), directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_strv_ char **names = NULL;
        int result = dirfd < 0 ? -errno : list_directory_at(dirfd, ".", &names);
        STRV_FOREACH (name, names) {
                if (store_id_is_whole(*name) && store_has_image(s, *name))
                        continue;
                if (unlinkat(dirfd, *name, 0) < 0 && errno != ENOENT)
                        result = -errno;
        }
        return result;
}

/* The index can be had from the records: what is missing in it is put back. */
static int complete_names(const Sweep *w) {
        int result = 0;
        for (size_t i = 0; i < w->n_records; i++) {
                int r = image_name_add(w->store, w->records[i]->name, w->records[i]->id);
                if (r < 0)
                        result = r;
        }
        return result;
}

static void sweep_strays(Sweep *w) {
        size_t n = 0;
        const struct {
                const char *what;
                int result;
        } steps[] = {
                { STORE_BLOBS, sweep_archives(w->store) },
                { STORE_BLOBS, sweep_layers(w) },
                { STORE_REFERENCES, store_reference_sweep(w->store, NULL) },
                { STORE_MANIFESTS, sweep_files(w->store, STORE_MANIFESTS) },
                { STORE_IMAGES, sweep_files(w->store, STORE_IMAGES) },
                { STORE_NAMES, image_name_sweep(w->store, &n) },
                { STORE_NAMES, complete_names(w) },
                { STORE_REMOTES, remote_sweep(w->store, NULL, &n) },
        };
        for (size_t i = 0; i < ELEMENTSOF(steps); i++)
                if (steps[i].result < 0)
                        note(w, log_error_errno(steps[i].result, "cannot clear up %s/%s",
                                                store_path(w->store), steps[i].what));
}

int store_sweep(Store *s, const StoreUse *use, int64_t grace) {
        Sweep w = { .store = s, .use = use, .unfinished_grace = MIN(grace, UNFINISHED_GRACE) };
        _cleanup_close_ int lock = store_lock_changes(s);
        if (lock < 0)
                return log_error_errno(lock, "cannot lock %s", store_path(s));
        int r = root_links_load(s, &w.links, &w.n_links);
        if (r < 0)
                return log_error_errno(r, "cannot read the links to images beside %s", store_path(s));
        r = image_records_load(s, &w.records, &w.n_records);
        if (r < 0)
                return log_error_errno(r, "cannot read the image records of %s", store_path(s));
        sweep_images(&w, grace);
        sweep_trees(&w);
        sweep_strays(&w);
        image_parts_free(w.parts);
        image_records_free(w.records, w.n_records);
        image_records_free(w.removed, w.n_removed);
        root_links_free(w.links, w.n_links);
        if (w.n_removed > 0)
                log_info("%zu image(s) successfully removed", w.n_removed);
        return w.result;
}
