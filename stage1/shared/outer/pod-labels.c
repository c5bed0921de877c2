/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pod-labels.h"

#include <errno.h>

#include "log.h"
#include "security-label.h"

static int relabel(int pod, const char *path, const char *context) {
        int r = security_relabel_tree_at(pod, path, context);
        return r == -ENOENT ? 0
               : r < 0 ? log_error_errno(r, "cannot give the SELinux context %s to the pod's %s", context,
                                         path)
                       : 0;
}

/* An overlay gets its label when it is mounted. */
static int relabel_root(const PlanApp *a, int pod) {
        return a->root.kind == PLAN_ROOT_DIRECTORY ? relabel(pod, a->root.path, a->selinux_mount_context)
                                                   : 0;
}

static int label_created(const char *context) {
        int r = security_set_selinux_created(context);
        return r < 0 ? log_error_errno(r, "cannot create files with the SELinux context %s", context) : 0;
}

int pod_labels_set(const Plan *p, int pod) {
        const char *context = p->selinux_mount_context;
        if (!context)
                return 0;
        int r = label_created(context);
        if (r < 0 || (r = relabel(pod, "stage1/rootfs", context)) < 0 ||
                        (r = relabel(pod, "sharedVolumes", context)) < 0)
                return r;
        for (size_t i = 0; i < p->n_apps && r >= 0; i++)
                if (!streq(p->apps[i].selinux_mount_context, context))
                        r = relabel_root(&p->apps[i], pod);
        return r;
}

int pod_labels_set_app(const Plan *p, int pod) {
        const char *context = p->selinux_mount_context;
        if (!context)
                return 0;
        int r = label_created(context);
        for (size_t i = 0; i < p->n_volumes && r >= 0; i++)
                if (startswith(p->volumes[i].path, "sharedVolumes/"))
                        r = relabel(pod, p->volumes[i].path, context);
        return r < 0 ? r : relabel_root(&p->apps[0], pod);
}
