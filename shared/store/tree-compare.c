/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tree-compare.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "alloc.h"
#include "file.h"
#include "layer-tree-files.h"
#include "strv.h"

#define BUFFER_SIZE   ((size_t) 128 * 1024)
#define ATTRIBUTE_MAX ((size_t) 64 * 1024)

typedef struct Comparison {
        char *path; /* of the pair that is being looked at, from the top */
        uint8_t *buffers[2];
        char *difference;
} Comparison;

static int differ(Comparison *c, const char *what) {
        c->difference = xasprintf("/%s: %s", c->path, what);
        return 1;
}

static ssize_t read_block(int fd, uint8_t *buffer) {
        size_t done = 0;
        while (done < BUFFER_SIZE) {
                ssize_t n = read(fd, buffer + done, BUFFER_SIZE - done);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;
                done += n;
        }
        return done;
}

static int compare_content(Comparison *c, const int fds[2]) {
        for (;;) {
                ssize_t n = read_block(fds[0], c->buffers[0]), m = read_block(fds[1], c->buffers[1]);
                if (n < 0 || m < 0)
                        return MIN(n, m);
                if (n != m || memcmp(c->buffers[0], c->buffers[1], n) != 0)
                        return differ(c, "the content differs");
                if (n == 0)
                        return 0;
        }
}

/* The names of those that an image can have set, sorted. */
static int list_attributes(int fd, char ***ret) {
        _cleanup_free_ char *names = xmalloc(ATTRIBUTE_MAX);
        ssize_t n = flistxattr(fd, names, ATTRIBUTE_MAX);
        if (n < 0 && errno != EOPNOTSUPP)
                return -errno;
        *ret = strv_copy(NULL);
        for (const char *p = names; n > 0 && p < names + n; p += strlen(p) + 1)
                if (streq(p, OVERLAY_OPAQUE) || streq(p, "security.capability") ||
                                (startswith(p, "user.") && !streq(p, OVERLAY_OPAQUE_USER)))
                        strv_add(ret, p);
        return 0;
}

static int compare_attributes(Comparison *c, const int fds[2]) {
        _cleanup_strv_ char **a = NULL, **b = NULL;
        int r = list_attributes(fds[0], &a);
        if (r >= 0)
                r = list_attributes(fds[1], &b);
        if (r < 0)
                return r;
        if (strv_length(a) != strv_length(b))
                return differ(c, "the extended attributes differ");
        STRV_FOREACH (name, a) {
                ssize_t n = fgetxattr(fds[0], *name, c->buffers[0], BUFFER_SIZE);
                ssize_t m = fgetxattr(fds[1], *name, c->buffers[1], BUFFER_SIZE);
                if (n < 0 || n != m || memcmp(c->buffers[0], c->buffers[1], n) != 0)
                        return differ(c, "the extended attributes differ");
        }
        return 0;
}

static int compare_files(Comparison *c, const int parents[2], const char *name) {
        _cleanup_close_ int a = openat(parents[0], name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        _cleanup_close_ int b = openat(parents[1], name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        if (a < 0 || b < 0)
                return -errno;
        const int fds[2] = { a, b };
        int r = compare_content(c, fds);
        return r != 0 ? r : compare_attributes(c, fds);
}

static int compare_links(Comparison *c, const int parents[2], const char *name) {
        ssize_t n = readlinkat(parents[0], name, (char *) c->buffers[0], PATH_MAX);
        ssize_t m = readlinkat(parents[1], name, (char *) c->buffers[1], PATH_MAX);
        if (n < 0 || m < 0)
                return -errno;
        return n != m || memcmp(c->buffers[0], c->buffers[1], n) != 0
                               ? differ(c, "the target of the link differs")
                               : 0;
}

static int compare_status(Comparison *c, const struct stat *a, const struct stat *b) {
        if ((a->st_mode & S_IFMT) != (b->st_mode & S_IFMT))
                return differ(c, "the type differs");
        if (a->st_mode != b->st_mode)
                return differ(c, "the mode differs");
        if (a->st_uid != b->st_uid || a->st_gid != b->st_gid)
                return differ(c, "the owner differs");
        if (a->st_rdev != b->st_rdev)
                return differ(c, "the device differs");
        if (S_ISREG(a->st_mode) && a->st_size != b->st_size)
                return differ(c, "the size differs");
        return 0;
}

static int compare_directories(Comparison *c, const int fds[2]);

static int compare_children(Comparison *c, const int parents[2], const char *name) {
        _cleanup_close_ int a = openat(parents[0], name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        _cleanup_close_ int b = openat(parents[1], name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (a < 0 || b < 0)
                return -errno;
        const int fds[2] = { a, b };
        int r = compare_attributes(c, fds);
        return r != 0 ? r : compare_directories(c, fds);
}

static int compare_entry(Comparison *c, const int parents[2], const char *name) {
        struct stat a, b;
        if (fstatat(parents[0], name, &a, AT_SYMLINK_NOFOLLOW) < 0 ||
                        fstatat(parents[1], name, &b, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        int r = compare_status(c, &a, &b);
        if (r != 0)
                return r;
        if (S_ISDIR(a.st_mode))
                return compare_children(c, parents, name);
        if (S_ISREG(a.st_mode))
                return compare_files(c, parents, name);
        return S_ISLNK(a.st_mode) ? compare_links(c, parents, name) : 0;
}

static int compare_named(Comparison *c, const int parents[2], const char *name) {
        char *above = c->path;
        c->path = xasprintf("%s%s%s", above, *above ? "/" : "", name);
        int r = compare_entry(c, parents, name);
        free(c->path);
        c->path = above;
        return r;
}

static int missing(Comparison *c, const char *name, bool in_first) {
        c->difference = xasprintf("/%s%s%s: %s", c->path, *c->path ? "/" : "", name,
                        in_first ? "should not be there" : "is missing");
        return 1;
}

/* Sorted lists, walked together. */
static int compare_directories(Comparison *c, const int fds[2]) {
        _cleanup_strv_ char **a = NULL, **b = NULL;
        int r = list_directory_at(fds[0], ".", &a);
        if (r >= 0)
                r = list_directory_at(fds[1], ".", &b);
        for (size_t i = 0, k = 0; r == 0 && (a[i] || b[k]); i++, k++) {
                int order = !a[i] ? 1 : !b[k] ? -1 : strcmp(a[i], b[k]);
                if (order != 0)
                        return missing(c, order < 0 ? a[i] : b[k], order < 0);
                r = compare_named(c, fds, a[i]);
        }
        return r;
}

int tree_compare(int a, int b, char **ret_difference) {
        const int fds[2] = { a, b };
        Comparison c = { .path = xstrdup("") };
        struct stat first, second;
        c.buffers[0] = xmalloc(BUFFER_SIZE);
        c.buffers[1] = xmalloc(BUFFER_SIZE);
        int r = fstat(a, &first) < 0 || fstat(b, &second) < 0 ? -errno : compare_status(&c, &first, &second);
        if (r == 0)
                r = compare_directories(&c, fds);
        free(c.path);
        free(c.buffers[0]);
        free(c.buffers[1]);
        if (r > 0)
                *ret_difference = c.difference;
        else
                free(c.difference);
        return r;
}
