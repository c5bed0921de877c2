/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The contexts of containers that a policy of SELinux names (lxc_contexts, as libvirt, podman and rkt read
 * it), and the categories that keep two containers of one type apart (multi-category security). */

#include <stddef.h>
#include <stdint.h>

#include "macro.h"

typedef struct SelinuxContexts {
        char *process; /* "USER:ROLE:TYPE:RANGE"; the range may be missing */
        char *file;
} SelinuxContexts;

void selinux_contexts_done(SelinuxContexts *c);
#define _cleanup_selinux_contexts_ _cleanup_(selinux_contexts_done)

/* Lines KEY = "VALUE", empty ones, and comments. Keys other than process and file are passed over. -EINVAL
 * with *ret_error (allocated) if one of the two is missing or no context. */
int selinux_contexts_parse(
                const char *name, const char *text, size_t size, SelinuxContexts *ret, char **ret_error);

#define SELINUX_CATEGORIES 1024u
#define SELINUX_PAIRS      (SELINUX_CATEGORIES * (SELINUX_CATEGORIES - 1) / 2)

/* The nth pair of different categories, n < SELINUX_PAIRS; *ret_low < *ret_high. */
void selinux_pair(uint32_t n, unsigned *ret_low, unsigned *ret_high);

/* The context with its sensitivity and the two categories, "s0:c1,c2", as range; without a range, as it is.
 * Allocated. */
char *selinux_context_with_pair(const char *context, unsigned low, unsigned high);
