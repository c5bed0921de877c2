/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "leader.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
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

static int namespace_of(pid_t pid, uint64_t *ret) {
        char path[32];
        struct stat st;
        snprintf(path, sizeof(path), "/proc/%d/ns/pid", (int) pid);
        if (stat(path, &st) < 0)
                return -errno;
        *ret = st.st_ino;
        return 0;
}

int leader_write_init(pid_t pid, int stage1, int stop_signal) {
        uint64_t namespace;
        int r = namespace_of(pid, &namespace);
        _cleanup_free_ char *text = xasprintf("%" PRIu64 " %d\n", r < 0 ? 0 : namespace, stop_signal);
        return r < 0 ? r : replace_file_at(stage1, LEADER_INIT, text, strlen(text), 0644, false);
}

/* -ENOENT: PID 1 is ours. */
static int read_init(uint64_t *ret_namespace, int *ret_signal) {
        _cleanup_free_ char *text = NULL;
        int r = read_line_at(AT_FDCWD, "stage1/rootfs/" LEADER_INIT, &text);
        if (r >= 0 && sscanf(text, "%" SCNu64 " %d", ret_namespace, ret_signal) != 2)
                r = -EBADMSG;
        return r < 0 && r != -ENOENT ? log_error_errno(r, "cannot read the pod's stage1/rootfs/" LEADER_INIT)
                                     : r;
}

int leader_stop_signal(int otherwise, int *ret) {
        uint64_t namespace;
        int r = read_init(&namespace, ret);
        if (r == -ENOENT)
                *ret = otherwise;
        return r == -ENOENT ? 0 : r;
}

static int has_root(pid_t pid) {
        char root[32];
        struct stat theirs, ours;
        snprintf(root, sizeof(root), "/proc/%d/root", (int) pid);
        if (stat(root, &theirs) < 0)
                return errno == ENOENT || errno == ESRCH ? -ESRCH
                                                         : log_error_errno(errno, "cannot read %s", root);
        if (stat("stage1/rootfs", &ours) < 0)
                return log_error_errno(errno, "cannot read the pod's stage1/rootfs");
        return theirs.st_dev != ours.st_dev || theirs.st_ino != ours.st_ino ? -ESRCH : 0;
}

int leader_open(pid_t pid, int *ret_pidfd) {
        uint64_t theirs, recorded;
        int signal;
        _cleanup_close_ int pidfd = (int) syscall(SYS_pidfd_open, pid, 0);
        if (pidfd < 0)
                return errno == ESRCH ? -ESRCH : log_error_errno(errno, "cannot open process %d", (int) pid);
        int r = read_init(&recorded, &signal);
        if (r == -ENOENT)
                r = has_root(pid);
        else if (r >= 0)
                r = namespace_of(pid, &theirs) < 0 || theirs != recorded ? -ESRCH : 0;
        if (r < 0)
                return r;
        *ret_pidfd = TAKE_FD(pidfd);
        return 0;
}
