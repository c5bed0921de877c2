/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "app.h"

/* Lets the pod's systemd know, too, what an app tells about itself (sd_notify(3)), if it is one that does.
 */
void notify_forward(App *a);
