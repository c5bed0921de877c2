/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "target.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "alloc.h"
#include "file.h"

#define LINKS_MAX 40

int target_find(int rootfd, const char *path) {
        return openat_in_root(rootfd, path, O_PATH, 0);
}

/* path has no links and no "..": the kernel checks that this stays true. */
static int open_plain(int rootfd, const char *path, int flags) {
        struct open_how how = {
                .flags = flags | O_CLOEXEC,
                .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
        };
        int fd = (int) syscall(SYS_openat2, rootfd, *path ? path : ".", &how, sizeof(how));
        return fd < 0 ? -errno : fd;
}

static int create_at(int rootfd, const char *parent, const char *name, bool directory) {
        _cleanup_close_ int dir = open_plain(rootfd, parent, O_PATH | O_DIRECTORY);
        if (dir < 0)
                return dir;
        if (directory)
                return mkdirat(dir, name, 0755) < 0 && errno != EEXIST ? -errno : 0;
        int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
        if (fd < 0)
                return errno == EEXIST ? 0 : -errno;
        close(fd);
        return 0;
}

typedef struct Walk {
        int rootfd;
        char done[PATH_MAX]; /* walked so far: no links, no "..", no slash at either end */
        char *rest;          /* allocated */
        unsigned links;
        bool create; /* what is missing; else it is taken to be there, as a directory */
} Walk;

/* Takes the next component off rest. false at the end. */
static bool next_component(Walk *w, char name[static NAME_MAX + 1], bool *ret_too_long) {
        const char *p = w->rest + strspn(w->rest, "/");
        size_t n = strcspn(p, "/");
        *ret_too_long = n > NAME_MAX;
        if (n == 0 || *ret_too_long)
                return false;
        memcpy(name, p, n);
        name[n] = 0;
        char *rest = xstrdup(p + n);
        free(w->rest);
        w->rest = rest;
        return true;
}

static int follow_link(Walk *w, int link) {
        char to[PATH_MAX];
        if (++w->links > LINKS_MAX)
                return -ELOOP;
        ssize_t n = readlinkat(link, "", to, sizeof(to) - 1);
        if (n < 0)
                return -errno;
        to[n] = 0;
        if (to[0] == '/')
                w->done[0] = 0;
        char *rest = xasprintf("%s/%s", to, w->rest);
        free(w->rest);
        w->rest = rest;
        return strlen(rest) > 4 * PATH_MAX ? -ENAMETOOLONG : 0;
}

static int step(Walk *w, const char *name, TargetKind kind) {
        char path[PATH_MAX];
        if (streq(name, "."))
                return 0;
        if (streq(name, "..")) {
                char *slash = strrchr(w->done, '/');
                w->done[slash ? slash - w->done : 0] = 0;
                return 0;
        }
        int n = snprintf(path, sizeof(path), "%s%s%s", w->done, *w->done ? "/" : "", name);
        if (n >= (int) sizeof(path))
                return -ENAMETOOLONG;

        _cleanup_close_ int fd = open_plain(w->rootfd, path, O_PATH | O_NOFOLLOW);
        if ((fd == -ENOENT || fd == -ENOTDIR) && !w->create) {
                strcpy(w->done, path);
                return 0;
        }
        if (fd == -ENOENT) {
                bool last = w->rest[strspn(w->rest, "/")] == 0;
                int r = create_at(w->rootfd, w->done, name, !last || kind == TARGET_DIRECTORY);
                if (r < 0)
                        return r;
                fd = open_plain(w->rootfd, path, O_PATH | O_NOFOLLOW);
        }
        if (fd < 0)
                return fd;
        struct stat st;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (S_ISLNK(st.st_mode))
                return follow_link(w, fd);
        strcpy(w->done, path);
        return 0;
}

static int check_kind(int fd, TargetKind kind) {
        struct stat st;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (S_ISDIR(st.st_mode))
                return kind == TARGET_DIRECTORY ? 0 : -EISDIR;
        return kind == TARGET_FILE ? 0 : -ENOTDIR;
}

/* done is the whole path then. */
static int walk(Walk *w, const char *path, TargetKind kind) {
        char name[NAME_MAX + 1];
        bool too_long = false;
        int r = 0;
        w->rest = xstrdup(path);
        while (r >= 0 && next_component(w, name, &too_long))
                r = step(w, name, kind);
        free(w->rest);
        return r < 0 ? r : too_long ? -ENAMETOOLONG : 0;
}

int target_open(int rootfd, const char *path, TargetKind kind) {
        _cleanup_close_ int fd = target_find(rootfd, path);
        if (fd == -ENOENT) {
                Walk w = { .rootfd = rootfd, .create = true };
                int r = walk(&w, path, kind);
                if (r < 0)
                        return r;
                fd = open_plain(rootfd, w.done, O_PATH);
        }
        if (fd < 0)
                return fd;
        int r = check_kind(fd, kind);
        return r < 0 ? r : TAKE_FD(fd);
}

int target_resolve(int rootfd, const char *path, char **ret) {
        Walk w = { .rootfd = rootfd };
        int r = walk(&w, path, TARGET_DIRECTORY);
        if (r >= 0)
                *ret = xasprintf("/%s", w.done);
        return r;
}
