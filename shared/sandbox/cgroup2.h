/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The cgroup2 hierarchy, seen from outside a pod and from inside. */

#include <stdint.h>
#include <sys/types.h>

/* Where the unified hierarchy is mounted on this host (also beside the v1 ones of a hybrid set-up); NULL if
 * it is not. Not allocated. */
const char *cgroup2_mount_point(void);

/* Path of the process's cgroup in it, "/…", allocated. -ENODATA on a host without cgroup2. */
int cgroup2_of_process(pid_t pid, char **ret);

/* Opens the directory (O_PATH) of a cgroup, named as above. */
int cgroup2_open(const char *cgroup);

int cgroup2_create_at(int dirfd, const char *name); /* and opens it */
int cgroup2_attach(int cgroup, pid_t pid);          /* moves a process; 0 is the caller */
/* Moves every process in a cgroup (not those in cgroups below) but one, and what these fork meanwhile. */
int cgroup2_move_all(int from, int to, pid_t except);
/* -ENOENT when the controller is not there. */
int cgroup2_write(int cgroup, const char *file, const char *value);
/* Kills every process in the cgroup (not those in cgroups below), also one that forks all the time. */
int cgroup2_kill(int cgroup);
/* Removes a cgroup and those in it. */
int cgroup2_remove_at(int dirfd, const char *name);
