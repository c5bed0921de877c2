/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What must not be read by others, nor stay in memory longer than it is needed. */

#include <json-c/json.h>
#include <stdbool.h>

#include "macro.h"

/* Refuses an open file that anybody can change or, if it holds secrets, read, or that belongs neither to
 * root nor to our user; but in a directory of theirs (dirfd; -1: does not count) that a group may write to,
 * it may be that group's. Logs how it is mended; -EPERM, or the errno of fstat. */
int secret_file_check(int fd, int dirfd, const char *path, bool secrets);

/* Overwrites before freeing; NULL is fine. */
void secret_free(char *s);
DEFINE_CLEANUP(char *, secret_free)
#define _cleanup_secret_ _cleanup_(secret_freep)

/* Overwrites the strings of a document. */
void secret_wipe_json(json_object *o);
