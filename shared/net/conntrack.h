/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "nat.h"

/* Forgets the UDP flows to ports of the host: datagrams that somebody sends on and on would else go where
 * they went before the port led to a pod. What cannot be forgotten ages out; nothing is said. */
void conntrack_forget_udp(const NatPort *ports, size_t n);
