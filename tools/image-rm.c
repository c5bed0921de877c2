/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>

#include "alloc.h"
#include "globals.h"
#include "image-arguments.h"
#include "image-parts.h"
#include "image-record.h"
#include "image-remove.h"
#include "image-use.h"
#include "image.h"
#include "log.h"
#include "process.h"
#include "root-link.h"
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
        ImageRecord **records; /* of the images that were removed */
        size_t n_records;
        bool any_oci;
} count;

/* Others than pods have it as their root. */
static bool is_linked(Store *s, const ImageRecord *record) {
        RootLink *links = NULL;
        size_t n = 0;
        int r = root_links_load(s, &links, &n);
        const RootLink *link = root_links_find(links, n, record->id);
        if (r < 0)
                log_error_errno(r, "cannot look whether image \"%s\" is linked", record->id);
        else if (link)
                log_error("image \"%s\" is linked as %s: rkt image unlink %s comes first", record->id,
                                link->name, link->name);
        root_links_free(links, n);
        return r < 0 || link;
}

static void remove_one(Store *s, const char *reference) {
        _cleanup_image_record_ ImageRecord *record = NULL;
        _cleanup_free_ char *id = NULL, *error = NULL;
        int r = image_find(s, reference, &id);
        if (r < 0) {
                count.failed++;
                return;
        }
        image_record_load(s, id, &record, NULL);
        if (record && is_linked(s, record)) {
                count.failed++;
                return;
        }
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
        if (record) {
                image_record_tell(record, EVENT_IMAGE_REMOVED);
                count.any_oci |= record->config != NULL;
                xgrow(&count.records, count.n_records);
                count.records[count.n_records++] = TAKE_PTR(record);
        }
        printf("successfully removed aci for image: \"%s\"\n", id);
        count.removed++;
}

/* 1: trees may be removed. */
static int look_at_pods(Store *s, int *ret_lock, StoreUse *ret) {
        if (geteuid() != 0)
                return 0;
        _cleanup_close_ int lock = store_lock_prepare(s, LOCK_MODE_EXCLUSIVE, false);
        if (lock < 0 || image_use_scan(globals.dir, ret) < 0)
                return 0;
        *ret_lock = TAKE_FD(lock);
        return 1;
}

/* What no other image has. Trees at once if that can be had without waiting, for root and if pods are not
 * just being prepared; else gc does it. */
static int remove_parts(Store *s) {
        _cleanup_store_use_ StoreUse use = {};
        _cleanup_image_parts_ ImageParts *left = NULL;
        _cleanup_close_ int prepare_lock = -1;
        ImageRecord **records = NULL;
        size_t n = 0;
        bool trees = look_at_pods(s, &prepare_lock, &use) > 0;
        _cleanup_close_ int lock = store_lock_changes(s);
        /* ACIs share nothing */
        int r = lock < 0 ? lock : count.any_oci ? image_records_load(s, &records, &n) : 0;
        if (r >= 0) {
                left = image_parts_new(records, n);
                r = image_parts_release(s, count.records, count.n_records, left, trees ? &use : NULL);
        }
        image_records_free(records, n);
        return r;
}

static void clear_up(Store *s) {
        size_t n;
        int r = remove_parts(s);
        if (r < 0) {
                log_error_errno(r, "some files of the images cannot be removed");
                count.stale++;
        } else if (r > 0)
                temporary_sweep(s, UNFINISHED_GRACE, &n);
}

int image_rm(int argc, char **argv) {
        _cleanup_image_arguments_ ImageArguments a = {};
        int r = image_arguments_several(&command, argc, argv, &a);
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        STRV_FOREACH (reference, a.arguments)
                remove_one(a.store, *reference);
        if (count.n_records > 0)
                clear_up(a.store);
        image_records_free(count.records, count.n_records);
        r = process_flush();
        if (count.removed > 0)
                log_info("%zu image(s) successfully removed", count.removed);
        if (count.stale > 0)
                log_error("%zu image(s) removed but left some stale files", count.stale);
        if (count.failed > 0)
                log_error("%zu image(s) cannot be removed", count.failed);
        return r < 0 || count.stale + count.failed > 0 ? EXIT_RKT_FAILURE : 0;
}
