/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "block-device.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "alloc.h"
#include "file.h"
#include "strv.h"

#define MOUNTINFO_MAX ((size_t) 4 * 1024 * 1024)

/* btrfs and its like have device numbers of their own; where they are mounted from is in mountinfo
 * (proc(5)): "36 35 0:31 / /mnt rw - btrfs /dev/sda1 rw". */
static int find_source(dev_t number, dev_t *ret) {
        _cleanup_free_ char *text = NULL, *wanted = xasprintf("%u:%u", major(number), minor(number));
        int r = read_file_at(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &text, NULL);
        if (r < 0)
                return r;
        _cleanup_strv_ char **lines = strv_split(text, '\n');
        STRV_FOREACH (line, lines) {
                _cleanup_strv_ char **words = strv_split(*line, ' ');
                size_t i = 0, n = strv_length(words);
                struct stat st;
                if (n < 3 || !streq(words[2], wanted))
                        continue;
                while (i < n && !streq(words[i], "-"))
                        i++;
                if (i + 2 < n && stat(words[i + 2], &st) >= 0 && S_ISBLK(st.st_mode)) {
                        *ret = st.st_rdev;
                        return 0;
                }
        }
        return -ENODEV;
}

/* In sysfs, a partition is a directory in that of its disk. */
static int whole_disk(dev_t number, dev_t *ret) {
        _cleanup_free_ char *partition =
                        xasprintf("/sys/dev/block/%u:%u/partition", major(number), minor(number));
        *ret = number;
        if (access(partition, F_OK) < 0)
                return 0;
        _cleanup_free_ char *path = xasprintf("/sys/dev/block/%u:%u/../dev", major(number), minor(number)),
                            *line = NULL;
        int r = read_line_at(AT_FDCWD, path, &line);
        if (r < 0)
                return r;
        unsigned a, b;
        if (sscanf(line, "%u:%u", &a, &b) != 2)
                return -EINVAL;
        *ret = makedev(a, b);
        return 0;
}

int block_device_of(int dirfd, const char *path, dev_t *ret) {
        struct stat st;
        if (fstatat(dirfd, path, &st, 0) < 0)
                return -errno;
        dev_t number = S_ISBLK(st.st_mode) ? st.st_rdev : st.st_dev;
        int r = major(number) == 0 ? find_source(number, &number) : 0;
        return r < 0 ? r : whole_disk(number, ret);
}
