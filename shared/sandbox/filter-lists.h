/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "filter-compile.h"

/* The lists as they were when rkt was built. */
extern const FilterLists filter_lists;
