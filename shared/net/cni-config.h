/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Configurations of networks in the form of CNI (https://www.cni.dev/docs/spec/): one plugin in NAME.conf,
 * or a list of plugins in NAME.conflist. */

#include "cni-result.h"
#include "lock.h"

typedef struct CniPluginConfig {
        const char *type; /* in json */
        json_object *json;
        bool ip_masq;
} CniPluginConfig;

typedef struct CniNetwork {
        char *name;
        CniVersion version;
        CniPluginConfig *plugins; /* at least one */
        size_t n_plugins;
        bool disable_check, disable_gc;
        char *path; /* of its file */
} CniNetwork;

typedef struct CniNetworks {
        CniNetwork *items; /* in the order of their files' names */
        size_t n;
} CniNetworks;

void cni_network_done(CniNetwork *n);
void cni_networks_done(CniNetworks *l);
#define _cleanup_cni_network_  _cleanup_(cni_network_done)
#define _cleanup_cni_networks_ _cleanup_(cni_networks_done)

/* The text of the file at path. -EINVAL with *ret_error ("PATH:LINE:COLUMN: member: …", allocated). */
int cni_network_parse(const char *path, const char *text, size_t size, CniNetwork *ret, char **ret_error);
/* The same for a value in another document. */
int cni_network_from_json(JsonContext *c, json_object *o, CniNetwork *ret);
/* As a list of plugins, whichever it was. The caller's. */
json_object *cni_network_to_json(const CniNetwork *n);

/* Networks of units (rkt.pod(5)), in its net.d. */
#define CNI_NETWORKS_RUNTIME "/run/rkt"

/* All networks of the directories' files net.d/ *.conf, *.json and *.conflist, and of CNI_NETWORKS_RUNTIME
 * between them. The later directory's networks take the place of the earlier one's that have the same name;
 * a directory need not exist, and either may be NULL.
 * One broken file fails all: a network must not silently become another one. Logs; -errno. */
int cni_networks_read(const char *system, const char *local, CniNetworks *ret);
CniNetwork *cni_networks_find(const CniNetworks *l, const char *name); /* NULL: there is none */
/* Another one whose pods may get the same addresses, because subnets of both overlap and they have not got
 * the same bridge or interface; NULL: there is none. *ret_subnets, allocated: which, "A and B". */
const CniNetwork *cni_networks_find_overlapping(
                const CniNetworks *l, const CniNetwork *n, char **ret_subnets);
bool cni_network_masquerades(const CniNetwork *n);
/* While a pod is added, the lock is shared; exclusive, nobody adds one: waits for that. A descriptor, or
 * -errno where there is no file to lock. */
int cni_network_lock(const CniNetwork *n, LockMode mode);
/* Adds a plugin of ours to the end of its chain, which declares the capability. type is not copied. Returns
 * its configuration, still the network's. */
json_object *cni_network_append(CniNetwork *n, const char *type, const char *capability);
/* Whether one of its plugins declares the capability. */
bool cni_network_has_capability(const CniNetwork *n, const char *capability);
