/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What others are told of a pod's networks. */

#include "pod-network.h"

/* POD/net-info.json: rkt's members, and all addresses, and interfaces on the host (rkt-pod(5)). Logs. */
int net_info_write(const PodNetwork *p);

/* POD/stage1/rootfs/etc/rkt-resolv.conf out of the first network that names a name server. None is fine.
 * Logs. */
int net_info_write_resolv_conf(const PodNetwork *p);

/* An address of this host by which the pod reaches it: the gateway of one of its networks, of the last one
 * that has such, of IPv4 rather than IPv6. Family 0 if there is none. Logs. */
int net_info_host_address(const PodNetwork *p, IpAddress *ret);

/* Numbers of the interfaces on the host that lead to the pod; allocated. */
int net_info_interfaces(const PodNetwork *p, unsigned **ret, size_t *ret_n);
