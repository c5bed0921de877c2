/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Archives from an Incoming into the store, past the checks that they have to pass: one that is to be
 * verified first is looked into once all of it is there and has been; others while they come. */

#include "fetch.h"
#include "image-import.h"
#include "incoming.h"

/* Begins to look into what there is and what comes. Logs, as the others do. */
int archive_import_begin(Store *s, Incoming *i, const char *source, ImageImport **ret);
/* All of it is there. *import is what archive_import_begin returned, or NULL if there is something to be
 * verified. On failure the content is discarded. */
int archive_import_finish(Store *s, Incoming *i, const char *source, const FetchChecks *checks,
                ImageImport **import, char **ret_id);

/* All of this for what fd, a file or a pipe, holds. */
int archive_import_file(Store *s, const char *source, int fd, const FetchChecks *checks, char **ret_id);
