/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "overlay-support.h"

#include <dirent.h>
#include <errno.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#include "macro.h"

#define AUFS_SUPER_MAGIC 0x61756673
#define ZFS_SUPER_MAGIC  0x2fc12fc1

/* Without d_type in directory entries (xfs made with ftype=0) overlayfs refuses the file system. "." has one
 * wherever anything has. */
static bool has_entry_types(const char *path) {
        _cleanup_closedir_ DIR *dir = opendir(path);
        if (!dir)
                return true;
        struct dirent *e = readdir(dir);
        return !e || e->d_type != DT_UNKNOWN;
}

const char *overlay_unsupported(const char *data_dir) {
        struct statfs fs;
        if (statfs(data_dir, &fs) < 0)
                return NULL; /* whoever uses it will say what is wrong */
        switch ((unsigned long) fs.f_type) {
        case AUFS_SUPER_MAGIC: return "unsupported filesystem: aufs";
        case ZFS_SUPER_MAGIC: return "unsupported filesystem: zfs";
        case OVERLAYFS_SUPER_MAGIC: return "the data directory lies on an overlay filesystem";
        case NFS_SUPER_MAGIC: return "unsupported filesystem: nfs";
        }
        return has_entry_types(data_dir) ? NULL : "unsupported filesystem: missing d_type support";
}
