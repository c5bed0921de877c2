/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Inside of the layer: from a file or a text to a manifest of either kind. */

#include "json-list.h"

int manifest_parse(const char *name, const char *text, size_t size, JsonItemParser parse, void *ret,
                char **ret_error);
int manifest_load_at(int dirfd, const char *path, JsonItemParser parse, void *ret, char **ret_error);
