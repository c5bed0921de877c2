/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "volume-fill.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "alloc.h"
#include "file.h"
#include "lock.h"
#include "log.h"
#include "process.h"
#include "strv.h"
#include "target.h"

static int fail(const PlanApp *a, const PlanMount *m, int error) {
        return log_error_errno(error, "app %s: volume \"%s\": cannot fill it with what the image has at %s",
                        a->name, m->volume, m->target);
}

static bool is_empty(int directory) {
        _cleanup_strv_ char **names = NULL;
        return list_directory_at(directory, ".", &names) >= 0 && strv_length(names) == 0;
}

static int copy(int from, int to) {
        _cleanup_free_ char *source = xasprintf("/proc/self/fd/%d/.", from);
        _cleanup_free_ char *target = xasprintf("/proc/self/fd/%d/.", to);
        char *argv[] = { (char *) "cp", (char *) "-a", (char *) "--reflink=auto", (char *) "-T",
                (char *) "--", source, target, NULL };
        int r = fd_close_on_exec(from, false);
        if (r < 0 || (r = fd_close_on_exec(to, false)) < 0)
                return r;
        int status = process_run(argv, -1);
        return status > 0 ? -EIO : status;
}

/* Of pods that start at the same time, one copies and the others wait. */
static int fill(const PlanApp *a, const PlanMount *m, int root, int mount) {
        _cleanup_close_ int from = target_find(root, m->target);
        struct stat st;
        if (from < 0 || fstat(from, &st) < 0 || !S_ISDIR(st.st_mode))
                return 0;
        _cleanup_close_ int to = openat(mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (to < 0)
                return fail(a, m, -errno);
        if (!is_empty(to))
                return 0;
        int r = lock_fd(to, LOCK_MODE_EXCLUSIVE, true);
        if (r >= 0 && is_empty(to))
                r = copy(from, to);
        return r < 0 ? fail(a, m, r) : 0;
}

int volume_fill(const PlanApp *a, int root, const int *mounts) {
        for (size_t i = 0; i < a->n_mounts; i++) {
                const PlanMount *m = &a->mounts[i];
                int r = m->filled && !m->read_only ? fill(a, m, root, mounts[i]) : 0;
                if (r < 0)
                        return r;
        }
        return 0;
}
