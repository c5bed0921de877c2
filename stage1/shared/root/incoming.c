/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "incoming.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc.h"
#include "file.h"
#include "log.h"
#include "mounts.h"
#include "registration.h"

#define NSPAWN    "/run/systemd/nspawn"
#define DIRECTORY NSPAWN "/propagate"

static char *directory_of(const char *uuid) {
        return xasprintf(DIRECTORY "/rkt-%s", uuid);
}

static int make_directory(const char *path) {
        /* systemd-nspawn's, which has things in it that others than root may find */
        if (mkdir(NSPAWN, 0755) < 0 && errno != EEXIST)
                return -errno;
        return mkdir_parents_at(AT_FDCWD, path, 0700);
}

int incoming_open(const char *uuid) {
        if (!registration_possible())
                return -1;
        _cleanup_free_ char *path = directory_of(uuid);
        int r = make_directory(path);
        _cleanup_close_ int fd = r < 0 ? r : mount_clone(AT_FDCWD, path, false);
        r = fd < 0 ? fd : mount_restrict(fd, "", false, MOUNT_ATTR_RDONLY, 0);
        if (r < 0) {
                log_debug_errno(r, "%s: machinectl bind will not work", path);
                return -1;
        }
        return TAKE_FD(fd);
}

void incoming_remove(const char *uuid) {
        _cleanup_free_ char *path = directory_of(uuid);
        if (rmdir(path) < 0 && errno != ENOENT)
                log_debug_errno(errno, "cannot remove %s", path);
}
