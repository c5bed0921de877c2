/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mapped-overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#include "alloc.h"
#include "file.h"
#include "log.h"
#include "user-namespace.h"

#define KNOWN_DIRECTORY "/run/rkt/mapped-overlay"
#define PROBE_ID        1000000u /* any that is not the host's root's */

static const char *const answers[] = { "yes", "no-mapping", "no-overlay" };
enum { ANSWER_YES, ANSWER_NO_MAPPING, ANSWER_NO_OVERLAY };

static const char *explain(int answer) {
        static const char *const words[] = { NULL, "the file system cannot show owners mapped",
                "the kernel has no overlays of mapped file systems" };
        return words[answer];
}

/* In a mount namespace of its own; dir has the directories lower, upper and work. */
static int probe(const char *dir, int user_namespace) {
        struct mount_attr a = { .attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t) user_namespace };
        struct stat st;
        /* before it is copied: what is mounted below a copy of a shared mount shows on the host */
        if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
                return ANSWER_NO_MAPPING;
        int fd = open_tree(AT_FDCWD, dir, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
        if (fd < 0 || mount_setattr(fd, "", AT_EMPTY_PATH, &a, sizeof(a)) < 0 ||
                        move_mount(fd, "", AT_FDCWD, dir, MOVE_MOUNT_F_EMPTY_PATH) < 0)
                return ANSWER_NO_MAPPING;
        if (fchdir(fd) < 0 || mount("overlay", "lower", "overlay", MS_RDONLY, "lowerdir=upper:lower") < 0 ||
                        stat("lower", &st) < 0 || st.st_uid != PROBE_ID)
                return ANSWER_NO_OVERLAY;
        return ANSWER_YES;
}

static int probe_in_child(const char *dir) {
        int wstatus;
        _cleanup_close_ int user_namespace = user_namespace_open((IdRange){ PROBE_ID, 65536 });
        if (user_namespace < 0)
                return user_namespace;
        pid_t pid = fork();
        if (pid < 0)
                return -errno;
        if (pid == 0)
                _exit(unshare(CLONE_NEWNS) < 0 ? ANSWER_NO_MAPPING : probe(dir, user_namespace));
        while (waitpid(pid, &wstatus, 0) < 0)
                if (errno != EINTR)
                        return -errno;
        return WIFEXITED(wstatus) ? WEXITSTATUS(wstatus) : -EIO;
}

static int try(const char *data_dir) {
        _cleanup_free_ char *dir = xasprintf("%s/tmp", data_dir);
        if (mkdir_parents_at(AT_FDCWD, dir, 0750) < 0)
                return -errno;
        _cleanup_free_ char *place = xasprintf("%s/mapped-overlay-XXXXXX", dir);
        if (!mkdtemp(place))
                return -errno;
        _cleanup_free_ char *lower = xasprintf("%s/lower", place), *upper = xasprintf("%s/upper", place);
        int r = mkdir(lower, 0755) < 0 || mkdir(upper, 0755) < 0 ? -errno : probe_in_child(place);
        remove_tree_at(AT_FDCWD, place, true);
        return r;
}

static int recall(const char *path) {
        _cleanup_free_ char *line = NULL;
        if (read_line_at(AT_FDCWD, path, &line) < 0)
                return -ENOENT;
        for (size_t i = 0; i < ELEMENTSOF(answers); i++)
                if (streq(answers[i], line))
                        return (int) i;
        return -ENOENT;
}

const char *mapped_overlay_unsupported(const char *data_dir) {
        struct stat st;
        struct statfs fs;
        if (stat(data_dir, &st) < 0 || statfs(data_dir, &fs) < 0)
                return NULL; /* whoever uses it will say what is wrong */
        _cleanup_free_ char *path = xasprintf(KNOWN_DIRECTORY "/%u:%u-%lx", major(st.st_dev),
                        minor(st.st_dev), (unsigned long) fs.f_type);
        int r = recall(path);
        if (r >= 0)
                return explain(r);
        r = try(data_dir);
        if (r < 0) {
                log_warning_errno(r, "cannot find out whether %s can lie below overlays with owners mapped",
                                data_dir);
                return explain(ANSWER_NO_OVERLAY);
        }
        _cleanup_free_ char *line = xasprintf("%s\n", answers[r]);
        if (mkdir_parents_at(AT_FDCWD, KNOWN_DIRECTORY, 0755) >= 0)
                replace_file_at(AT_FDCWD, path, line, strlen(line), 0644, false);
        return explain(r);
}
