/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "member.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "alloc.h"
#include "file.h"
#include "fly-lock.h"
#include "leader.h"
#include "log.h"

#define STATUS_MAX 65536

static int open_process(pid_t pid) {
        int fd = (int) syscall(SYS_pidfd_open, pid, 0);
        if (fd < 0)
                return errno == ESRCH ? -ESRCH : log_error_errno(errno, "cannot open process %d", (int) pid);
        return fd;
}

/* 0: it has none, or has ended */
static pid_t parent_of(pid_t pid) {
        _cleanup_free_ char *path = xasprintf("/proc/%d/status", (int) pid), *text = NULL;
        if (read_file_at(AT_FDCWD, path, STATUS_MAX, &text, NULL) < 0)
                return 0;
        const char *line = strstr(text, "\nPPid:");
        return line ? (pid_t) strtol(line + strlen("\nPPid:"), NULL, 10) : 0;
}

static bool holds_pod(pid_t pid) {
        _cleanup_free_ char *path = xasprintf("/proc/%d/fd/%d", (int) pid, FLY_LOCK_FD);
        struct stat theirs, ours;
        return stat(path, &theirs) == 0 && stat(".", &ours) == 0 && theirs.st_dev == ours.st_dev &&
               theirs.st_ino == ours.st_ino;
}

int supervisor_open(int *ret_pidfd) {
        pid_t pid;
        int r = leader_read_number("ppid", &pid);
        if (r < 0)
                return r;
        _cleanup_close_ int fd = open_process(pid);
        if (fd < 0)
                return fd;
        if (!holds_pod(pid))
                return -ESRCH; /* looked at after it was opened, as below */
        *ret_pidfd = TAKE_FD(fd);
        return 0;
}

int members_open(pid_t pid, Members *ret) {
        _cleanup_close_ int app = open_process(pid);
        if (app < 0)
                return app;
        pid_t parent = parent_of(pid);
        if (parent <= 1)
                return -ESRCH;
        _cleanup_close_ int supervisor = open_process(parent);
        if (supervisor < 0)
                return supervisor;
        /* looked at after both were opened: they are the processes of these numbers, if they still are */
        if (!holds_pod(parent) || parent_of(pid) != parent)
                return -ESRCH;
        *ret = (Members){ .pid = pid, .app = TAKE_FD(app), .supervisor = TAKE_FD(supervisor) };
        return 0;
}

void members_close(Members *m) {
        close(m->app);
        close(m->supervisor);
}
