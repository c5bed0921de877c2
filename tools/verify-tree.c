/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify-tree.h"

#include <errno.h>
#include <fcntl.h>

#include "alloc.h"
#include "file.h"
#include "globals.h"
#include "image-use.h"
#include "log.h"
#include "strv.h"
#include "temporary.h"
#include "tree-compare.h"

/* A running pod sees the tree through its overlay: it cannot be changed under it. */
static int check_unused(const VerifiedTree *t) {
        _cleanup_store_use_ StoreUse use = {};
        int r = image_use_scan(globals.dir, &use);
        if (r < 0)
                return r;
        if (use.unknown || strv_contains(use.trees, t->tree_id)) {
                log_error("the tree of %s is in use by a pod, and cannot be rebuilt before that is gone",
                                t->what);
                return -EBUSY;
        }
        return 0;
}

/* 1 if the fresh tree has been taken. */
static int rebuild(Store *s, const VerifiedTree *t) {
        size_t n;
        _cleanup_free_ char *path = xasprintf(STORE_TREES "/%s", t->tree_id);
        _cleanup_close_ int lock = store_lock_prepare(s, LOCK_MODE_EXCLUSIVE, true);
        int r = lock < 0 ? log_error_errno(lock, "cannot lock prepareLock") : check_unused(t);
        if (r < 0)
                return r;
        r = temporary_discard_tree(s, path);
        if (r < 0 && r != -ENOENT)
                return log_error_errno(r, "cannot move %s/%s away", store_path(s), path);
        r = t->place(s, t);
        close(TAKE_FD(lock));
        if (r >= 0)
                r = temporary_sweep(s, UNFINISHED_GRACE, &n);
        return r < 0 ? r : 1;
}

/* 1 if it differs. */
static int compare(Store *s, const VerifiedTree *t) {
        _cleanup_free_ char *path = xasprintf(STORE_TREES "/%s/rootfs", t->tree_id), *difference = NULL;
        _cleanup_close_ int tree =
                        openat(store_fd(s), path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (tree < 0 && errno == ENOENT)
                return 1;
        if (tree < 0)
                return log_error_errno(errno, "cannot open %s/%s", store_path(s), path);
        raise_descriptor_limit();
        int r = tree_compare(tree, t->fresh, &difference);
        if (r < 0)
                return log_error_errno(r, "cannot compare the tree of %s", t->what);
        if (r > 0)
                log_error("tree cache verification failed for %s: %s; rebuilding...", t->what, difference);
        return r;
}

int verify_tree(Store *s, const VerifiedTree *t) {
        int r = compare(s, t);
        if (r > 0)
                r = rebuild(s, t);
        if (r <= 0)
                remove_tree_at(store_fd(s), t->fresh_path, false);
        return r;
}
