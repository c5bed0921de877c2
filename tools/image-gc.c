/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "duration.h"
#include "globals.h"
#include "image-arguments.h"
#include "image-use.h"
#include "image.h"
#include "log.h"
#include "process.h"
#include "temporary.h"

static int64_t grace = 24 * 3600 * (int64_t) NSEC_PER_SEC;

static const Option options[] = {
        { "grace-period", OPTION_DURATION, &grace,
                        "duration to wait since an image was last used before removing it",
                        .shown_default = "24h0m0s" },
        {},
};

static const Command command = {
        .name = "image gc",
        .usage = "[--grace-period=DURATION]",
        .summary = "Garbage collect local store",
        .description = "Removes images that no pod uses and that were last used longer than the grace "
                       "period ago, trees\n"
                       "that neither a pod nor an image has, and what interrupted commands left.",
        .options = options,
        .global_options = global_options,
        .needs_root = true,
};

static int collect(Store *s) {
        _cleanup_store_use_ StoreUse use = {};
        _cleanup_close_ int lock = store_lock_prepare(s, LOCK_MODE_EXCLUSIVE, true);
        if (lock < 0)
                return log_error_errno(lock, "cannot lock prepareLock");
        int r = image_use_scan(globals.dir, &use);
        return r < 0 ? r : store_sweep(s, &use, grace);
}

int image_gc(int argc, char **argv) {
        _cleanup_image_arguments_ ImageArguments a = {};
        size_t n;
        int r = image_arguments_none(&command, argc, argv, &a);
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        r = collect(a.store);
        if (temporary_sweep(a.store, MIN(grace, UNFINISHED_GRACE), &n) < 0 || r < 0)
                return EXIT_RKT_FAILURE;
        return process_end(0);
}
