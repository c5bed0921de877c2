/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image-import.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "alloc.h"
#include "blob.h"
#include "duration.h"
#include "file.h"
#include "image-name.h"
#include "image-record.h"
#include "import-signal.h"
#include "log.h"
#include "strv.h"
#include "temporary.h"
#include "unpacker.h"

struct ImageImport {
        Store *store;
        char *source;
        int fd, tree_fd;             /* fd: the archive; tree_fd: -1: there is none */
        char *blob_path, *tree_path; /* temporary; relative to DATA/cas; NULL: not there */
        Unpacker *unpacker;
        UnpackerResult result;
        ImageManifest *manifest;
        bool failed; /* has been logged */
};

static void remove_tree(ImageImport *i) {
        if (!i->tree_path)
                return;
        int r = remove_tree_at(store_fd(i->store), i->tree_path, false);
        if (r < 0)
                log_warning_errno(r, "cannot remove %s/%s", store_path(i->store), i->tree_path);
        free(i->tree_path);
        i->tree_path = NULL;
}

void image_import_free(ImageImport *i) {
        if (i->unpacker)
                unpacker_free(i->unpacker);
        unpacker_result_clear(&i->result);
        if (i->manifest)
                image_manifest_free(i->manifest);
        remove_tree(i);
        if (i->fd >= 0)
                close(i->fd);
        if (i->tree_fd >= 0)
                close(i->tree_fd);
        free(i->blob_path);
        free(i->source);
        free(i);
        import_signals_release();
}

static int start(ImageImport *i, const ImageImportRequest *request) {
        UnpackerLayer layer = { .fd = request->fd, .follow = request->follow };
        UnpackerRequest unpack = { .output = -1, .layers = &layer, .n_layers = 1 };
        i->fd = fcntl(request->fd, F_DUPFD_CLOEXEC, 3);
        if (i->fd < 0)
                return log_error_errno(errno, "cannot import %s", i->source);
        if (geteuid() == 0) { /* only root may see trees, and can give files to their owners */
                i->tree_fd = temporary_tree(i->store, &i->tree_path);
                if (i->tree_fd < 0)
                        return log_error_errno(i->tree_fd, "cannot create a directory in %s/" STORE_TREES,
                                        store_path(i->store));
        }
        unpack.root = i->tree_fd;
        return unpacker_start(&unpack, &i->unpacker);
}

int image_import_start(Store *s, const ImageImportRequest *request, ImageImport **ret) {
        import_signals_hold();
        _cleanup_image_import_ ImageImport *i = xnew(ImageImport, 1);
        i->store = s;
        i->source = xstrdup(request->source);
        i->blob_path = xstrdup(request->blob);
        i->fd = i->tree_fd = -1;
        int r = start(i, request);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(i);
        return 0;
}

int image_import_pollfd(const ImageImport *i) {
        return unpacker_pollfd(i->unpacker);
}

/* Takes the unpacking process's verdict. */
static int wait_for_unpacker(ImageImport *i) {
        _cleanup_free_ char *error = NULL;
        size_t layer;
        int r = import_wait(unpacker_pollfd(i->unpacker));
        if (r == -EINTR) {
                i->failed = true;
                return r;
        }
        r = unpacker_wait(i->unpacker, &i->result, &layer, &error);
        if (r < 0 && import_interrupted()) /* a terminal's signal, which it has had, too */
                r = -EINTR;
        else if (r < 0)
                log_error("cannot import %s: %s", i->source, error);
        i->failed = r < 0;
        return r;
}

int image_import_finish(ImageImport *i, const ImageManifest **ret_manifest, const char **ret_id) {
        _cleanup_free_ char *error = NULL;
        if (i->failed)
                return -EBADMSG;
        int r = wait_for_unpacker(i);
        if (r < 0)
                return r;
        _cleanup_free_ char *name = xasprintf("%s: manifest", i->source);
        r = image_manifest_parse(name, i->result.manifest, i->result.manifest_size, &i->manifest, &error);
        if (r < 0) {
                log_error("cannot import %s", error ?: i->source);
                return r;
        }
        if (ret_manifest)
                *ret_manifest = i->manifest;
        if (ret_id)
                *ret_id = i->result.ids[0];
        return 0;
}

/* A tree with dependencies below it, or that shows a part of the archive only, is rendered from the blobs
 * once all of them are there. */
static bool tree_is_whole(const ImageImport *i) {
        return i->manifest->n_dependencies == 0 && strv_length(i->manifest->path_whitelist) == 0;
}

static int sync_content(ImageImport *i) {
        if (i->tree_path && syncfs(i->tree_fd) < 0)
                return -errno;
        return fdatasync(i->fd) < 0 ? -errno : 0;
}

static int commit_tree(ImageImport *i) {
        if (!i->tree_path)
                return 0;
        _cleanup_free_ char *path = xasprintf(STORE_TREES "/%s", i->result.tree_id);
        if (renameat2(store_fd(i->store), i->tree_path, store_fd(i->store), path, RENAME_NOREPLACE) < 0)
                return errno == EEXIST ? 0 : -errno; /* there already: ours goes with the import */
        free(i->tree_path);
        i->tree_path = NULL;
        return fsync_directory_at(store_fd(i->store), STORE_TREES);
}

static int commit_record(ImageImport *i, bool latest) {
        struct stat st;
        if (fstat(i->fd, &st) < 0)
                return -errno;
        const char *id = i->result.ids[0];
        _cleanup_image_record_ ImageRecord *old = NULL, *record = xnew(ImageRecord, 1);
        record->id = xstrdup(id);
        record->name = xstrdup(i->manifest->name);
        name_values_copy(&record->labels, &i->manifest->labels);
        record->import_time = record->last_used = realtime_ns();
        record->latest = latest;
        record->blob_size = st.st_size;
        if (image_record_load(i->store, id, &old, NULL) >= 0) {
                record->latest = latest || old->latest;
                record->tree_size = old->tree_size;
                record->tree_id = TAKE_PTR(old->tree_id);
                record->tree_images = TAKE_PTR(old->tree_images);
        }
        if (i->manifest->n_dependencies == 0) {
                free(record->tree_id);
                strv_free(record->tree_images);
                record->tree_id = xstrdup(i->result.tree_id);
                record->tree_images = strv_copy(i->result.ids);
        }
        if (i->tree_fd >= 0 && tree_is_whole(i))
                record->tree_size = i->result.tree_size;
        int r = image_record_save(i->store, record);
        if (r >= 0)
                image_record_tell(record, EVENT_IMAGE_FETCHED);
        return r;
}

/* The record comes last: without it, what is there does not count, and gc removes it. */
static int commit(ImageImport *i, bool latest) {
        const char *id = i->result.ids[0];
        _cleanup_free_ char *manifest_path = xasprintf(STORE_MANIFESTS "/%s", id);
        _cleanup_close_ int lock = store_lock_changes(i->store);
        int r = lock;
        if (r >= 0 && i->blob_path)
                r = blob_commit(i->store, i->blob_path, id);
        if (r >= 0)
                r = replace_file_at(store_fd(i->store), manifest_path, i->result.manifest,
                                i->result.manifest_size, 0660, true);
        if (r >= 0)
                r = fsync_directory_at(store_fd(i->store), STORE_MANIFESTS);
        if (r >= 0)
                r = image_name_add(i->store, i->manifest->name, id);
        if (r >= 0)
                r = commit_tree(i);
        return r < 0 ? r : commit_record(i, latest);
}

int image_import_commit(ImageImport *i, bool latest) {
        if (!tree_is_whole(i))
                remove_tree(i);
        int r = sync_content(i);
        if (r >= 0)
                r = commit(i, latest);
        return r < 0 ? log_error_errno(r, "cannot put image %s into the store %s", i->source,
                                       store_path(i->store))
                     : 0;
}
