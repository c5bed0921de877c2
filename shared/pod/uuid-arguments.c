/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "uuid-arguments.h"

#include <errno.h>

#include "log.h"
#include "strv.h"

int uuid_arguments_foreach(
                const char *data_dir, char *const *uuids, const char *uuid_file, int (*each)(Pod *p)) {
        char *none[] = { NULL };
        int failed = 0;
        if (!uuid_file && strv_length(uuids) == 0) {
                log_error("must provide at least one UUID, or --uuid-file");
                return -EINVAL;
        }
        if (uuid_file && strv_length(uuids) > 0) {
                log_error("UUIDs and --uuid-file exclude each other");
                return -EINVAL;
        }
        size_t n = uuid_file ? 1 : strv_length(uuids);
        for (size_t i = 0; i < n; i++) {
                _cleanup_pod_ Pod *pod = NULL;
                char *one[] = { uuid_file ? NULL : uuids[i], NULL };
                if (pod_find_argument(data_dir, uuid_file ? none : one, uuid_file, &pod) < 0 ||
                                each(pod) < 0)
                        failed++;
        }
        return failed;
}
