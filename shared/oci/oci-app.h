/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Inside of the layer: the execution parameters of a configuration as an appc app. */

#include "app.h"
#include "oci-config.h"

/* Appends what was left out, and why, to warnings. */
App *oci_app_new(const OciConfig *config, char ***warnings);
