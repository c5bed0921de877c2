/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The range of a pod's user namespace: locked as long as the pod runs, on the whole host (whatever --dir
 * is), so no two pods share one. The ranges come from what neither systemd nor shadow-utils nor sssd gives
 * away: above sssd's and winbind's IDs (up to 2000200000), below systemd's foreign ones (0x7FFE0000;
 * systemd's UIDS-GIDS.md), which are above nspawn's and DynamicUser='s; and not in /etc/subuid or
 * /etc/subgid, should somebody have put it there. */

#include "user-namespace.h"

#define USER_RANGE_COUNT 65536u
#define USER_RANGE_FIRST 0x773A0000u
#define USER_RANGE_END   0x7FFE0000u
#define USER_RANGE_LOCKS "/run/rkt/users" /* a file for each range that was ever used, by its first ID */

/* In the pod directory: the pod gets a user namespace. Empty until it is started, then its range,
 * "SHIFT:COUNT". */
#define POD_PRIVATE_USERS "private-users-prepared"

/* Finds a free one, beginning at a place that the UUID gives. Returns the locked descriptor. Logs failures.
 */
int user_range_claim(const char *uuid, IdRange *ret);

/* Whether a file of subuid(5)'s form gives away an ID of the range. What is no line of it is passed over. */
bool subids_overlap(const char *text, size_t size, IdRange range);
