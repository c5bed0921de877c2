/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* System call filters: BPF instructions, compiled when rkt is built (the default) or when a pod is prepared.
 * Nothing here compiles: that costs tens of milliseconds. */

#include <linux/filter.h>
#include <stddef.h>

#include "macro.h"

typedef struct SyscallFilter {
        const struct sock_filter *code;
        size_t n;
        void *allocated; /* NULL: code is built in */
} SyscallFilter;

void syscall_filter_done(SyscallFilter *f);

/* name as in PlanApp.seccomp, not NULL. -EINVAL if the file does not hold a filter. */
int syscall_filter_open(const char *name, SyscallFilter *ret);

/* Sets the filter for the rest of this process's life, across execve. Needs CAP_SYS_ADMIN or no_new_privs.
 */
int syscall_filter_load(const SyscallFilter *f);

/* The default filter: made from seccomp-default.list by seccomp-generate. */
extern const struct sock_filter seccomp_default[];
extern const size_t seccomp_default_length;
