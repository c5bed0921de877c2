/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "devices.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "macro.h"
#include "mounts.h"

typedef struct Node {
        const char *name;
        unsigned major, minor;
        bool optional; /* only if the host has it */
} Node;

static const Node nodes[] = {
        { "null", 1, 3, false },
        { "zero", 1, 5, false },
        { "full", 1, 7, false },
        { "random", 1, 8, false },
        { "urandom", 1, 9, false },
        { "tty", 5, 0, false },
        { "console", 1, 3, false },
        { "net/tun", 10, 200, true },
};

static const struct {
        const char *name, *to;
} links[] = {
        { "fd", "/proc/self/fd" },
        { "stdin", "/proc/self/fd/0" },
        { "stdout", "/proc/self/fd/1" },
        { "stderr", "/proc/self/fd/2" },
        { "ptmx", "pts/ptmx" },
        { "core", "/proc/kcore" },
        { "log", "/run/systemd/journal/dev-log" },
};

static int bind_node(int devfd, const char *name) {
        char path[64];
        /* console's place is taken by null: the machine's console is not for apps */
        snprintf(path, sizeof(path), "/dev/%s", streq(name, "console") ? "null" : name);
        _cleanup_close_ int file = openat(devfd, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
        if (file < 0)
                return -errno;
        _cleanup_close_ int mount = mount_clone(AT_FDCWD, path, false);
        return mount < 0 ? mount : mount_attach_at(mount, devfd, name);
}

static int make_node(int devfd, const Node *n) {
        if (n->optional && access("/dev/net/tun", F_OK) < 0)
                return 0;
        if (mknodat(devfd, n->name, S_IFCHR | 0666, makedev(n->major, n->minor)) == 0)
                return 0;
        return errno == EPERM ? bind_node(devfd, n->name) : -errno;
}

int devices_populate(int devfd) {
        static const char *const directories[] = { "pts", "shm", "mqueue", "net" };
        mode_t mask = umask(0);
        int r = 0;
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(directories); i++)
                r = mkdirat(devfd, directories[i], DEVICES_DIR_MODE) < 0 ? -errno : 0;
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(nodes); i++)
                r = make_node(devfd, &nodes[i]);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(links); i++)
                r = symlinkat(links[i].to, devfd, links[i].name) < 0 ? -errno : 0;
        umask(mask);
        return r;
}

int devices_create_pts(const char *label) {
        char gid[16];
        snprintf(gid, sizeof(gid), "%d", TTY_GROUP);
        const char *const options[] = {
                "source",
                "devpts",
                "newinstance",
                "",
                "ptmxmode",
                "0666",
                "mode",
                "0620",
                "gid",
                gid,
                MOUNT_LABEL(label),
                NULL,
        };
        return mount_create("devpts", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, NULL);
}
