/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "boot.h"

/* In the process that was cloned for a pod whose only app is the init of its image: becomes that, in the
 * app's root and with the whole cgroup of the pod. Nothing of ours stays in the pod: what is to be done from
 * then on, the outer supervisor does (init-watch.h). Ends with 254 if it cannot. */
_noreturn_ void init_process_run(const Boot *b);
