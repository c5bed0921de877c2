/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Why an overlay's upper directory cannot lie in data_dir; NULL if it can. A constant string. */
const char *overlay_unsupported(const char *data_dir);
