/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the user asks for on the command line of run, prepare and (images only) fetch: rkt's grammar of pod
 * flags, images, per-app flags behind their image, and "-- arguments ---". The tables of
 * options fill the one global request. */

#include <sys/types.h>

#include "isolator.h"
#include "name-value.h"
#include "option.h"
#include "volume.h"

typedef enum PullPolicy {
        PULL_NEVER,
        PULL_NEW,
        PULL_UPDATE,
} PullPolicy;

const char *pull_policy_name(PullPolicy p);

typedef struct AppRequest {
        char *image; /* as given */
        char *signature;
        char *name;
        char *exec;
        char **arguments;       /* NULL: no "--" */
        bool replace_arguments; /* they take the place of the image's */
        char *working_directory;
        char *user, *group;
        gid_t *supplementary_gids;
        size_t n_supplementary_gids;
        bool supplementary_gids_given;
        int read_only_rootfs; /* -1: not said */
        Mount *mounts;
        size_t n_mounts;
        NameValueList annotations, user_annotations, user_labels, environment;
        IsolatorList isolators; /* replace those of the image */
} AppRequest;

typedef struct Stage1Request {
        char *url, *path, *name, *hash, *from_dir; /* at most one */
} Stage1Request;

typedef struct PodRequest {
        AppRequest *apps;
        size_t n_apps;
        Mount *mounts; /* for all apps */
        size_t n_mounts;
        Volume *volumes;
        size_t n_volumes;
        ExposedPort *ports;
        size_t n_ports;
        bool inherit_env;
        NameValueList environment;      /* --set-env */
        NameValueList environment_file; /* --set-env-file */
        bool no_overlay;
        char *log_dir;  /* absolute; NULL: not given */
        char *log_size; /* NULL: not given */
        bool private_users;
        bool own_init; /* the only app is the init of its image: own-init.h */
        bool mutable;  /* apps are added when it runs */
        NameValueList annotations, user_annotations, user_labels; /* of a mutable pod */
        char *pod_manifest;
        PullPolicy pull_policy;
        bool pull_policy_given;
        bool store_only, no_store; /* rkt's old names of never and update */
        Stage1Request stage1;
        IsolatorList isolators; /* of the pod: limits given before the first image, and --sysctl */
} PodRequest;

extern PodRequest pod_request;
extern const Option pod_request_options[]; /* pod and app flags that run and prepare share */

void pod_request_clear(void); /* frees what it holds; pull policy is "new" again */

int pod_request_argument(ArgumentKind kind, const char *argument, void *userdata);
/* What the Command of each program that makes a pod has in common, beside .shared_options. */
#define POD_REQUEST_COMMAND                                                                                 \
        .app_options = { app_request_options, isolator_request_options }, .global_options = global_options, \
        .needs_root = true, .argument = pod_request_argument, .app_arguments = true

/* What can only be judged at the end: conflicts, dangling mounts. Logs; -EINVAL. */
int pod_request_check(void);

/* The rows of per-app flags, which "app add" takes too. */
extern const Option app_request_options[];
extern const Option isolator_request_options[]; /* those of them that become isolators */
/* Logs that the value of a flag is wrong. Frees message, which may be NULL. -EINVAL. */
int pod_request_fail(const char *flag, const char *value, char *message);
AppRequest *pod_request_current_app(const char *flag); /* NULL after logging when no image came before */
void app_request_done(AppRequest *a);
