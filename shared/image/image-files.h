/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The files of an image layout, which is a directory or a tar archive of one. Names come from outside:
 * nothing outside of the directory is opened, whatever they are. All functions log failures. */

#include <stddef.h>
#include <stdint.h>

#include "store.h"

typedef struct ImageFiles ImageFiles;

int image_files_open_directory(const char *path, ImageFiles **ret);
/* The archive may be compressed, or a pipe: then it is copied, uncompressed, to a temporary file of the
 * store. */
int image_files_open_archive(Store *s, const char *path, ImageFiles **ret);
void image_files_free(ImageFiles *f);
DEFINE_CLEANUP(ImageFiles *, image_files_free)
#define _cleanup_image_files_ _cleanup_(image_files_freep)

const char *image_files_path(const ImageFiles *f); /* as it was given, for messages */

typedef struct FileRange {
        int fd; /* owned; its position means nothing */
        uint64_t offset, size;
} FileRange;

void file_range_done(FileRange *r);
#define _cleanup_file_range_ _cleanup_(file_range_done)

/* A regular file. -ENOENT if it is not there. */
int image_files_find(ImageFiles *f, const char *name, FileRange *ret);
/* All of a small one, with a NUL behind it. -EFBIG if it is larger than max bytes. */
int image_files_read(ImageFiles *f, const char *name, size_t max, char **ret, size_t *ret_size);
