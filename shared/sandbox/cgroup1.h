/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Hosts that are booted with systemd.unified_cgroup_hierarchy=0: controllers are in hierarchies of cgroup v1
 * (Documentation/admin-guide/cgroup-v1). In those that systemd uses (cgroup_mask_v1 of systemd 252) it gives
 * a scope that is delegated a cgroup of the same path as in the hierarchy where it tracks processes. */

#include <stdbool.h>
#include <sys/types.h>

#include "cgroup-usage.h"

typedef enum CgroupLayout {
        CGROUP_UNIFIED, /* cgroup2 has everything */
        CGROUP_HYBRID,  /* processes are tracked in cgroup2, which is at CGROUP_UNIFIED_DIR */
        CGROUP_LEGACY,  /* in v1's name=systemd: there is no cgroup2 */
} CgroupLayout;

#define CGROUP_ROOT        "/sys/fs/cgroup"
#define CGROUP_UNIFIED_DIR "unified"

/* Of what is mounted at CGROUP_ROOT: on the host, or in PID 1's root, which is made alike. */
CgroupLayout cgroup_layout(void);

/* Opens (O_PATH) a cgroup, "/…", in the hierarchy where processes are tracked. */
int cgroup_open(const char *cgroup);

typedef enum Cgroup1Hierarchy {
        CGROUP1_SYSTEMD, /* only where it is the one that tracks */
        CGROUP1_CPU,
        CGROUP1_CPUACCT,
        CGROUP1_MEMORY,
        CGROUP1_PIDS,
        CGROUP1_BLKIO,
        CGROUP1_DEVICES,
        _CGROUP1_MAX,
} Cgroup1Hierarchy;

/* Directories of one cgroup (O_PATH); -1 where it is not. Hierarchies that are mounted together are the same
 * directory twice. */
typedef struct Cgroup1 {
        int fds[_CGROUP1_MAX];
} Cgroup1;

#define CGROUP1_NONE                                                                                        \
        (Cgroup1) {                                                                                         \
                .fds = { [0 ... _CGROUP1_MAX - 1] = -1 },                                                   \
        }

/* Finds it in every hierarchy; in none on a host with CGROUP_UNIFIED. */
void cgroup1_open(const char *cgroup, Cgroup1 *ret);
/* The same, and makes it where the one that it is in exists. */
int cgroup1_create(const char *cgroup, Cgroup1 *ret);
void cgroup1_done(Cgroup1 *c);
/* Whether it is in any. */
bool cgroup1_exists(const Cgroup1 *c);

int cgroup1_attach(const Cgroup1 *c, pid_t pid); /* moves a process in all of them; 0 is the caller */
/* Removes what is in it, in all of them, and logs. Where v1 tracks processes, systemd is not told that a
 * cgroup has become empty as long as there are others in it (cgroup-v1's notify_on_release). */
void cgroup1_remove_below(const char *cgroup);
/* Removes it, in all of them, with what is in it. -EBUSY. */
int cgroup1_remove(const char *cgroup);

/* Puts into force what the file of cgroup2 says ("memory.max" …) by the files of v1. -ENOENT: the cgroup has
 * not got the controller, or v1 has nothing like it. */
int cgroup1_limit(const Cgroup1 *c, const char *file, const char *value);
/* Whether a unit has left that as it is. */
bool cgroup1_is_untouched(const Cgroup1 *c, const char *file);
/* Whether it has the controller that cgroup2 calls so. */
bool cgroup1_has(const Cgroup1 *c, const char *controller);

/* How many processes of it the kernel has killed because memory was out; -1: not counted. */
int64_t cgroup1_oom_kills(const Cgroup1 *c);
/* Fills in what *usage lacks (is -1). */
void cgroup1_usage_add(const Cgroup1 *c, CgroupUsage *usage);
