/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "alloc.h"
#include "blob.h"
#include "file.h"
#include "globals.h"
#include "image-arguments.h"
#include "image-import.h"
#include "image-use.h"
#include "image.h"
#include "log.h"
#include "process.h"
#include "strv.h"
#include "temporary.h"

static const Command command = {
        .name = "image reindex",
        .usage = "",
        .summary = "Take over the images of a store that rkt 1.x has written",
        .description = "Imports each archive that has no record, as those of rkt 1.x, and prints its ID.",
        .global_options = global_options,
};

static int import_blob(Store *s, const char *id) {
        _cleanup_image_import_ ImageImport *import = NULL;
        const char *found;
        _cleanup_close_ int fd = blob_open(s, id);
        if (fd < 0)
                return log_error_errno(fd, "cannot open the archive of image %s", id);
        ImageImportRequest request = { .source = id, .fd = fd, .follow = -1 };
        int r = image_import_start(s, &request, &import);
        if (r >= 0)
                r = image_import_finish(import, NULL, &found);
        if (r < 0)
                return r;
        if (!streq(found, id)) {
                log_error("the archive of image %s is damaged: its content has the ID %s", id, found);
                return -EBADMSG;
        }
        r = image_import_commit(import, false);
        if (r >= 0)
                printf("%s\n", id);
        return r;
}

/* rkt 1.x rendered trees in place, with a marker for those that are whole: they are rendered anew instead,
 * unless a pod lives on one. */
static int discard_trees(Store *s) {
        _cleanup_store_use_ StoreUse use = {};
        _cleanup_strv_ char **names = NULL;
        _cleanup_close_ int lock = store_lock_prepare(s, LOCK_MODE_EXCLUSIVE, true);
        if (lock < 0)
                return log_error_errno(lock, "cannot lock prepareLock");
        int r = image_use_scan(globals.dir, &use);
        if (r < 0)
                return r;
        r = list_directory_at(store_fd(s), STORE_TREES, &names);
        STRV_FOREACH (name, names) {
                _cleanup_free_ char *path = xasprintf(STORE_TREES "/%s", *name),
                                    *mark = xasprintf("%s/image", path);
                bool used = use.unknown || strv_contains(use.trees, *name);
                if (r >= 0 && !used && faccessat(store_fd(s), mark, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
                        r = temporary_discard_tree(s, path);
        }
        return r < 0 ? log_error_errno(r, "cannot remove trees of rkt 1.x in %s/" STORE_TREES, store_path(s))
                     : 0;
}

static int discard_old_trees(Store *s) {
        size_t n;
        int r = discard_trees(s);
        return r < 0 ? r : temporary_sweep(s, UNFINISHED_GRACE, &n);
}

static int reindex(Store *s) {
        _cleanup_strv_ char **ids = NULL;
        int failed = 0, r = geteuid() == 0 ? discard_old_trees(s) : 0;
        if (r < 0)
                return r;
        r = blob_list(s, "sha512", &ids);
        if (r < 0)
                return log_error_errno(r, "cannot read %s/" STORE_BLOBS, store_path(s));
        STRV_FOREACH (id, ids)
                if (!store_has_image(s, *id))
                        failed += import_blob(s, *id) < 0;
        return failed > 0 ? -EIO : 0;
}

int image_reindex(int argc, char **argv) {
        _cleanup_image_arguments_ ImageArguments a = {};
        int r = image_arguments_none(&command, argc, argv, &a);
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        if (reindex(a.store) < 0)
                return EXIT_RKT_FAILURE;
        return process_end(0);
}
