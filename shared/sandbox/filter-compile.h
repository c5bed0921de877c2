/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* From sets of system calls to BPF, with libseccomp: when rkt is built (the default filter), and by
 * rkt-seccomp. It takes tens of milliseconds, so nothing that a pod waits for does it twice. */

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The tables: the texts of seccomp-default.list, seccomp-sets.list and seccomp-calls.list. */
typedef struct FilterLists {
        const char *defaults, *sets, *calls;
} FilterLists;

typedef struct FilterSource {
        bool retain;           /* allow what is listed, else refuse it */
        int error;             /* what refused calls fail with; 0: they kill the process (SIGSYS) */
        char *const *names;    /* of calls, and @wildcards */
        uint32_t architecture; /* libseccomp's token; 0: this machine's */
} FilterSource;

/* *ret is allocated. -EINVAL with *ret_error (allocated) for a name that is not known. */
int filter_compile(const FilterLists *lists, const FilterSource *source, struct sock_filter **ret,
                size_t *ret_n, char **ret_error);
