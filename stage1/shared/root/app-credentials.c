/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "app-credentials.h"
#include "file.h"
#include "mounts.h"
#include "strv.h"

#define ATTRIBUTES (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

static const char *directory(void) {
        const char *path = getenv("CREDENTIALS_DIRECTORY");
        return path && *path == '/' ? path : NULL;
}

bool credentials_given(void) {
        return directory() && access(directory(), R_OK) >= 0;
}

static int copy_file(int from, int to, const char *name, uid_t owner) {
        _cleanup_close_ int in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        if (in < 0)
                return -errno;
        _cleanup_close_ int out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
        if (out < 0)
                return -errno;
        int r = copy_fd(in, out);
        return r < 0 ? r : fchown(out, owner, owner) < 0 ? -errno : 0;
}

/* Not a tmpfs: what is in it could reach the swap. */
int credentials_copy(uid_t owner) {
        const char *const options[] = { "mode", "0500", NULL };
        _cleanup_strv_ char **names = NULL;
        _cleanup_close_ int from = open(directory(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_close_ int mount = from < 0 ? -errno : mount_create("ramfs", options, ATTRIBUTES, NULL);
        int r = mount < 0 ? mount : list_directory_at(from, ".", &names);
        STRV_FOREACH (name, names)
                if (r >= 0)
                        r = copy_file(from, mount, *name, owner);
        if (r >= 0 && fchownat(mount, "", owner, owner, AT_EMPTY_PATH) < 0)
                r = -errno;
        return r < 0 ? r : TAKE_FD(mount);
}

int credentials_give(int mount, uid_t uid, gid_t gid) {
        _cleanup_strv_ char **names = NULL;
        int r = list_directory_at(mount, ".", &names);
        STRV_FOREACH (name, names)
                if (r >= 0 && fchownat(mount, *name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
                        r = -errno;
        if (r >= 0 && fchownat(mount, "", uid, gid, AT_EMPTY_PATH) < 0)
                r = -errno;
        return r < 0 ? r : mount_restrict(mount, "", false, MOUNT_ATTR_RDONLY, 0);
}
