/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* An app's mount namespace. PID 1 makes it, keeps it by descriptor, and every process of the app joins it:
 * the hooks, the app itself, and what enters it. */

#include "pod-root.h"

/* Where PID 1 says which of its descriptors is the mount namespace of an app: a file for each. */
#define APP_ROOT_NAMESPACES "/run/rkt/namespaces"

/* Where a system that is booted says that it is up, in its root. */
#define APP_ROOT_HOST_NOTIFY "/run/host/notify"

/* And where it has what its unit was given: the directories of its services are at the usual place. */
#define APP_ROOT_HOST_CREDENTIALS "/run/host/credentials"

typedef struct AppRoot {
        int namespace; /* the mount namespace */
        int root;      /* its root directory (O_PATH) */
} AppRoot;

/* index: of the app in the plan; number: what notify_open was told. Changes nothing of the calling process
 * in the end. Logs failures. */
int app_root_build(const Boot *b, const PodRoot *pod, size_t index, size_t number, AppRoot *ret);

/* The first network that has name servers has had them written down, unless the command line has any: covers
 * the app's /etc/resolv.conf with PID 1's /etc/rkt-resolv.conf, which has come after the root was built.
 * plan: of the pod; name: of the app. Logs failures. */
int app_root_use_network_dns(const Plan *plan, const char *name, const AppRoot *root);
