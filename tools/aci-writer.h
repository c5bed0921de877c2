/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Writing an ACI: a compressed tar archive that gets its name when it is complete. All functions log what
 * goes wrong and return a negative errno. */

#include <archive.h>
#include <archive_entry.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "macro.h"

#define ACI_SUFFIX       ".aci"
#define ACI_COMPRESSIONS "gzip, xz, zstd, bzip2, none"

DEFINE_CLEANUP(struct archive_entry *, archive_entry_free)

typedef struct AciWriter AciWriter;

/* compression is one of ACI_COMPRESSIONS. Without overwrite an existing file is an error, here and at the
 * end. */
int aci_writer_new(const char *path, const char *compression, bool overwrite, AciWriter **ret);
/* To a descriptor (borrowed), which somebody else puts in place; name is for messages. */
int aci_writer_new_fd(int fd, const char *name, const char *compression, AciWriter **ret);
void aci_writer_free(AciWriter *w); /* removes what was written unless it was finished */
DEFINE_CLEANUP(AciWriter *, aci_writer_free)
#define _cleanup_aci_writer_ _cleanup_(aci_writer_freep)

/* The next entry; then its data, as much as its size says. */
int aci_writer_entry(AciWriter *w, struct archive_entry *entry);
/* The entry of a file or directory that is nowhere but here: nothing of the time or the user gets into it.
 */
int aci_writer_header(AciWriter *w, const char *name, mode_t mode, uint64_t size);
int aci_writer_data(AciWriter *w, const void *data, size_t size);
/* Whether st is that of the file being written. */
bool aci_writer_is_output(const AciWriter *w, const struct stat *st);

/* The end of the archive. *ret_fd (borrowed) reads the whole file from its start; it has no name yet. */
int aci_writer_close(AciWriter *w, int *ret_fd);
/* Puts it in place. */
int aci_writer_publish(AciWriter *w);
