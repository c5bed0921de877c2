/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The command line of "rkt image cat-manifest", which two programs understand: rkt-image for an image in the
 * store, rkt-aci for a file. */

#include "option.h"

extern bool cat_manifest_pretty;
extern const Command cat_manifest_command;
