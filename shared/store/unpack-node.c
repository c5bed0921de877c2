/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unpack-node.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "file.h"
#include "log.h"
#include "macro.h"

/* Of archive_read_data_block: libarchive has said what it is. */
#define DATA_FAILED (-EBADMSG)

/* What the OS specification of appc puts into /dev (and harmless anywhere else, as in a chroot below /srv).
 */
static const struct {
        unsigned major, minor;
} standard_devices[] = {
        { 1, 3 }, /* null */
        { 1, 5 }, /* zero */
        { 1, 7 }, /* full */
        { 1, 8 }, /* random */
        { 1, 9 }, /* urandom */
        { 5, 0 }, /* tty */
        { 5, 1 }, /* console */
        { 5, 2 }, /* ptmx */
};

/* A node that somebody opens is the device, whatever directory it lies in. Below /dev it does no harm: a
 * pod's /dev is mounted over it, and nothing else reaches into a tree. */
const char *unpack_device_problem(const char *path, mode_t type, dev_t device) {
        if (startswith(path, "dev/"))
                return NULL;
        if (S_ISBLK(type))
                return "block devices belong below rootfs/dev";
        for (size_t i = 0; i < ELEMENTSOF(standard_devices); i++)
                if (device == makedev(standard_devices[i].major, standard_devices[i].minor))
                        return NULL;
        return "character devices other than null, zero, full, random, urandom, tty, console and ptmx "
               "belong below "
               "rootfs/dev";
}

void unpack_times(struct archive_entry *e, struct timespec ret[static 2]) {
        ret[1] = (struct timespec){ archive_entry_mtime(e), archive_entry_mtime_nsec(e) };
        ret[0] = ret[1];
        if (archive_entry_atime_is_set(e))
                ret[0] = (struct timespec){ archive_entry_atime(e), archive_entry_atime_nsec(e) };
}

static int copy_data(struct archive *a, int fd, int64_t size) {
        int64_t end = 0, offset;
        const void *block;
        size_t n;
        for (;;) {
                int r = archive_read_data_block(a, &block, &n, &offset);
                if (r == ARCHIVE_EOF)
                        break;
                if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
                        return DATA_FAILED;
                if (offset < 0 || offset > size || (int64_t) n > size - offset)
                        return -EOVERFLOW;
                for (size_t done = 0; done < n;) {
                        ssize_t w = pwrite(fd, (const uint8_t *) block + done, n - done, offset + done);
                        if (w < 0) {
                                if (errno == EINTR)
                                        continue;
                                return -errno;
                        }
                        done += w;
                }
                end = MAX(end, offset + (int64_t) n);
        }
        if (end < size && ftruncate(fd, size) < 0)
                return -errno;
        return 0;
}

/* Other attributes would be the image's word on things of the host: labels, overlayfs' marks, ACLs. */
static bool attribute_wanted(const char *name, bool privileged) {
        return startswith(name, "user.") || (privileged && streq(name, "security.capability"));
}

static int set_attributes(int fd, struct archive_entry *e, bool privileged) {
        static bool warned = false;
        const char *name;
        const void *value;
        size_t size;
        for (archive_entry_xattr_reset(e);
                        archive_entry_xattr_next(e, &name, &value, &size) == ARCHIVE_OK;) {
                if (!name || !attribute_wanted(name, privileged))
                        continue;
                if (fsetxattr(fd, name, value, size, 0) >= 0)
                        continue;
                if (errno != EOPNOTSUPP)
                        return -errno;
                if (!warned)
                        log_warning("the file system has no extended attributes: %s and others are lost",
                                        name);
                warned = true;
        }
        return 0;
}

static mode_t entry_mode(struct archive_entry *e) {
        return archive_entry_perm(e) & 07777;
}

static int write_file(const UnpackPlace *p, int fd, struct archive *a, struct archive_entry *e,
                const char **ret_step) {
        struct timespec times[2];
        mode_t mode = entry_mode(e);
        int64_t size = archive_entry_size(e);
        int r;

        *ret_step = "write it";
        if (size > 0 && (r = copy_data(a, fd, size)) < 0)
                return r;
        *ret_step = "change its owner";
        if (p->privileged && fchown(fd, archive_entry_uid(e), archive_entry_gid(e)) < 0)
                return -errno;
        *ret_step = "change its mode";
        if ((!p->privileged || mode & 07000) && fchmod(fd, mode) < 0)
                return -errno;
        *ret_step = "set its extended attributes"; /* after chown, which drops file capabilities */
        if ((r = set_attributes(fd, e, p->privileged)) < 0)
                return r;
        *ret_step = "set its times";
        unpack_times(e, times);
        return futimens(fd, times) < 0 ? -errno : 0;
}

int unpack_file(const UnpackPlace *p, struct archive *a, struct archive_entry *e, const char **ret_step) {
        *ret_step = "create it";
        mode_t mode = p->privileged ? entry_mode(e) & 0777 : 0600;
        _cleanup_close_ int fd = openat(
                        p->parent, p->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
        if (fd < 0)
                return -errno;
        return write_file(p, fd, a, e, ret_step);
}

static int set_times(const UnpackPlace *p, struct archive_entry *e, const char **ret_step) {
        struct timespec times[2];
        unpack_times(e, times);
        *ret_step = "set its times";
        return utimensat(p->parent, p->name, times, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

static int set_owner(const UnpackPlace *p, struct archive_entry *e, const char **ret_step) {
        *ret_step = "change its owner";
        if (!p->privileged)
                return 0;
        uid_t uid = archive_entry_uid(e);
        gid_t gid = archive_entry_gid(e);
        return fchownat(p->parent, p->name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

int unpack_symlink(const UnpackPlace *p, struct archive_entry *e, const char **ret_step) {
        *ret_step = "create it";
        if (symlinkat(archive_entry_symlink(e), p->parent, p->name) < 0)
                return -errno;
        int r = set_owner(p, e, ret_step);
        return r < 0 ? r : set_times(p, e, ret_step);
}

int unpack_special(const UnpackPlace *p, struct archive_entry *e, const char **ret_step) {
        mode_t type = archive_entry_filetype(e);
        *ret_step = "create it";
        if (mknodat(p->parent, p->name, type | 0600, S_ISFIFO(type) ? 0 : archive_entry_rdev(e)) < 0)
                return -errno;
        int r = set_owner(p, e, ret_step);
        if (r < 0)
                return r;
        /* by name, as it cannot be opened without effect; nobody else is there who could put a link in its
         * place */
        *ret_step = "change its mode";
        if (fchmodat(p->parent, p->name, entry_mode(e), 0) < 0)
                return -errno;
        return set_times(p, e, ret_step);
}
