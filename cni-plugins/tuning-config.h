/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cni-plugin.h"

typedef struct TuningConfig {
        const char *directory;                  /* what to restore is kept here */
        json_object *sysctl, *sysctl_of_caller; /* objects of strings, or NULL */
        const char *mac;
        bool promiscuous, has_all_multicast, all_multicast;
        int64_t mtu, queue_length; /* 0, -1: not said */
} TuningConfig;

int tuning_config_read(CniCall *c, TuningConfig *ret);

/* Calls each with the path below /proc/sys of every key, in which IFNAME stands for the interface. Keys
 * outside net/, and those that /etc/cni/tuning/allowlist.conf does not know if there is one, are failures.
 */
typedef int (*TuningSysctl)(CniCall *c, const char *path, const char *value, void *data);
int tuning_each_sysctl(CniCall *c, const TuningConfig *t, TuningSysctl each, void *data);
