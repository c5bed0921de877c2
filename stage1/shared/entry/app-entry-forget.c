/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>

#include "app-entry.h"
#include "app-plans.h"
#include "control-client.h"
#include "file.h"
#include "log.h"
#include "strv.h"

/* If we are killed in between, what is left of the volumes goes with the pod. */
int app_entry_forget(const char *app) {
        _cleanup_strv_ char **volumes = NULL;
        int r = app_plans_remove(app, &volumes);
        STRV_FOREACH (path, volumes) {
                int k = remove_tree_at(AT_FDCWD, *path, true);
                if (k < 0)
                        log_warning_errno(k, "app %s: cannot remove its volume %s", app, *path);
        }
        return r;
}

int app_entry_remove(const char *app) {
        _cleanup_close_ int fd = control_connect();
        int r = fd < 0 ? fd : control_ask(fd, CONTROL_REMOVE, 0, app);
        return r < 0 ? r : app_entry_forget(app);
}
