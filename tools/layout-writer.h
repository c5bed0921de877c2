/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Files of an image layout on their way out: into a directory, or into a tar archive of one. All functions
 * log failures. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "macro.h"

typedef struct LayoutWriter LayoutWriter;

/* fd is that of an empty directory or of an empty file, and borrowed; name is for messages. */
int layout_writer_new(int fd, bool archive, const char *name, LayoutWriter **ret);
void layout_writer_free(LayoutWriter *w);
DEFINE_CLEANUP(LayoutWriter *, layout_writer_free)
#define _cleanup_layout_writer_ _cleanup_(layout_writer_freep)

/* A file, unless there is one of that name already: names are those of the content. */
int layout_writer_put(LayoutWriter *w, const char *name, const void *data, size_t size);
int layout_writer_put_fd(LayoutWriter *w, const char *name, int fd, uint64_t size); /* from its start */

bool layout_writer_has(const LayoutWriter *w, const char *name);
int layout_writer_close(LayoutWriter *w);
