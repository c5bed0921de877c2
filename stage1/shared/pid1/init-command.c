/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "init-command.h"

#include "alloc.h"
#include "log.h"
#include "own-init.h"
#include "strv.h"
#include "target.h"

char **init_command(const PlanApp *a, int root) {
        static const char *const places[] = { OWN_INIT_PATH, "/usr/sbin/init", "/usr/lib/systemd/systemd",
                "/lib/systemd/systemd" };
        char **argv = strv_copy(a->exec);
        if (!streq(argv[0], OWN_INIT_PATH))
                return argv;
        for (size_t i = 0; i < ELEMENTSOF(places); i++) {
                _cleanup_close_ int fd = target_find(root, places[i]);
                if (fd < 0)
                        continue;
                free(argv[0]);
                argv[0] = xstrdup(places[i]);
                return argv;
        }
        log_error("app %s: its image has no init: neither %s nor systemd; name one with --exec", a->name,
                        OWN_INIT_PATH);
        strv_free(argv);
        return NULL;
}
