/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "security-module.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
#include "file.h"

bool security_has_selinux(void) {
        return access("/sys/fs/selinux/enforce", F_OK) == 0;
}

bool security_has_apparmor(void) {
        _cleanup_free_ char *enabled = NULL;
        return read_line_at(AT_FDCWD, "/sys/module/apparmor/parameters/enabled", &enabled) >= 0 &&
               streq(enabled, "Y");
}

const char *selinux_range(const char *context) {
        for (int i = 0; i < 3 && context; i++) {
                context = strchr(context, ':');
                context = context ? context + 1 : NULL;
        }
        return context;
}

char *selinux_with_range(const char *context, const char *range) {
        const char *old = selinux_range(context);
        return old ? xasprintf("%.*s%s", (int) (old - context), context, range)
                   : xasprintf("%s:%s", context, range);
}
