/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "changes.h"

/* An app that a running pod gets: from the descriptors of the order to one that can be started. A failure
 * leaves nothing of it, and has been logged. */
int app_added(Changes *c, ControlOrder *o, char **ret_why);

/* One whose processes have all ended goes, with all that PID 1 holds of it. */
void app_removed(Changes *c, App *a);
