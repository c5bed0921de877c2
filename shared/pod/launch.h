/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Starting a prepared pod: the flags that run and run-prepared share, and the execution of stage1's run. */

#include "option.h"
#include "pod.h"

typedef struct LaunchRequest {
        char **networks; /* as given with --net; NULL: the default */
        char **dns, **dns_search, **dns_options;
        char *dns_domain;
        char **hosts_entries;
        char *hostname;
        char *ipc;
        bool interactive;
        bool mds_register;
        bool dry_run;
        bool mutable; /* apps are added when it runs */
} LaunchRequest;

extern LaunchRequest launch_request;
extern const Option launch_request_options[];

/* What can be judged before there is a pod. has_ports: the pod publishes ports. Logs; -EINVAL. */
int launch_request_check(bool has_ports);

/* Moves the pod, which is locked by us, to "run" and replaces this process by the stage1's run entry point,
 * with the pod's directory as working directory and its lock in RKT_LOCK_FD. Returns only to report a
 * failure, which it has logged. */
int pod_launch(Pod *p);

/* For --dry-run: has the stage1 print what it would run, as JSON, and leaves the pod where it is. Returns
 * the stage1's exit status, or -errno after logging. */
int pod_explain(Pod *p);

/* What --hostname says, or rkt-UUID. Allocated. */
char *launch_hostname(const Pod *p);
