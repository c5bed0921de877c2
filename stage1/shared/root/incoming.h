/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What "machinectl bind" needs. Older versions of systemd (252 is one) hand a mount to a container by
 * mounting it in a directory of the host for a moment, /run/systemd/nspawn/propagate/MACHINE, from where it
 * has to come to /run/host/incoming in the container by itself: that is a mount of this directory, and
 * follows it. Newer ones need nothing. */

#define INCOMING_PATH "run/host/incoming" /* in PID 1's root */

/* The directory, made, as a detached mount, if mounts follow the host's (MS_SLAVE). -1: systemd does not run
 * here, or it cannot be made; the pod does without. */
int incoming_open(const char *uuid);

/* After the pod has ended. */
void incoming_remove(const char *uuid);
