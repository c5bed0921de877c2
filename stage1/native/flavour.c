/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "flavour.h"

const Flavour flavour = { .name = "native" };
