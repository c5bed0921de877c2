/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "uuid-arguments.h"

#include <errno.h>

#include "globals.h"
#include "log.h"
#include "process.h"
#include "strv.h"

char *uuid_file;
bool uuid_file_optional;

const Option uuid_file_options[] = {
        { "uuid-file", OPTION_STRING, &uuid_file, "read the pod's UUID from this file" },
        {},
};

/* How many failed, or -EINVAL when none or both were given. */
static int foreach(char *const *uuids, int (*each)(Pod *p)) {
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
        if (uuid_file && uuid_file_optional && access(uuid_file, F_OK) < 0 && errno == ENOENT)
                return 0;
        size_t n = uuid_file ? 1 : strv_length(uuids);
        for (size_t i = 0; i < n; i++) {
                _cleanup_pod_ Pod *pod = NULL;
                char *one[] = { uuid_file ? NULL : uuids[i], NULL };
                if (pod_find_argument(globals.dir, uuid_file ? none : one, uuid_file, &pod) < 0 ||
                                each(pod) < 0)
                        failed++;
        }
        return failed;
}

int uuid_arguments_main(
                const Command *c, int argc, char **argv, int (*each)(Pod *p), void (*tell_failed)(int n)) {
        _cleanup_strv_ char **arguments = NULL;
        int r = globals_command(c, argc, argv, &arguments);
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        int failed = foreach(arguments, each);
        if (failed > 0)
                tell_failed(failed);
        return process_end(failed != 0 ? -EIO : 0);
}
