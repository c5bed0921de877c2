/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Tells the service manager that has started us, if it wants to know: NOTIFY_SOCKET, sd_notify(3). The
 * library of that name is not for a static program. */
void host_notify(const char *message);
