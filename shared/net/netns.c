/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "netns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdarg.h>
#include <sys/ioctl.h>

#include "alloc.h"
#include "file.h"
#include "log.h"

int netns_open(const char *path) {
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        int type = ioctl(fd, NS_GET_NSTYPE);
        if (type != CLONE_NEWNET)
                return -EINVAL;
        return TAKE_FD(fd);
}

int netns_enter(int fd) {
        _cleanup_close_ int before = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
        if (before < 0 || setns(fd, CLONE_NEWNET) < 0)
                return -errno;
        return TAKE_FD(before);
}

void netns_leave(int before) {
        if (setns(before, CLONE_NEWNET) < 0) {
                log_error_errno(errno, "cannot return to the network namespace it came from");
                _exit(EXIT_RKT_FAILURE);
        }
        close(before);
}

/* Opening decides whose value it is, so only that happens inside. */
static int open_sysctl(int fd, int flags, const char *format, va_list ap) {
        _cleanup_free_ char *name = xvasprintf(format, ap), *path = xasprintf("/proc/sys/%s", name);
        int before = -1;
        if (fd >= 0) {
                before = netns_enter(fd);
                if (before < 0)
                        return before;
        }
        int file = open(path, flags | O_CLOEXEC);
        if (file < 0)
                file = -errno;
        if (before >= 0)
                netns_leave(before);
        return file;
}

int netns_write_sysctl(int fd, const char *value, const char *path, ...) {
        va_list ap;
        va_start(ap, path);
        _cleanup_close_ int file = open_sysctl(fd, O_WRONLY, path, ap);
        va_end(ap);
        return file < 0 ? file : write_all(file, value, strlen(value));
}

int netns_read_sysctl(int fd, char **ret, const char *path, ...) {
        va_list ap;
        va_start(ap, path);
        _cleanup_close_ int file = open_sysctl(fd, O_RDONLY, path, ap);
        va_end(ap);
        if (file < 0)
                return file;
        size_t size;
        int r = read_fd(file, 65536, ret, &size);
        if (r >= 0 && size > 0 && (*ret)[size - 1] == '\n')
                (*ret)[size - 1] = 0;
        return r;
}
