/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The networks of one pod. What has been asked of plugins is recorded in the pod's directory before they are
 * called, net/NN-NAME.json, so that it can be undone whatever happens in between (rkt-pod(5)). */

#include "cni-exec.h"
#include "network-list.h"
#include "network-record.h"

typedef struct PodNetwork {
        int pod; /* the pod's directory */
        const char *uuid;
        const char *hostname; /* for add; NULL: rkt-UUID */
        uint64_t bandwidth;   /* for add: pod_bandwidth's */
        char **path;          /* where plugins are looked for */
        bool path_given;      /* by the user: else that counts which was recorded when the pod was added */
        int64_t timeout_ns;   /* for each plugin */
        int net;              /* POD/net, locked; or -1 */
        char *netns;          /* path of the handle; NULL: there is none */
        CniMain (*inside)(const char *program); /* see CniRuntime */
        size_t n_called; /* see CniRuntime: of the network that the pod could not join just now */
        char *refusal;
} PodNetwork;

/* Takes the lock, for which it waits until every plugin of an earlier call has ended or twice the time limit
 * is over. With create, net/ is made; without, -ENOENT if the pod has none. Logs anything else. */
int pod_network_open(PodNetwork *p, bool create);
void pod_network_close(PodNetwork *p);
#define _cleanup_pod_network_ _cleanup_(pod_network_close)

/* Whether add has been here and done all. */
bool pod_network_is_complete(const PodNetwork *p);

/* Adds the pod to the networks of list, in the order of configured. pid: see pod_netns_publish. ports: for
 * portMappings, or NULL. Undoes all on failure. Logs. */
int pod_network_add(PodNetwork *p, const CniNetworks *configured, const NetworkList *list, pid_t pid,
                json_object *ports);
/* Removes the pod from all, and the handle of its namespace. What cannot be done stays recorded, and is done
 * by the next call; logs it; -EIO. */
int pod_network_del(PodNetwork *p);
int pod_network_check(PodNetwork *p);
/* Notes that an interface has this address of its family now instead of the one that ADD gave it. -ENOENT:
 * it has none to replace. Logs. */
int pod_network_readdress(PodNetwork *p, const char *ifname, const IpPrefix *address);

/* Calls each for every network of the pod, in order. The first failure is returned in the end. */
int pod_network_foreach(
                const PodNetwork *p, int (*each)(const NetworkRecord *r, void *userdata), void *userdata);
