/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image-manifest.h"

/* Reads an ACI, compressed in any way, from where fd stands: all that would be checked if it were fetched,
 * and its manifest. name is for messages. *ret_manifest may be NULL. Logs what is wrong; a negative errno.
 */
int aci_check(const char *name, int fd, ImageManifest **ret_manifest);
