/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "boot.h"

/* The life of a pod's PID 1, in the process that was cloned for it. Ends with the status of the first app
 * that failed, 0 if none did, 254 if the pod could not be set up. */
_noreturn_ void pid1_run(const Boot *b);
