/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The frame of a CNI plugin: what the caller says in the environment and on standard input is read and
 * checked here, the plugin's callback does the work, and its result or error is written for the version of
 * the specification that the configuration names.
 *
 *      static const CniPlugin plugin = { .name = "loopback", .add = add, .del = del, .check = check };
 *      int main(void) {
 *              return cni_plugin_main(&plugin);
 *      }
 */

#include <stdbool.h>

#include "cni-result.h"

typedef struct CniCall {
        const char *container_id;
        const char *netns;  /* path; NULL if DEL came without */
        const char *ifname; /* at most 15 bytes, no "/" or white space */
        const char *path;   /* CNI_PATH */
        char **args;        /* CNI_ARGS, each KEY=VALUE */

        JsonContext conf; /* conf.root is an object; its strings live as long as the call */
        CniVersion version;
        const char *network; /* name: letters, digits, and . _ - behind the first */
        const char *type;
        bool has_previous;
        CniResult previous; /* prevResult */

        CniError error; /* of the callback; see cni_fail */
} CniCall;

/* Callbacks return 0, or a negative errno after cni_fail. Without a status or gc callback those succeed. */
typedef struct CniPlugin {
        const char *name;
        int (*add)(CniCall *c, CniResult *result); /* the result is empty; the caller frees it */
        int (*del)(CniCall *c);                    /* may be called any number of times */
        int (*check)(CniCall *c);
        int (*status)(CniCall *c);
        int (*gc)(CniCall *c);
} CniPlugin;

/* Exit status: 0, or 1 with the error on standard output, as CNI wants it. */
int cni_plugin_main(const CniPlugin *plugin);

/* What cni_plugin_main does with standard input: the configuration is parsed and its names, its version
 * (which must have the command, such as "ADD") and prevResult are checked. c->conf keeps text, which is the
 * caller's. 0, or -EINVAL after cni_fail. */
int cni_call_load(CniCall *c, const char *command, const char *text, size_t size);
void cni_call_done(CniCall *c); /* all but the text */

/* Sets the error that the caller of the plugin gets; the first one stays. */
int cni_fail(CniCall *c, int code, const char *format, ...) _printf_(3, 4);        /* -EINVAL */
int cni_fail_errno(CniCall *c, int error, const char *format, ...) _printf_(3, 4); /* -error, CNI_INTERNAL */
/* Hands on what reading the configuration has found: "failed to load netconf: …". */
int cni_fail_config(CniCall *c);

/* Members of the configuration, each written to its value if it is there. */
typedef enum CniFieldType {
        CNI_STRING, /* const char *, lives as long as the call */
        CNI_BOOL,   /* bool */
        CNI_INT,    /* int64_t from min to max */
} CniFieldType;
typedef struct CniField {
        const char *key;
        CniFieldType type;
        void *value;
        int64_t min, max;
} CniField;
int cni_call_read(CniCall *c, const CniField *fields, size_t n);

/* The value of KEY in CNI_ARGS (without regard to case), or NULL. */
const char *cni_call_arg(const CniCall *c, const char *key);
/* What the caller passes for a capability: runtimeConfig.KEY, else args.cni.KEY; NULL if neither is there.
 */
json_object *cni_call_runtime(const CniCall *c, const char *key);
/* A MAC address by capability, argument or CNI_ARGS, or NULL. */
int cni_call_mac(CniCall *c, const char **ret);

/* For GC: whether an attachment is among cni.dev/valid-attachments. */
bool cni_call_is_valid_attachment(const CniCall *c, const char *container_id, const char *ifname);

/* For plugins that come behind others: fails without prevResult, else copies it into result. */
int cni_call_take_previous(CniCall *c, CniResult *result);
/* dns of the configuration replaces that of the result, if it says anything. */
int cni_call_configured_dns(CniCall *c, CniResult *result);
