/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is deleted in the kernel's network is out of sight and out of use at once, but whoever has deleted it
 * is held up until no processor can be looking at it any more: some 10 ms for a link, and as many for the
 * socket by which elements of nftables were deleted. So a process of its own is held up, which has nothing
 * but sockets, and ends by itself without anybody waiting for it. */

#include "netlink.h"

/* Takes the socket. It is closed by a process of its own when this program ends. */
void aftermath_keep(Netlink *n);

/* Deletes the link of that index in the namespace, and returns when neither it nor a peer of it is to be
 * seen any more. n is a socket of that namespace, with which nothing else may be done afterwards; host one
 * of any other. Negative errno; -ENODEV: there is none. */
int aftermath_delete_link(int netns_fd, Netlink *n, Netlink *host, int index);
