/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "volume-tmpfs.h"

#include <inttypes.h>

#include "log.h"
#include "mounts.h"

int volume_tmpfs_mount(const PlanVolume *v, int pod, uint64_t attributes) {
        char mode[16], uid[16], gid[16], size[32];
        snprintf(mode, sizeof(mode), "%04o", (unsigned) v->mode);
        snprintf(uid, sizeof(uid), "%u", v->uid);
        snprintf(gid, sizeof(gid), "%u", v->gid);
        snprintf(size, sizeof(size), "%" PRIu64, v->size);
        const char *const options[] = { "source", "tmpfs", "mode", mode, "uid", uid, "gid", gid,
                v->size > 0 ? "size" : NULL, size, NULL };
        _cleanup_free_ char *why = NULL;
        _cleanup_close_ int fd = mount_create("tmpfs", options, attributes, &why);
        int r = fd < 0 ? fd : mount_attach_at(fd, pod, v->path);
        return r < 0 ? log_error_errno(r, "volume \"%s\": cannot mount a tmpfs%s%s", v->name,
                                       why ? ": " : "", why ?: "")
                     : 0;
}
