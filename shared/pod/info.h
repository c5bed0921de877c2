/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a pod is and how it fares, read from its directory: for list, status, and whoever watches. */

#include "health-state.h"
#include "pod-manifest.h"
#include "pod.h"

typedef enum AppState {
        APP_UNKNOWN,
        APP_CREATED,
        APP_RUNNING,
        APP_EXITED,
} AppState;

typedef struct AppInfo {
        const RuntimeApp *app; /* in PodInfo.manifest */
        AppState state;
        int64_t created_at, started_at, finished_at; /* ns since the epoch; 0: not known */
        bool has_exit_code;
        int exit_code;
        uint64_t restarts; /* by its policy */
        int signal;        /* that ended it; 0: none */
        bool oom_killed;   /* the kernel killed it, or a process of its, when memory was out */
        bool has_health;
        HealthState health; /* of an app whose health is checked */
} AppInfo;

typedef struct PodInfo {
        const Pod *pod;
        PodManifest *manifest; /* NULL where the pod has none yet */
        AppInfo *apps;
        size_t n_apps;
        int64_t created_at, started_at; /* ns; 0: not known, not started */
        int64_t gc_marked_at;           /* ns; 0: not in garbage */
        pid_t pid;                      /* of the pod's PID 1 on the host; 0: not known */
        json_object *networks;          /* array of net-info.json; NULL: host network or none known */
} PodInfo;

/* How much to read: a list of many pods need not know how each app fares. */
typedef enum PodInfoDetail {
        POD_INFO_BRIEF, /* apps have a name and an image and nothing more, and the pod has no pid */
        POD_INFO_FULL,
} PodInfoDetail;

/* Logs nothing; -errno with *ret_error (allocated) when the manifest cannot be read. */
int pod_info_read(const Pod *p, PodInfoDetail detail, PodInfo *ret, char **ret_error);
void pod_info_done(PodInfo *i);
#define _cleanup_pod_info_ _cleanup_(pod_info_done)

const char *app_state_name(AppState s);
/* Whether a pod in that state has been started. */
bool pod_state_has_run(PodState s);
/* Whether all apps have been started (supervisor-status is ready). */
bool pod_is_ready(const Pod *p);
/* What the checks of an app have found; false if it has none, or has not been started. */
bool pod_app_health(const Pod *p, const char *app, HealthState *ret);
/* "name:ip4=ADDRESS, name:ip6=ADDRESS, …"; "" without networks. Allocated. */
char *pod_info_networks(const PodInfo *i);
/* rkt's JSON form. */
json_object *app_info_to_json(const PodInfo *i, const AppInfo *a);
json_object *pod_info_to_json(const PodInfo *i);
