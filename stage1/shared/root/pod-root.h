/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The root of PID 1: the pod's stage1/rootfs with proc, sys, dev and run, the roots of the apps below
 * /opt/stage2, and nothing of the host's. */

#include "boot.h"
#include "devices.h"

/* Detached mounts that the apps get, made while the host's files can still be reached. */
typedef struct AppSources {
        int root;            /* of the app */
        int *mounts;         /* of PlanApp.mounts */
        int credentials;     /* its copies of the unit's; or -1 */
        DeviceRule *devices; /* volumes that are device nodes */
        size_t n_devices;
} AppSources;

typedef struct PodRoot {
        int root;               /* stage1/rootfs */
        int sys;                /* sysfs; -1: whoever needs it can make it */
        AppSources *apps;       /* as Plan.apps */
        int resolv_conf, hosts; /* the host's, if wanted; or -1 */
        int host_usr;           /* the host's /usr, read-only, for journald; or -1 */
        int incoming;           /* mounts that systemd hands in: incoming.h; or -1 */
        int programs;           /* of the flavour, for a manager; or -1 */
        int namespace;          /* PID 1's mount namespace */
        char console[32];       /* what the app's /dev/console is; \"\": it swallows everything */
} PodRoot;

/* With nothing in it. */
#define POD_ROOT_NONE                                                                                       \
        ((PodRoot){ .root = -1,                                                                             \
                        .sys = -1,                                                                          \
                        .resolv_conf = -1,                                                                  \
                        .hosts = -1,                                                                        \
                        .host_usr = -1,                                                                     \
                        .incoming = -1,                                                                     \
                        .programs = -1,                                                                     \
                        .namespace = -1 })

#define POD_ROOT_MASK           "/run/rkt/mask"
#define POD_ROOT_APP            "/opt/stage2/%s/rootfs"
#define POD_ROOT_AGENT          "/run/rkt/agent.pid" /* its number, where PID 1 has one (flavour.h) */
#define POD_ROOT_SYS_ATTRIBUTES (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

/* Builds it and moves the process, alone in new pid and mount namespaces, into it. Logs failures. */
int pod_root_enter(const Boot *b, PodRoot *ret);

/* Puts the root that s->root is, which is taken, where apps have theirs. root: of PID 1. Logs failures. */
int pod_root_attach_app(int root, const PlanApp *a, AppSources *s);

/* The kernel parameters of the plan: the pod's namespaces are the process's. If the pod has users of its
 * own, some are for outside of its user namespace; those of the network are the business of its root, as
 * which users numbers in them mean depends on who writes them. Logs failures. */
int pod_root_set_sysctl(const Plan *p, bool outside);
