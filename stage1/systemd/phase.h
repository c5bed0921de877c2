/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "app.h"

/* "pre-start", "main", "post-stop", as AppPhase; -EINVAL. */
int phase_from_name(const char *name);
