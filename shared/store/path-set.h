/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which paths an archive has named so far, 16 bytes for each: paths are remembered by a 64-bit hash with a
 * random seed. Were two paths ever to share one, an archive would be refused that need not be. */

#include <stdint.h>

#include "macro.h"

typedef enum PathKind {
        PATH_ABSENT,
        PATH_IMPLIED, /* a directory that was only part of another path */
        PATH_DIRECTORY,
        PATH_LINK,     /* symbolic */
        PATH_FILE,     /* anything else */
        PATH_WHITEOUT, /* that there is nothing */
} PathKind;

typedef struct PathNote {
        uint8_t kind;    /* PathKind */
        uint16_t layer;  /* in which it was first named */
        uint16_t hidden; /* a directory that hides what is in it from this layer on; 0: does not */
        uint16_t sealed; /* one whose owner and mode are not to be had from this layer on; 0: they are */
} PathNote;

typedef struct PathSet PathSet;

PathSet *path_set_new(void);
void path_set_free(PathSet *s);
DEFINE_CLEANUP(PathSet *, path_set_free)

PathNote path_set_get(const PathSet *s, const char *path, size_t length);
void path_set_put(PathSet *s, const char *path, size_t length, PathNote note); /* adds or replaces */
