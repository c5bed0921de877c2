/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "log-files.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "alloc.h"
#include "app-io.h"
#include "file.h"
#include "log.h"
#include "send-fd.h"

int log_files_open_directory(const char *path) {
        int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? log_error_errno(errno, "cannot open the pod's log directory %s", path) : fd;
}

/* FILE.(keep - 2) to FILE.(keep - 1), …, FILE to FILE.1. */
static int shift(int parent, const char *name, unsigned keep) {
        for (unsigned i = keep - 1; i > 0; i--) {
                _cleanup_free_ char *from = i > 1 ? xasprintf("%s.%u", name, i - 1) : xstrdup(name);
                _cleanup_free_ char *to = xasprintf("%s.%u", name, i);
                if (renameat(parent, from, parent, to) < 0 && errno != ENOENT)
                        return -errno;
        }
        return 0;
}

/* Whoever may write in the directory may have put something else there: what is no file is none. */
static int open_file(int parent, const char *name, bool new) {
        struct stat st;
        _cleanup_close_ int fd = openat(parent, name,
                        O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC |
                                        (new ? O_EXCL : 0),
                        0640);
        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        return S_ISREG(st.st_mode) ? TAKE_FD(fd) : -EINVAL;
}

static int answer(int directory, const LogRequest *q) {
        if (!app_log_path_is_valid(q->path))
                return -EINVAL;
        _cleanup_free_ char *folder = xstrdup(q->path);
        char *slash = strrchr(folder, '/');
        if (slash)
                *slash = 0;
        const char *name = slash ? slash + 1 : q->path;
        _cleanup_close_ int parent =
                        openat_beneath(directory, slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (parent < 0)
                return parent;
        int r = q->keep > 0 ? shift(parent, name, q->keep) : 0;
        int fd = r < 0 ? r : open_file(parent, name, q->keep > 0);
        if (fd < 0 && r >= 0 && q->keep > 0) {
                /* nothing new can be made there now: what is there goes on */
                _cleanup_free_ char *old = xasprintf("%s.1", name);
                renameat(parent, old, parent, name);
        }
        return fd;
}

void log_files_serve(int socket, int directory) {
        union {
                LogRequest request;
                char space[sizeof(LogRequest) + PATH_MAX];
        } message = {};
        ssize_t n = recv(socket, &message, sizeof(message) - 1, MSG_DONTWAIT);
        if (n < (ssize_t) sizeof(LogRequest))
                return;
        message.space[n] = 0;
        _cleanup_close_ int fd = answer(directory, &message.request);
        int error = fd < 0 ? -fd : 0;
        send_with_fd(socket, &error, sizeof(error), fd);
}
