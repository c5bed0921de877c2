/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The devices that every app has (appc OS-SPEC): null zero full random urandom tty, console, ptmx, net/tun
 * where the host has it. And the policy: which devices may be opened at all. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#define DEVICES_DIR_MODE 0755
#define TTY_GROUP        5 /* of Debian, Fedora, Arch, and every devpts mount in the field */

/* Fills devfd, the root of an attached tmpfs: nodes, the links fd stdin stdout stderr ptmx core log, the
 * directories pts, shm, mqueue. Where mknod(2) is not allowed, the nodes below /dev are bound in. console is
 * left as a node that swallows everything. */
int devices_populate(int devfd);

/* A pseudo-terminal file system of its own, detached. */
int devices_create_pts(const char *label);

/* What may be opened with which access, besides what every app may. */
typedef struct DeviceRule {
        bool block;
        unsigned major, minor; /* minor: or DEVICE_ANY_MINOR */
        bool write;
} DeviceRule;

#define DEVICE_ANY_MINOR UINT32_MAX

/* What every app may. */
#define DEVICES_COMMON 9
extern const DeviceRule devices_common[DEVICES_COMMON];
bool device_rule_is_common(const DeviceRule *rule);

/* Whether st is a device node, and the rule for it. */
bool device_rule_of(const struct stat *st, bool write, DeviceRule *ret);

/* Loads the program that enforces the list in a cgroup, as runc and systemd do: nodes can be made but only
 * the listed ones opened. Returns a descriptor. */
int device_policy_load(const DeviceRule *rules, size_t n);
int device_policy_attach(int program, int cgroup);
/* The same where there is no cgroup2: by the controller devices of v1, whose directory of the cgroup is
 * given. Takes the host's privileges. */
int device_policy_write(const DeviceRule *rules, size_t n, int cgroup);
