/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* etc/rkt-resolv.conf and etc/rkt-hosts in the stage1: what --dns… and --hosts-entry ask for. */

#include "launch.h"

int resolver_files_check(const LaunchRequest *q);               /* logs; -EINVAL */
const char *resolver_files_resolv_mode(const LaunchRequest *q); /* host, none, stage0 or default */
const char *resolver_files_hosts_mode(const LaunchRequest *q);  /* host, stage0 or default */
int resolver_files_write(const LaunchRequest *q, const Pod *p); /* logs */
