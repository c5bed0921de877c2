/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* System call filters: BPF instructions, compiled when rkt is built (the default) or by rkt-seccomp, once
 * for each set of calls (filter-cache.h). Nothing here compiles: that costs tens of milliseconds. */

#include <linux/filter.h>
#include <stddef.h>

#include "macro.h"

typedef struct SyscallFilter {
        const struct sock_filter *code;
        size_t n;
        void *allocated; /* NULL: code is built in */
} SyscallFilter;

void syscall_filter_done(SyscallFilter *f);

/* The one that is built in. */
void syscall_filter_default(SyscallFilter *ret);
/* A file of instructions and nothing else. -EINVAL if it is not. */
int syscall_filter_read_at(int dirfd, const char *path, SyscallFilter *ret);
int syscall_filter_write_at(int dirfd, const char *path, const SyscallFilter *f);

/* Sets the filter for the rest of this process's life, across execve. Needs CAP_SYS_ADMIN or no_new_privs.
 */
int syscall_filter_load(const SyscallFilter *f);

/* The default filter: made from seccomp-default.list by seccomp-generate. */
extern const struct sock_filter seccomp_default[];
extern const size_t seccomp_default_length;
extern const char seccomp_lists_id[]; /* stands for the lists that rkt was built with */
