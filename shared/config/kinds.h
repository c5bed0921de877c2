/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The configuration files: DIR/paths.d and DIR/stage1.d, each with files NAME.json of rktKind "paths" and
 * "stage1", read from the system, the local and the user directory; later ones win, field
 * by field. */

#include <stddef.h>

typedef struct Config {
        char *data_dir;                     /* paths: "data"; NULL: not configured */
        char *stage1_images_dir;            /* paths: "stage1-images" */
        char *stage1_name, *stage1_version; /* stage1: both or none */
        char *stage1_location;              /* stage1: absolute path or URL */
} Config;

/* Reads the directories in order; a missing or empty one is skipped. Errors are logged with file, line and
 * member; -EINVAL or the errno of what could not be read. */
int config_load(char *const *directories, Config *ret);
void config_done(Config *c);

/* For tests: the text of one file of directory ("paths.d", "stage1.d"), added to what files beside it say.
 * -EINVAL with *ret_error. */
int config_parse(const char *directory, const char *path, const char *text, size_t size, Config *c,
                char **ret_error);
