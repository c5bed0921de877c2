/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "leader.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "alloc.h"
#include "file.h"
#include "log.h"
#include "option.h"

int leader_read_number(const char *file, pid_t *ret) {
        _cleanup_free_ char *text = NULL;
        uint64_t pid;
        int r = read_line_at(AT_FDCWD, file, &text);
        if (r < 0)
                return log_error_errno(r, "cannot read the pod's %s", file);
        if (parse_uint(text, INT_MAX, &pid) < 0 || pid < 1) {
                log_error("the pod's %s: \"%s\" is not the number of a process", file, text);
                return -EINVAL;
        }
        *ret = (pid_t) pid;
        return 0;
}

int leader_read_pid(pid_t *ret) {
        return leader_read_number("pid", ret);
}

int leader_open(pid_t pid, int *ret_pidfd) {
        char root[32];
        struct stat theirs, ours;
        _cleanup_close_ int pidfd = (int) syscall(SYS_pidfd_open, pid, 0);
        if (pidfd < 0)
                return errno == ESRCH ? -ESRCH : log_error_errno(errno, "cannot open process %d", (int) pid);
        snprintf(root, sizeof(root), "/proc/%d/root", (int) pid);
        if (stat(root, &theirs) < 0)
                return errno == ENOENT || errno == ESRCH ? -ESRCH
                                                         : log_error_errno(errno, "cannot read %s", root);
        if (stat("stage1/rootfs", &ours) < 0)
                return log_error_errno(errno, "cannot read the pod's stage1/rootfs");
        if (theirs.st_dev != ours.st_dev || theirs.st_ino != ours.st_ino)
                return -ESRCH;
        *ret_pidfd = TAKE_FD(pidfd);
        return 0;
}
