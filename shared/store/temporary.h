/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is not in place yet: files in DATA/cas/tmp and unfinished trees in DATA/cas/tree. Each is locked by
 * who makes it, so that what a killed process left can be told from what is in use. */

#include "store.h"

/* What comes from elsewhere and may be gone on with after its writer has been killed
 * (shared/image/incoming.h): the file itself, the lock of who fills it, and a link that is there if it can
 * be gone on with. */
#define TEMPORARY_INCOMING  "incoming-"
#define TEMPORARY_LOCK      ".lock"
#define TEMPORARY_VALIDATOR ".validator"

/* A new file, open for reading and writing and locked; *ret_path is relative to DATA/cas. */
int temporary_file(Store *s, char **ret_path);

/* A new tree: *ret_path/rootfs, which is returned, locked (shared: rkt-unpack takes it, too). */
int temporary_tree(Store *s, char **ret_path);

/* Removes what nobody holds; what can be gone on with, grace nanoseconds after it was
 * last written to (UNFINISHED_GRACE). *ret_n is how many. Logs failures, and
 * goes on. */
int temporary_sweep(Store *s, int64_t grace, size_t *ret_n);

/* Moves something that shall be removed out of sight, to be removed by temporary_sweep: path is relative to
 * DATA/cas, a tree. */
int temporary_discard_tree(Store *s, const char *path);
