/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>

#include "alloc.h"
#include "globals.h"
#include "image-arguments.h"
#include "image-record.h"
#include "image-remove.h"
#include "image-use.h"
#include "image.h"
#include "log.h"
#include "strv.h"
#include "temporary.h"

static const Command command = {
        .name = "image rm",
        .usage = "IMAGE...",
        .summary = "Remove one or more images with the given IDs or image names from the local store",
        .global_options = global_options,
};

static struct {
        size_t removed, stale, failed;
        char **trees; /* of the images that were removed */
} count;

static void remove_one(Store *s, const char *reference) {
        _cleanup_image_record_ ImageRecord *record = NULL;
        _cleanup_free_ char *id = NULL, *error = NULL;
        int r = image_find(s, reference, &id);
        if (r < 0) {
                count.failed++;
                return;
        }
        image_record_load(s, id, &record, NULL);
        r = image_remove(s, id, &error);
        if (r < 0) {
                log_error_errno(r, "error removing aci for image \"%s\"", id);
                count.failed++;
                return;
        }
        if (r > 0) {
                log_error("some files cannot be removed for image \"%s\": %s", id, error);
                count.stale++;
        }
        if (record && record->tree_id)
                strv_add(&count.trees, record->tree_id);
        printf("successfully removed aci for image: \"%s\"\n", id);
        count.removed++;
}

/* At once if that can be had without waiting, for root and if pods are not just being prepared; else gc does
 * it. */
static void remove_trees(Store *s) {
        _cleanup_store_use_ StoreUse use = {};
        size_t n;
        if (!count.trees || geteuid() != 0)
                return;
        _cleanup_close_ int lock = store_lock_prepare(s, LOCK_MODE_EXCLUSIVE, false);
        if (lock < 0 || image_use_scan(globals.dir, &use) < 0)
                return;
        bool any = false;
        STRV_FOREACH (tree_id, count.trees)
                any = store_sweep_tree(s, &use, *tree_id) > 0 || any;
        close(TAKE_FD(lock));
        if (any)
                temporary_sweep(s, &n);
}

int image_rm(int argc, char **argv) {
        _cleanup_image_arguments_ ImageArguments a = {};
        int r = image_arguments_several(&command, argc, argv, &a);
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        STRV_FOREACH (reference, a.arguments)
                remove_one(a.store, *reference);
        remove_trees(a.store);
        strv_free(count.trees);
        fflush(stdout);
        if (count.removed > 0)
                log_info("%zu image(s) successfully removed", count.removed);
        if (count.stale > 0)
                log_error("%zu image(s) removed but left some stale files", count.stale);
        if (count.failed > 0)
                log_error("%zu image(s) cannot be removed", count.failed);
        return count.stale + count.failed > 0 || ferror(stdout) ? EXIT_RKT_FAILURE : 0;
}
