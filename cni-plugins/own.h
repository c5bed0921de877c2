/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The plugins that rkt-netplug has inside, beside their being programs: what most pods use. Each is what
 * main would be: it reads environment and standard input, and returns the exit status. */

int cni_bridge(void);
int cni_firewall(void);
int cni_portmap(void);
int cni_ptp(void);
