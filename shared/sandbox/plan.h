/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the processes of a pod are allowed to be: the pod manifest with every default filled in and every
 * name that can be resolved without the app's root resolved. It is compiled once (plan-compile.h), carried
 * out by PID 1, kept as JSON in the pod directory (stage1/rootfs/rkt/plan.json) and read again by enter, so
 * that an entered process gets exactly the sandbox of the app that it joins. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "app-io.h"
#include "app-life.h"
#include "json.h"
#include "macro.h"
#include "syscall-filter.h"
#include "user-namespace.h"
#include "uuid.h"

#define PLAN_VERSION  1
#define PLAN_PATH     "rkt/plan.json" /* in the stage1's root */
#define PLAN_SIZE_MAX ((size_t) 16 * 1024 * 1024)

/* Filter name for the one that is built in; anything else is the name of a file of BPF instructions in
 * PLAN_SECCOMP_DIR, in the stage1's root: the pod's own copy, which no cleaning of the cache takes away from
 * enter. */
#define PLAN_SECCOMP_DEFAULT "default"
#define PLAN_SECCOMP_DIR     "rkt/seccomp"

/* Where an app whose life.notify is set tells that it is ready, in its root. */
#define PLAN_NOTIFY_SOCKET "/run/systemd/notify"

/* What PID 1 tells of the life of an app beside its exit status, in the stage1's root: lines NAME=VALUE. */
#define PLAN_LIFE_DIR "rkt/life"

typedef enum PlanRootKind {
        PLAN_ROOT_DIRECTORY,
        PLAN_ROOT_OVERLAY,
        _PLAN_ROOT_KIND_MAX,
} PlanRootKind;

typedef enum PlanNet {
        PLAN_NET_HOST,
        PLAN_NET_NONE,      /* a namespace with lo */
        PLAN_NET_CONTAINED, /* a namespace that is put into networks */
        _PLAN_NET_MAX,
} PlanNet;

/* Where a file of /etc that rkt may provide comes from. */
typedef enum PlanFile {
        PLAN_FILE_DEFAULT, /* the image's; hosts: a minimal one if it has none */
        PLAN_FILE_HOST,    /* the host's, read-only */
        PLAN_FILE_STAGE0,  /* the one that was prepared in the stage1's /etc */
        PLAN_FILE_NONE,    /* the image's or nothing */
        _PLAN_FILE_MAX,
} PlanFile;

/* Paths of directories are absolute, or relative to the pod directory. */
typedef struct PlanRoot {
        PlanRootKind kind;
        char *path;   /* directory */
        char **lower; /* overlay: topmost first */
        char *upper, *work;
        bool read_only;
} PlanRoot;

typedef struct PlanMount {
        char *volume; /* its name, for messages */
        char *source; /* as PlanRoot's paths; a directory or a file; NULL: what the image has at target */
        char *target; /* absolute, in the app's root */
        bool read_only, recursive;
        bool filled; /* while it is empty: with what the image has at target */
        bool mapped; /* in a user namespace: the owners are shown as it has them */
} PlanMount;

/* Named volumes, from the pod directory. */
#define PLAN_NAMED_VOLUMES "../../../volumes"

/* A volume that is not the host's: a directory of the pod, or of DATA/volumes, made before the first start.
 */
typedef struct PlanVolume {
        char *name;
        char *path;  /* relative to the pod directory */
        mode_t mode; /* this and the owner are for when it is made */
        uid_t uid;
        gid_t gid;
        bool tmpfs;    /* on the directory, in the pod's mount namespace */
        uint64_t size; /* of the tmpfs, in bytes; 0: the kernel's default */
} PlanVolume;

/* A line to be written to a file of a cgroup, and the isolator that wants it. */
typedef struct PlanLimit {
        char *isolator;
        char *file; /* "memory.max": what is before the dot is the controller */
        char *value;
} PlanLimit;

typedef struct PlanLimits {
        PlanLimit *items;
        size_t n;
} PlanLimits;

/* setrlimit(2) */
typedef struct PlanRlimit {
        char *name;          /* "nofile" */
        uint64_t soft, hard; /* UINT64_MAX: unlimited */
} PlanRlimit;

typedef struct PlanApp {
        char *name;
        PlanRoot root;
        char **exec;
        char **pre_start, **post_stop; /* NULL: none */
        char *user, *group;            /* name, number, or path in the image; no group: the user's own */
        gid_t *gids;                   /* supplementary */
        size_t n_gids;
        char **environment; /* NAME=VALUE; what depends on the user is added at start */
        char *working_directory;
        PlanMount *mounts; /* in no order: which is below which is for links to say */
        size_t n_mounts;
        char **masked_paths, **read_only_paths;
        uint64_t capabilities; /* the bounding set, bit N for capability N */
        uint64_t ambient;      /* what a user other than root has of it */
        char *seccomp;         /* NULL: no filter */
        SyscallFilter filter;  /* its instructions; not part of the JSON */
        bool no_new_privileges;
        bool has_oom_score_adj;
        int oom_score_adj;
        PlanLimits limits;
        PlanRlimit *rlimits;
        size_t n_rlimits;
        char *selinux_context;       /* "user:role:type:level"; NULL: none */
        char *selinux_mount_context; /* of the files of its root; NULL: those that they have */
        char *apparmor_profile;      /* NULL: none */
        AppLife life;
        AppIo io;
} PlanApp;

typedef struct Plan {
        char uuid[UUID_STRING_SIZE];
        char *hostname;
        IdRange users; /* of the pod's user namespace; count 0: it has the host's */
        PlanNet net;
        char *selinux_context;       /* of processes of apps that have none of their own; NULL: none */
        char *selinux_mount_context; /* of what the apps have in common; NULL: none */
        bool private_ipc;
        bool mutable;     /* apps come and go while the pod runs */
        bool own_init;    /* the only app is the init of its image, and becomes PID 1: own-init.h */
        bool interactive; /* the only app has rkt's own stdin, stdout and stderr */
        PlanFile resolv_conf, hosts;
        PlanLimits limits; /* of all apps together, and their supervisors */
        uint64_t log_size; /* bytes of the pod's journal; 0: journald's own limit */
        char *log_dir;     /* the host's, of the apps' log files; NULL: there are none */
        char **sysctl;     /* "net/ipv4/ip_forward=1": path below /proc/sys */
        PlanVolume *volumes;
        size_t n_volumes;
        PlanApp *apps; /* in the order in which they start */
        size_t n_apps;
} Plan;

void plan_free(Plan *p);
DEFINE_CLEANUP(Plan *, plan_free)
#define _cleanup_plan_ _cleanup_(plan_freep)

json_object *plan_to_json(const Plan *p);
/* -EINVAL with *ret_error (allocated): "NAME:LINE:COLUMN: member: what was expected". */
int plan_parse(const char *name, const char *text, size_t size, Plan **ret, char **ret_error);
/* Reads dirfd/path. Every failure comes with *ret_error. */
int plan_load_at(int dirfd, const char *path, Plan **ret, char **ret_error);

bool plan_has_limits(
                const Plan *p); /* that take cgroup controllers, of the pod or an app; or may get some */
void plan_limits_done(PlanLimits *l);
/* Takes value. */
void plan_limits_add(PlanLimits *l, const char *isolator, const char *file, char *value);
const PlanLimit *plan_limits_find(const PlanLimits *l, const char *file); /* NULL if it is not there */
int plan_rlimit_from_name(const char *name);                              /* RLIMIT_…; -EINVAL */
/* With "paths" insecure: nothing of the kernel's is kept from the app. */
bool plan_app_has_all_devices(const PlanApp *a);
/* The app has a volume at path or above it. */
bool plan_app_has_volume_over(const PlanApp *a, const char *path);
const PlanApp *plan_find_app(const Plan *p, const char *name); /* NULL if it is not there */
