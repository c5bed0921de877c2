/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* From a prepared pod and the arguments of stage1's run to the plan. */

#include "plan.h"
#include "pod-manifest.h"

typedef struct PlanRequest {
        const char *uuid;
        const char *hostname;
        const char *metadata_url;    /* NULL: no metadata service */
        const char *term;            /* TERM of the caller, for an interactive app; NULL: none */
        const char *selinux_context; /* of the pod's processes and files; NULL: no labels */
        const char *selinux_mount_context;
        PlanNet net;
        IdRange users;
        bool private_ipc;
        bool interactive;
        bool mutable;
        bool own_init;         /* plan_compile finds out */
        bool all_capabilities; /* --insecure-options=capabilities */
        bool all_paths;
        bool no_seccomp;
        const char *seccomp_cache; /* directory of compiled filters; NULL: none */
        PlanFile resolv_conf, hosts;
} PlanRequest;

/* podfd is the pod directory, as rkt-prepare leaves it. Logs what is wrong and what of the manifest is not
 * applied (isolators that this stage1 does not know). */
int plan_compile(const PlanRequest *q, const PodManifest *m, int podfd, Plan **ret);

/* The same for a single app that a running pod gets: the plan has this one, and nothing of the pod's
 * isolators, which are in force. */
int plan_compile_app(const PlanRequest *q, const PodManifest *m, const char *name, int podfd, Plan **ret);
