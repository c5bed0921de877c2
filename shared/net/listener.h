/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Programs of the host that wait at its ports, by sock_diag(7). A port that leads to a pod would be taken
 * away from them without their knowing. */

#include "nat.h"

/* In the network namespace of the caller. *ret says who waits at the first of the ports that is not free
 * (allocated), and is NULL if all are, as far as the kernel tells: it need not know of all protocols.
 * Negative errno. */
int listener_find(const NatPort *ports, size_t n, char **ret);
