/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "journal-link.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>

#include "alloc.h"

#define HOST_JOURNALS "/var/log/journal"

/* Where the link has to lead, or NULL if it does not lead into the pod's directory at "from". */
static char *moved_target(const char *target, const char *uuid, PodPlace from, PodPlace to) {
        _cleanup_free_ char *inside = xasprintf("/%s/%s/", pod_place_name(from), uuid);
        const char *at = strstr(target, inside);
        if (!at)
                return NULL;
        return xasprintf("%.*s/%s/%s/%s", (int) (at - target), target, pod_place_name(to), uuid,
                        at + strlen(inside));
}

int journal_link_follow(const char *uuid, PodPlace from, PodPlace to) {
        char id[33], target[PATH_MAX];
        _cleanup_close_ int dirfd = open(HOST_JOURNALS, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (dirfd < 0)
                return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
        uuid_machine_id(uuid, id);
        ssize_t n = readlinkat(dirfd, id, target, sizeof(target) - 1);
        if (n < 0)
                return errno == ENOENT || errno == EINVAL ? 0 : -errno;
        target[n] = 0;
        _cleanup_free_ char *moved = moved_target(target, uuid, from, to);
        if (!moved)
                return 0;

        /* journalctl passes over names that are no machine ID, and so over this one */
        _cleanup_free_ char *temporary = xasprintf(".%s.rkt", id);
        unlinkat(dirfd, temporary, 0); /* of one that was killed: we hold the pod's lock */
        if (symlinkat(moved, dirfd, temporary) < 0)
                return -errno;
        if (renameat(dirfd, temporary, dirfd, id) < 0) {
                int r = -errno;
                unlinkat(dirfd, temporary, 0);
                return r;
        }
        return 0;
}
