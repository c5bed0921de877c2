/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Isolators (appc spec, ace.md "Isolators"): what an app or a pod may use of the host. */

#include "json.h"
#include "name-value.h"
#include "quantity.h"

typedef enum IsolatorType {
        ISOLATOR_UNKNOWN, /* kept as it is; whoever applies isolators reports it */
        ISOLATOR_CPU,     /* resource */
        ISOLATOR_MEMORY,
        ISOLATOR_BLOCK_BANDWIDTH,
        ISOLATOR_BLOCK_IOPS,
        ISOLATOR_NETWORK_BANDWIDTH,
        ISOLATOR_CAPABILITIES_RETAIN, /* set */
        ISOLATOR_CAPABILITIES_REMOVE,
        ISOLATOR_SECCOMP_RETAIN, /* set, error_name */
        ISOLATOR_SECCOMP_REMOVE,
        ISOLATOR_NO_NEW_PRIVILEGES, /* flag */
        ISOLATOR_OOM_SCORE_ADJ,     /* number */
        ISOLATOR_CPU_SHARES,
        ISOLATOR_SELINUX_CONTEXT,  /* selinux */
        ISOLATOR_APPARMOR_PROFILE, /* profile */
        ISOLATOR_SYSCTL,           /* values */

        /* rkt's own, beyond the spec */
        ISOLATOR_PIDS,        /* number */
        ISOLATOR_IO_WEIGHT,   /* number */
        ISOLATOR_MEMORY_HIGH, /* resource, a limit only */
        ISOLATOR_MEMORY_SWAP,
        ISOLATOR_CPUSET,               /* values: cpus, mems */
        ISOLATOR_RLIMITS,              /* values: "nofile" is "1024:2048" */
        ISOLATOR_CAPABILITIES_AMBIENT, /* set */
        _ISOLATOR_TYPE_MAX,
} IsolatorType;

typedef struct Isolator {
        char *name;
        IsolatorType type;
        json_object *value; /* as read, for writing it again; may be NULL (absent) */

        /* by type; everything else is zero */
        struct {
                bool has_request, has_limit, is_default;
                Quantity request, limit;
        } resource;
        char **set;       /* capability names; syscall names and @wildcards */
        char *error_name; /* "EPERM"; NULL: not given */
        bool flag;
        int64_t number;
        struct {
                char *user, *role, *type, *level;
        } selinux;
        char *profile;
        NameValueList values;
} Isolator;

typedef struct IsolatorList {
        Isolator *items;
        size_t n;
} IsolatorList;

void isolators_clear(IsolatorList *l);
#define _cleanup_isolators_ _cleanup_(isolators_clear)

const char *isolator_type_name(IsolatorType type); /* "resource/cpu"; NULL for unknown */
IsolatorType isolator_type_from_name(const char *name);

/* The one in force (the last of that type), or NULL. */
const Isolator *isolators_find(const IsolatorList *l, IsolatorType type);
void isolators_remove(IsolatorList *l, IsolatorType type); /* all of that type */

/* Member "isolators" of o. Checks each value, and that capability and seccomp sets are not given twice. */
int isolators_parse(JsonContext *c, json_object *o, IsolatorList *ret);
json_object *isolators_to_json(const IsolatorList *l);

/* Appends one whose value is given as JSON, checked as in a manifest, in place of what it excludes: others
 * of its type, and the opposite capability or seccomp set. Takes no reference on value away from the caller.
 * -EINVAL with *ret_error. */
int isolators_set(IsolatorList *l, const char *name, json_object *value, char **ret_error);
/* Shorthands of it for what the command line can say. */
int isolators_set_map(IsolatorList *l, IsolatorType type, const NameValueList *values, char **ret_error);
int isolators_set_flag(IsolatorList *l, IsolatorType type, bool flag, char **ret_error);
int isolators_set_resource(IsolatorList *l, IsolatorType type, const char *request, const char *limit,
                char **ret_error);
int isolators_set_number(IsolatorList *l, IsolatorType type, int64_t number, char **ret_error);
int isolators_set_names(IsolatorList *l, IsolatorType type, char *const *set, const char *error_name,
                char **ret_error);
/* --seccomp: [mode=retain|remove][,errno=EX],SYSCALL[,…] */
int isolators_set_seccomp(IsolatorList *l, const char *option, char **ret_error);
/* --isolators of patch-manifest: NAME[,request=Q][,limit=Q][,default=B] or NAME,value=V for a number or
 * boolean. */
int isolators_set_option(IsolatorList *l, const char *option, char **ret_error);
