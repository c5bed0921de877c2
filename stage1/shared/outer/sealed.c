/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sealed.h"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>

#include "log.h"
#include "mounts.h"

extern char **environ;

void sealed_execute(char **argv) {
        struct statvfs st;
        if (statvfs("/proc/self/exe", &st) == 0 && (st.f_flag & ST_RDONLY))
                return;
        _cleanup_close_ int fd = mount_clone(AT_FDCWD, "/proc/self/exe", false);
        int r = fd < 0 ? fd : mount_restrict(fd, "", false, MOUNT_ATTR_RDONLY, 0);
        if (r >= 0) {
                execveat(fd, "", argv, environ, AT_EMPTY_PATH);
                r = -1;
        }
        log_debug_errno(r, "cannot execute itself from a read-only mount");
}
