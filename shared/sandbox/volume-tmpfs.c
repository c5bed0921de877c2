/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "volume-tmpfs.h"

#include <inttypes.h>

#include "log.h"
#include "mounts.h"

int volume_tmpfs_mount(const PlanVolume *v, int pod, uint64_t attributes, const char *label) {
        char mode[16], uid[16], gid[16], size[32];
        snprintf(mode, sizeof(mode), "%04o", (unsigned) v->mode);
        snprintf(uid, sizeof(uid), "%u", v->uid);
        snprintf(gid, sizeof(gid), "%u", v->gid);
        snprintf(size, sizeof(size), "%" PRIu64, v->size);
        const char *options[16] = { "source", "tmpfs", "mode", mode, "uid", uid, "gid", gid };
        size_t n = 8;
        if (v->size > 0) {
                options[n++] = "size";
                options[n++] = size;
        }
        if (label) {
                options[n++] = "context";
                options[n++] = label;
        }
        _cleanup_free_ char *why = NULL;
        _cleanup_close_ int fd = mount_create("tmpfs", options, attributes, &why);
        int r = fd < 0 ? fd : mount_attach_at(fd, pod, v->path);
        return r < 0 ? log_error_errno(r, "volume \"%s\": cannot mount a tmpfs%s%s", v->name,
                                       why ? ": " : "", why ?: "")
                     : 0;
}
