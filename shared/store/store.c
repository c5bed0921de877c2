/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "alloc.h"
#include "file.h"
#include "log.h"

#define RKT_GROUP "rkt"

struct Store {
        int data_fd, cas_fd;
        char *path;
};

/* rkt's modes: members of the group rkt may fetch, list and remove images; only root can
 * reach the trees. The setgid bit passes the group on. */
static const struct {
        const char *path;
        mode_t mode;
} directories[] = {
        { "tmp", 02750 },
        { "locks", 02750 },
        { "cas", 02770 },
        { "cas/" STORE_BLOBS, 02770 },
        { "cas/" STORE_BLOBS "/sha256", 02770 },
        { "cas/" STORE_BLOBS "/sha512", 02770 },
        { "cas/" STORE_IMAGES, 02770 },
        { "cas/" STORE_MANIFESTS, 02770 },
        { "cas/" STORE_NAMES, 02770 },
        { "cas/" STORE_REFERENCES, 02770 },
        { "cas/" STORE_REMOTES, 02770 },
        { "cas/" STORE_TEMPORARIES, 02770 },
        { "cas/" STORE_TREES, 02700 },
};

void store_free(Store *s) {
        if (s->data_fd >= 0)
                close(s->data_fd);
        if (s->cas_fd >= 0)
                close(s->cas_fd);
        free(s->path);
        free(s);
}

int store_fd(const Store *s) {
        return s->cas_fd;
}

const char *store_path(const Store *s) {
        return s->path;
}

static gid_t rkt_group(void) {
        static bool looked = false;
        static gid_t gid = (gid_t) -1;
        if (looked)
                return gid;
        looked = true;
        const struct group *g = getgrnam(RKT_GROUP);
        if (g)
                gid = g->gr_gid;
        else if (geteuid() == 0)
                log_warning("there is no group \"" RKT_GROUP
                            "\" on this machine: the store will be open to root only");
        return gid;
}

/* The mode is set by chmod so that the umask has no part in it, and after chown, which clears setgid. */
static int make_directory(int dirfd, const char *path, mode_t mode) {
        if (mkdirat(dirfd, path, mode & 0700) < 0)
                return errno == EEXIST ? 0 : -errno;
        _cleanup_close_ int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        gid_t gid = rkt_group();
        if (gid != (gid_t) -1 && fchown(fd, -1, gid) < 0 && errno != EPERM)
                return -errno;
        return fchmod(fd, mode) < 0 ? -errno : 0;
}

static int make_data_directory(const char *data_dir) {
        if (access(data_dir, F_OK) == 0)
                return 0;
        _cleanup_free_ char *parent = xstrdup(data_dir);
        char *slash = strrchr(parent, '/');
        if (slash && slash != parent) {
                *slash = 0;
                int r = mkdir_parents_at(AT_FDCWD, parent, 0755);
                if (r < 0)
                        return r;
        }
        return make_directory(AT_FDCWD, data_dir, 02750);
}

int store_open(const char *data_dir, Store **ret) {
        int r = make_data_directory(data_dir);
        if (r < 0)
                return log_error_errno(r, "cannot create the data directory %s", data_dir);

        _cleanup_store_ Store *s = xnew(Store, 1);
        s->cas_fd = -1;
        s->path = xasprintf("%s/cas", data_dir);
        s->data_fd = open(data_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (s->data_fd < 0)
                return log_error_errno(errno, "cannot open the data directory %s", data_dir);

        for (size_t i = 0; i < ELEMENTSOF(directories); i++) {
                r = make_directory(s->data_fd, directories[i].path, directories[i].mode);
                if (r < 0)
                        return log_error_errno(r, "cannot create %s/%s", data_dir, directories[i].path);
        }
        s->cas_fd = openat(s->data_fd, "cas", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (s->cas_fd < 0)
                return log_error_errno(errno, "cannot open the image store %s", s->path);
        *ret = TAKE_PTR(s);
        return 0;
}

int store_lock_prepare(Store *s, LockMode mode, bool wait) {
        return lock_file_at(s->data_fd, "locks/prepareLock", mode, wait);
}

int store_lock_changes(Store *s) {
        return lock_directory_at(s->cas_fd, ".", LOCK_MODE_EXCLUSIVE, true);
}

int store_make_parents(Store *s, const char *path) {
        _cleanup_free_ char *copy = xstrdup(path);
        for (char *p = strchr(copy, '/'); p; p = strchr(p + 1, '/')) {
                *p = 0;
                if (mkdirat(s->cas_fd, copy, 0700) >= 0) {
                        if (fchmodat(s->cas_fd, copy, 02770, 0) < 0) /* the group comes from the parent */
                                return -errno;
                } else if (errno != EEXIST)
                        return -errno;
                *p = '/';
        }
        return 0;
}

int store_sync_parents(Store *s, const char *path) {
        _cleanup_free_ char *copy = xstrdup(path);
        char *slash;
        while ((slash = strrchr(copy, '/'))) {
                *slash = 0;
                int r = fsync_directory_at(s->cas_fd, copy);
                if (r < 0)
                        return r;
        }
        return 0;
}

bool store_takes_layer_trees(const Store *s) {
        struct statfs fs;
        return geteuid() == 0 && fstatfs(s->cas_fd, &fs) == 0 && fs.f_type != OVERLAYFS_SUPER_MAGIC;
}

bool store_has_image(Store *s, const char *id) {
        _cleanup_free_ char *path = xasprintf(STORE_IMAGES "/%s", id);
        return store_id_is_whole(id) && faccessat(s->cas_fd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool has_digits(const char *digits) {
        return digits && strspn(digits, "0123456789abcdef") == 64 && digits[64] == 0;
}

bool store_id_is_oci(const char *id) {
        return has_digits(startswith(id, "sha256-"));
}

bool store_id_is_whole(const char *id) {
        return has_digits(startswith(id, "sha512-")) || store_id_is_oci(id);
}

bool store_tree_id_is_valid(const char *tree_id) {
        return has_digits(startswith(tree_id, "deps-sha512-")) ||
               has_digits(startswith(tree_id, "layer-sha256-"));
}

char *store_id_from_hash(const char *hash) {
        if (strlen(hash) < STORE_ID_LENGTH)
                return NULL;
        _cleanup_free_ char *id = xstrndup(hash, STORE_ID_LENGTH);
        return store_id_is_whole(id) ? TAKE_PTR(id) : NULL;
}
