/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pod-netns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "alloc.h"

#define ATTEMPTS 10 /* somebody else may remove the directory that we are about to use */

char *pod_netns_path(const char *uuid) {
        return xasprintf(NETNS_DIRECTORY "/rkt-%s", uuid);
}

static bool is_namespace(const char *path) {
        struct statfs s;
        return statfs(path, &s) >= 0 && s.f_type == NSFS_MAGIC;
}

static bool is_same(const char *a, const char *b) {
        struct stat x, y;
        return stat(a, &x) >= 0 && stat(b, &y) >= 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static int loopback_up(void) {
        _cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
        return fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0 ? -errno : 0;
}

static int make_file(const char *path) {
        for (int i = 0;; i++) {
                if (mkdir(NETNS_DIRECTORY, 0755) < 0 && errno != EEXIST)
                        return -errno;
                int fd = open(path, O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0444);
                if (fd >= 0) {
                        close(fd);
                        return 0;
                }
                if (errno != ENOENT || i == ATTEMPTS)
                        return errno == EEXIST ? 0 : -errno;
        }
}

static int mount_handle(const char *source, const char *path) {
        int r = make_file(path);
        if (r < 0)
                return r;
        return mount(source, path, NULL, MS_BIND, NULL) < 0 ? -errno : 0;
}

/* This process visits the new namespace while it makes it. */
static int publish_new(const char *path) {
        _cleanup_close_ int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
        if (own < 0 || unshare(CLONE_NEWNET) < 0)
                return -errno;
        int r = loopback_up();
        if (r >= 0)
                r = mount_handle("/proc/self/ns/net", path);
        if (setns(own, CLONE_NEWNET) < 0 && r >= 0)
                r = -errno;
        return r;
}

int pod_netns_publish(const char *uuid, pid_t pid) {
        _cleanup_free_ char *path = pod_netns_path(uuid), *source = xasprintf("/proc/%d/ns/net", (int) pid);
        if (pid != 0 && is_same("/proc/self/ns/net", source))
                return -EINVAL; /* the host's own, which is not to be given away */
        if (is_namespace(path)) {
                if (pid == 0 || is_same(path, source))
                        return 0;
                int r = pod_netns_remove(uuid);
                if (r < 0)
                        return r;
        }
        return pid == 0 ? publish_new(path) : mount_handle(source, path);
}

bool pod_netns_exists(const char *uuid) {
        _cleanup_free_ char *path = pod_netns_path(uuid);
        return is_namespace(path);
}

/* Until nothing is mounted there any more, as this mount namespace sees it. */
static int unmount_and_unlink(const char *path) {
        while (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) >= 0)
                ;
        if (errno != EINVAL && errno != ENOENT)
                return -errno;
        return unlink(path) < 0 && errno != ENOENT ? -errno : 0;
}

/* In the host's mount namespace: what is unlinked there vanishes from all others. */
static int remove_on_host(const char *path) {
        _cleanup_close_ int own = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
        _cleanup_close_ int host = open("/proc/1/ns/mnt", O_RDONLY | O_CLOEXEC);
        _cleanup_close_ int directory = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (own < 0 || host < 0 || setns(host, CLONE_NEWNS) < 0)
                return -errno;
        int r = unmount_and_unlink(path);
        if (setns(own, CLONE_NEWNS) < 0)
                return -errno;
        if (directory >= 0 && fchdir(directory) < 0)
                return -errno;
        return r;
}

int pod_netns_remove(const char *uuid) {
        _cleanup_free_ char *path = pod_netns_path(uuid);
        int r = unmount_and_unlink(path);
        /* "ip netns" mounts the directory on itself. In a service with mounts of its own, the handle is then
         * there twice, and the lower one is out of reach. */
        if (r == -EBUSY)
                r = remove_on_host(path);
        if (r < 0)
                return r;
        rmdir(NETNS_DIRECTORY); /* if nobody else has one there */
        return 0;
}
