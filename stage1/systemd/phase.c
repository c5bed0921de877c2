/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "phase.h"

#include <errno.h>

int phase_from_name(const char *name) {
        return streq(name, "pre-start")   ? APP_PRE_START
               : streq(name, "main")      ? APP_MAIN
               : streq(name, "post-stop") ? APP_POST_STOP
                                          : -EINVAL;
}
