/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The files of one kind of configuration: NAME.json in a directory such as paths.d, each with an rktKind
 * that this directory is for and rktVersion "v1" (rkt-config(5)). */

#include "json.h"

typedef struct KindReader {
        const char *kind; /* rktKind */
        /* Takes the document; what it finds is added to userdata. c->name is the file's path. */
        int (*read)(JsonContext *c, void *userdata);
} KindReader;

typedef struct KindDirectory {
        const char *name;
        bool secret; /* files that others can read are refused, and those that we cannot read are passed over
                      */
        KindReader readers[3]; /* up to the first without a kind */
} KindDirectory;

/* Reads the files below directory, in the order of their names. A missing directory is fine. Logs errors
 * with file, line and member; -EINVAL, or the errno of what could not be read. */
int kind_directory_read(const KindDirectory *kind, const char *directory, void *userdata);
/* The text of one file. */
int kind_text_read(const KindDirectory *kind, const char *path, const char *text, size_t size,
                void *userdata, char **ret_error);
