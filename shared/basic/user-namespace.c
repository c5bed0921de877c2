/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "user-namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "alloc.h"
#include "file.h"
#include "option.h"

int id_range_parse(const char *s, IdRange *ret) {
        uint64_t shift, count;
        const char *colon = strchr(s, ':');
        if (!colon)
                return -EINVAL;
        _cleanup_free_ char *first = xstrndup(s, (size_t) (colon - s));
        if (parse_uint(first, UINT32_MAX - 1, &shift) < 0 ||
                        parse_uint(colon + 1, UINT32_MAX - 1, &count) < 0 || count == 0 ||
                        shift + count > UINT32_MAX)
                return -EINVAL;
        *ret = (IdRange){ .shift = (uint32_t) shift, .count = (uint32_t) count };
        return 0;
}

bool id_range_overlaps(IdRange r, uint64_t start, uint64_t count) {
        return count > 0 && start < (uint64_t) r.shift + r.count &&
               (start >= r.shift || r.shift - start < count);
}

int user_namespace_write_maps(pid_t pid, IdRange range) {
        static const char *const names[] = { "uid_map", "gid_map" };
        char line[64];
        snprintf(line, sizeof(line), "0 %" PRIu32 " %" PRIu32, range.shift, range.count);
        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                char path[64];
                snprintf(path, sizeof(path), "/proc/%d/%s", (int) pid, names[i]);
                int r = write_string_at(AT_FDCWD, path, line, 0);
                if (r < 0)
                        return r;
        }
        return 0;
}

int user_namespace_open(IdRange range) {
        /* a fork that does nothing: all that it has is its namespace */
        pid_t pid = (pid_t) syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
        if (pid < 0)
                return -errno;
        if (pid == 0)
                for (;;)
                        pause();
        char path[64];
        snprintf(path, sizeof(path), "/proc/%d/ns/user", (int) pid);
        int r = user_namespace_write_maps(pid, range), fd = -1;
        if (r >= 0) {
                fd = open(path, O_RDONLY | O_CLOEXEC);
                r = fd < 0 ? -errno : 0;
        }
        kill(pid, SIGKILL);
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
                ;
        return r < 0 ? r : fd;
}

int user_namespace_become_root(void) {
        if (setgroups(0, NULL) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
                return -errno;
        return 0;
}
