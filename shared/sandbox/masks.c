/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "masks.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>

#include "alloc.h"
#include "file.h"
#include "mounts.h"
#include "option.h"
#include "strv.h"
#include "target.h"

/* More than any kernel is built for. */
#define PROCESSORS_MAX 65535

const char *const masks_hidden[] = {
        "/proc/acpi",
        "/proc/asound",
        "/proc/config.gz",
        "/proc/interrupts",
        "/proc/kallsyms",
        "/proc/kcore",
        "/proc/keys",
        "/proc/kmem",
        "/proc/latency_stats",
        "/proc/mem",
        "/proc/sched_debug",
        "/proc/scsi",
        "/proc/timer_list",
        "/proc/timer_stats",
        "/sys/dev/block",
        "/sys/devices/virtual/powercap",
        "/sys/firmware",
        "/sys/fs",
        "/sys/hypervisor",
        "/sys/module",
        "/sys/power",
        NULL,
};

/* rkt's six directories of /sys are not here: all of /sys is read-only. */
const char *const masks_read_only[] = {
        "/proc/bus",
        "/proc/fs",
        "/proc/irq",
        "/proc/sys",
        "/proc/sysrq-trigger",
        NULL,
};

/* "0-3", "0,2-5": the last number. 0 if there is none. */
static uint64_t last_processor(const char *root) {
        _cleanup_free_ char *path = xasprintf("%s/devices/system/cpu/possible", root), *text = NULL;
        uint64_t last = 0;
        if (read_line_at(AT_FDCWD, path, &text) < 0)
                return 0;
        const char *dash = strrchr(text, '-'), *comma = strrchr(text, ',');
        const char *number = dash > comma ? dash + 1 : comma ? comma + 1 : text;
        return parse_uint(number, PROCESSORS_MAX, &last) < 0 ? 0 : last;
}

void masks_add_processors(const char *root, char ***paths) {
        uint64_t last = last_processor(root);
        for (uint64_t i = 0; i <= last; i++) {
                char path[64];
                snprintf(path, sizeof(path), "devices/system/cpu/cpu%" PRIu64 "/thermal_throttle", i);
                _cleanup_free_ char *there = xasprintf("%s/%s", root, path);
                if (access(there, F_OK) == 0)
                        strv_push(paths, xasprintf("/sys/%s", path));
                else if (i == 0)
                        return; /* it is of the kind of processor, and the first is always on */
        }
}

/* In the place of /sys/fs: the app's own cgroup is mounted there. */
#define WITH_CGROUP "with-cgroup"

int mask_create(const char *label) {
        const char *const options[] = { "source", "rkt-mask", "mode", "0755", "size", "4k", "nr_inodes", "8",
                MOUNT_LABEL(label), NULL };
        _cleanup_close_ int fd = mount_create(
                        "tmpfs", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, NULL);
        if (fd < 0)
                return fd;
        if (mkdirat(fd, "directory", 0) < 0 || mknodat(fd, "file", S_IFREG | 0, 0) < 0 ||
                        mkdirat(fd, WITH_CGROUP, 0755) < 0 || mkdirat(fd, WITH_CGROUP "/cgroup", 0755) < 0)
                return -errno;
        int r = mount_restrict(fd, "", false, MOUNT_ATTR_RDONLY, 0);
        return r < 0 ? r : TAKE_FD(fd);
}

/* What the kernel shows depends on its configuration. */
static bool is_absent(int r) {
        return r == -ENOENT || r == -ENOTDIR;
}

int mask_cover(int rootfd, const char *path, int mask) {
        _cleanup_close_ int target = target_find(rootfd, path);
        if (target < 0)
                return is_absent(target) ? 0 : target;
        struct stat st;
        if (fstat(target, &st) < 0)
                return -errno;
        const char *cover = streq(path, "/sys/fs") ? WITH_CGROUP
                            : S_ISDIR(st.st_mode)  ? "directory"
                                                   : "file";
        _cleanup_close_ int mount = mount_clone(mask, cover, false);
        return mount < 0 ? mount : mount_attach(mount, target);
}

int mask_read_only(int rootfd, const char *path) {
        _cleanup_close_ int target = target_find(rootfd, path);
        if (target < 0)
                return is_absent(target) ? 0 : target;
        _cleanup_close_ int mount = mount_clone(target, "", true);
        if (mount < 0)
                return mount;
        int r = mount_restrict(mount, "", true, MOUNT_ATTR_RDONLY, 0);
        return r < 0 ? r : mount_attach(mount, target);
}
