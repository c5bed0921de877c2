/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "info.h"

/* The app of that name; without a name, the only one. NULL after logging. */
const char *choose_app(const PodInfo *i, const char *name);
