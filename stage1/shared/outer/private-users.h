/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Pods with a user namespace. PID 1 and everything in the pod is in it from the beginning, and all other
 * namespaces of the pod belong to it, so PID 1 has no power over the host's files: a helper on the host's
 * side makes the mounts that the pod consists of, with owners mapped, and sends them. */

#include "boot.h"
#include "pod-root.h"

/* Writes the maps of pid, a process in a new user namespace, and starts the helper. b->sources is its end of
 * the socket; it is closed. Returns the helper's pid. Logs failures. */
pid_t private_users_start(Boot *b, pid_t pid, int pidfd, int *ret_helper);

/* In PID 1: takes what the helper sends. Then PID 1 is root of its namespace. Without a message if the
 * helper has failed: it has said why. */
int private_users_receive(const Boot *b, PodRoot *ret);

/* Lets the pod's root make cgroups below this one (and only there): cgroups(7), delegation. Those of the
 * apps are made here, each with its device policy, which takes the host's privileges; a manager makes them
 * itself, and the policy is the pod's. */
int private_users_delegate(const Boot *b, const char *cgroup);

/* For an app that a running pod gets, of which b->plan is the plan; working directory: the pod's. The first
 * opens the pod's user namespace, the other makes the app's cgroup, if the pod has one, with all of its
 * files the pod's root's; where a manager makes it, an app that needs a device of its own is refused. Both
 * log. */
int private_users_open(int *ret_namespace);
int private_users_delegate_app(const Boot *b);
