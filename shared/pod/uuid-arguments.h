/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod.h"

/* Calls each for the pods named by UUID on the command line, or by --uuid-file; goes on after a failure.
 * Returns how many failed (they have said why), or -EINVAL after logging when none or both were given. */
int uuid_arguments_foreach(
                const char *data_dir, char *const *uuids, const char *uuid_file, int (*each)(Pod *p));
