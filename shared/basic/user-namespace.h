/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* User namespaces (user_namespaces(7)) with one range: ID 0 of the namespace is the host's shift, and so on
 * for count IDs, of users and of groups alike. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct IdRange {
        uint32_t shift;
        uint32_t count; /* 0: no user namespace */
} IdRange;

/* "SHIFT:COUNT", as rkt has always passed it to stage1. -EINVAL unless both are numbers, the count is not 0
 * and the last ID is one. */
int id_range_parse(const char *s, IdRange *ret);

/* Whether an ID is in the range and among the count IDs from start on. */
bool id_range_overlaps(IdRange r, uint64_t start, uint64_t count);

/* For a process in a new user namespace that has no maps yet. By the host's root. */
int user_namespace_write_maps(pid_t pid, IdRange range);

/* A descriptor of a namespace with that range, in which there is no process: for mount_setattr(2). */
int user_namespace_open(IdRange range);

/* Root of the user namespace that the process is in, without anybody's supplementary groups. Capabilities
 * stay as they are. */
int user_namespace_become_root(void);
