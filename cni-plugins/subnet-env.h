/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What flanneld says about its host: lines KEY=VALUE in /run/flannel/subnet.env. */

#include "ip-address.h"

typedef struct SubnetEnv {
        IpPrefix network4, subnet4, network6, subnet6; /* family 0: none; at least one pair is there */
        unsigned mtu;
        bool ip_masq;
} SubnetEnv;

/* -EINVAL with *ret_error, the caller's. Other keys are passed over. text is changed. */
int subnet_env_parse(char *text, SubnetEnv *ret, char **ret_error);
