/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What rkt-archive-index writes, as one of the last things that it does: ARCHIVE_INDEX_FAILED and a message,
 * or ARCHIVE_INDEX_DONE and then for each member "KIND OFFSET SIZE NAME\0", and for links "TARGET\0" behind
 * it. Names are normalized (entry-path.h), targets are as they stand in the archive. */

#define ARCHIVE_INDEX_FAILED   '!'
#define ARCHIVE_INDEX_DONE     '.'
#define ARCHIVE_INDEX_FILE     'f'
#define ARCHIVE_INDEX_SYMLINK  's'
#define ARCHIVE_INDEX_HARDLINK 'h'

#define ARCHIVE_INDEX_MAX 100000 /* entries */
