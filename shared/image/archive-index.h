/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where the members of a tar archive are. The archive is read by rkt-archive-index, a process that is shut
 * in; what that one says is data from outside as well. */

#include <stddef.h>
#include <stdint.h>

#include "macro.h"

typedef struct ArchiveMember {
        char kind;  /* ARCHIVE_INDEX_FILE, … */
        char *name; /* normalized: no "./" in front, no ".." */
        uint64_t offset, size;
        char *target; /* of a link */
} ArchiveMember;

typedef struct ArchiveIndex {
        ArchiveMember *members; /* sorted by name */
        size_t n;
} ArchiveIndex;

void archive_index_free(ArchiveIndex *i);
DEFINE_CLEANUP(ArchiveIndex *, archive_index_free)
#define _cleanup_archive_index_ _cleanup_(archive_index_freep)

/* Reads an archive: a file, or with output (which takes it uncompressed) also a compressed one or a pipe.
 * Errors come with *ret_error (allocated). */
int archive_index_make(int archive, int output, ArchiveIndex **ret, char **ret_error);
/* What rkt-archive-index has written. */
int archive_index_parse(const char *text, size_t size, ArchiveIndex **ret, char **ret_error);

/* The file with that name, through links inside the archive. -ENOENT, -ELOOP, -EEXIST if there are two; with
 * *ret_error. */
int archive_index_find(const ArchiveIndex *i, const char *name, const ArchiveMember **ret, char **ret_error);
