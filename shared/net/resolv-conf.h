/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cni-result.h"

/* Adds what a file in the form of resolv.conf(5) says to ret. Unknown lines are passed over. */
int resolv_conf_read(const char *path, CniDns *ret);
