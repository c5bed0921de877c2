/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Running CNI plugins, which are programs of others: each with a time limit, in a process group that is
 * killed as a whole, and with what it answers taken for what it is. */

#include "cni-config.h"

/* What main of a plugin's program does. */
typedef int (*CniMain)(void);

typedef struct CniRuntime {
        char **path; /* directories that are searched for plugins */
        const char *container_id;
        const char *netns; /* NULL: it has gone */
        const char *ifname;
        const char *args; /* CNI_ARGS; NULL: none */
        /* Member names are capabilities: what is passed as runtimeConfig to plugins that declare them. May
         * be NULL. */
        json_object *capabilities;
        int64_t timeout_ns; /* for each plugin */
        /* A descriptor that plugins and what they start inherit: a lock on it is held until all have ended,
         * whatever becomes of us. -1: none. */
        int held;
        /* The plugin that the caller has inside in place of a program (its path), or NULL: it runs in a
         * process of its own as well, but nothing has to be loaded. NULL: none. */
        CniMain (*inside)(const char *program);
        /* For DEL after an ADD that failed: how many plugins it called, 0: all; and what the last of them
         * said if it refused (-EREMOTEIO), or NULL. If it refuses DEL in the same words, as for a
         * configuration that it cannot read, it has made nothing. */
        size_t n_called;
        const char *refusal;
} CniRuntime;

/* Where plugins are looked for, a strv: given, directories separated by colons, else $RKT_CNI_PATH, else
 * net.d of the local configuration, which may hold plugins beside the networks as in rkt, and where
 * distributions have them. */
char **cni_plugin_path(const char *given, const char *local_config);
/* The program, allocated; NULL if no directory of the path has it. */
char *cni_find_plugin(char *const *path, const char *type);

/* Runs one plugin with config on its standard input. *ret_output (allocated, may be "") is what it wrote to
 * its standard output. Its standard error is ours. -ENOENT: there is no such plugin; -ETIMEDOUT: it was
 * killed; -EREMOTEIO: it failed and said why; -EIO: it failed; always with *ret_error (allocated), which
 * names the plugin. */
int cni_exec(const CniRuntime *rt, const char *command, const char *type, json_object *config,
                char **ret_output, size_t *ret_size, char **ret_error);

/* ADD through all plugins in order, each given the result of the one before. *ret_result is the last one's,
 * with ownership; *ret_n_called counts those that were called, the last of which failed if it fails. */
int cni_chain_add(const CniNetwork *n, const CniRuntime *rt, json_object **ret_result, size_t *ret_n_called,
                char **ret_error);
/* DEL in reverse order, with the result of ADD, or NULL if there was none. All plugins are called, whatever
 * the others say; a plugin that is not there any more is left out. The first error is returned. */
int cni_chain_del(const CniNetwork *n, const CniRuntime *rt, json_object *result, char **ret_error);
/* CHECK in order. -EOPNOTSUPP: the network's version has none; 0 as well if it is switched off. */
int cni_chain_check(const CniNetwork *n, const CniRuntime *rt, json_object *result, char **ret_error);
/* STATUS of all plugins, of 1.1.0. -EOPNOTSUPP as above. */
int cni_chain_status(const CniNetwork *n, const CniRuntime *rt, char **ret_error);
/* GC: attachments is an array of {"containerID", "ifname"} of all that are in use. */
int cni_chain_gc(const CniNetwork *n, const CniRuntime *rt, json_object *attachments, char **ret_error);
