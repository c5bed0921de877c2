/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "alloc.h"
#include "file.h"
#include "globals.h"
#include "image-arguments.h"
#include "image-lookup.h"
#include "image-use.h"
#include "image.h"
#include "log.h"
#include "render.h"
#include "strv.h"
#include "temporary.h"
#include "tree-compare.h"

static const Command command = {
        .name = "image verify",
        .usage = "IMAGE...",
        .summary = "Verify one or more rendered images in the local store",
        .description = "Renders each image anew from its archive, whose digest is its ID, and compares. A "
                       "tree that has\n"
                       "changed is replaced, unless a pod is using it.",
        .global_options = global_options,
        .needs_root = true,
};

typedef struct Subject {
        Store *store;
        const char *reference, *id;
        char *tree_id, *tree_path; /* as it is */
        char *fresh_path;          /* rendered anew; temporary */
        uint64_t fresh_size;
} Subject;

/* A running pod sees the tree through its overlay: it cannot be changed under it. */
static int check_unused(const Subject *u) {
        _cleanup_store_use_ StoreUse use = {};
        int r = image_use_scan(globals.dir, &use);
        if (r < 0)
                return r;
        if (use.unknown || strv_contains(use.trees, u->tree_id)) {
                log_error("the tree of image %s is in use by a pod, and cannot be rebuilt before that is "
                          "gone",
                                u->reference);
                return -EBUSY;
        }
        return 0;
}

static int rebuild(Subject *u) {
        size_t n;
        _cleanup_close_ int lock = store_lock_prepare(u->store, LOCK_MODE_EXCLUSIVE, true);
        int r = lock < 0 ? log_error_errno(lock, "cannot lock prepareLock") : check_unused(u);
        if (r < 0)
                return r;
        r = temporary_discard_tree(u->store, u->tree_path);
        if (r < 0)
                return log_error_errno(r, "cannot move %s/%s away", store_path(u->store), u->tree_path);
        r = render_commit(u->store, u->id, u->fresh_path, u->tree_id, u->fresh_size);
        close(TAKE_FD(lock));
        if (r >= 0) {
                free(u->fresh_path);
                u->fresh_path = NULL;
                r = temporary_sweep(u->store, &n);
        }
        return r;
}

static int compare(Subject *u, int fresh) {
        _cleanup_free_ char *path = xasprintf("%s/rootfs", u->tree_path), *difference = NULL;
        _cleanup_close_ int tree =
                        openat(store_fd(u->store), path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (tree < 0)
                return log_error_errno(errno, "cannot open %s/%s", store_path(u->store), path);
        int r = tree_compare(tree, fresh, &difference);
        if (r < 0)
                return log_error_errno(r, "cannot compare the tree of image %s", u->reference);
        if (r == 0) {
                printf("successfully verified checksum for image: \"%s\" (\"%s\")\n", u->reference, u->id);
                return 0;
        }
        log_error("tree cache verification failed for image %s: %s; rebuilding...", u->reference,
                        difference);
        return rebuild(u);
}

static int verify_rendered(Subject *u) {
        _cleanup_free_ char *fresh_tree_id = NULL;
        _cleanup_close_ int fresh =
                        render_to_temporary(u->store, u->id, &u->fresh_path, &fresh_tree_id, &u->fresh_size);
        if (fresh < 0)
                return fresh;
        u->tree_path = xasprintf(STORE_TREES "/%s", u->tree_id);
        int r = compare(u, fresh);
        if (u->fresh_path)
                remove_tree_at(store_fd(u->store), u->fresh_path, false);
        free(u->fresh_path);
        free(u->tree_path);
        return r;
}

static int verify(Store *s, const char *reference) {
        _cleanup_free_ char *id = NULL, *tree_id = NULL, *error = NULL;
        int r = image_find(s, reference, &id);
        if (r < 0)
                return r;
        r = store_tree_id(s, id, &tree_id, &error);
        if (r < 0 && r != -ENODATA) {
                log_error("image \"%s\": %s", reference, error ?: strerror(-r));
                return r;
        }
        if (r < 0 || store_tree_exists(s, tree_id) <= 0) {
                printf("image \"%s\" (\"%s\") is not rendered; no verification needed\n", reference, id);
                return 0;
        }
        Subject u = { .store = s, .reference = reference, .id = id, .tree_id = tree_id };
        return verify_rendered(&u);
}

int image_verify(int argc, char **argv) {
        _cleanup_image_arguments_ ImageArguments a = {};
        int r = image_arguments_several(&command, argc, argv, &a), failed = 0;
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        STRV_FOREACH (reference, a.arguments)
                failed += verify(a.store, *reference) < 0;
        return failed > 0 || fflush(stdout) != 0 ? EXIT_RKT_FAILURE : 0;
}
