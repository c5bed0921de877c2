/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The handle of a pod's network namespace: /run/netns/rkt-UUID, a mount of it on a file, which "ip netns"
 * understands. It is the one thing that rkt mounts on the host. */

#include <stdbool.h>
#include <sys/types.h>

#define NETNS_DIRECTORY "/run/netns"

char *pod_netns_path(const char *uuid); /* allocated */

/* Makes the handle for the network namespace that a process is in, or with pid 0 for a new one in which lo
 * is up. One that is there already is replaced, unless it is for that namespace (or pid is 0). */
int pod_netns_publish(const char *uuid, pid_t pid);
/* Whether there is a handle, and not only the file of one. */
bool pod_netns_exists(const char *uuid);
/* The namespace goes with the last process in it. None there is fine. */
int pod_netns_remove(const char *uuid);
