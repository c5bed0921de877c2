/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "descriptor-limit.h"

static struct rlimit given;

void descriptor_limit_raise(void) {
        if (getrlimit(RLIMIT_NOFILE, &given) < 0)
                return;
        struct rlimit raised = { given.rlim_max, given.rlim_max };
        setrlimit(RLIMIT_NOFILE, &raised);
}

void descriptor_limit_given(struct rlimit *ret) {
        *ret = given;
}

void descriptor_limit_restore(void) {
        if (given.rlim_max > 0)
                setrlimit(RLIMIT_NOFILE, &given);
}
