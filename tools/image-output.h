/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A file or directory that a command makes for its user: built under another name beside it, and put in
 * place when it is whole; until then, what was there stays. */

#include <stdbool.h>

typedef struct ImageOutput {
        char *path, *temporary;
        bool overwrite;
        int fd; /* the file, for writing, or the directory */
} ImageOutput;

/* what: "output ACI file", "output directory". Logs failures, also that path exists and may not be
 * overwritten. */
int image_output_file(const char *path, const char *what, bool overwrite, ImageOutput *ret);
int image_output_directory(const char *path, const char *what, bool overwrite, ImageOutput *ret);
int image_output_commit(ImageOutput *o);
void image_output_done(ImageOutput *o); /* removes what was not committed */
#define _cleanup_image_output_ _cleanup_(image_output_done)
