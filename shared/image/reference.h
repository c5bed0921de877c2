/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a user can write for an image, and what kind of thing it is (inventory 5.1). */

#include "macro.h"

typedef enum ReferenceKind {
        REFERENCE_ID,     /* sha512-…: in the store */
        REFERENCE_NAME,   /* NAME[:VERSION][,LABEL=VALUE…] */
        REFERENCE_FILE,   /* a path, or file:// */
        REFERENCE_URL,    /* http:// or https:// */
        REFERENCE_DOCKER, /* docker:… or docker://… */
        REFERENCE_CIMD,   /* cimd:… */
} ReferenceKind;

typedef struct Reference {
        ReferenceKind kind;
        char *location; /* the path of a file; else what was given */
} Reference;

void reference_done(Reference *r);
#define _cleanup_reference_ _cleanup_(reference_done)

/* May look at the file system, as what is a file's name is not a name of an image. -EINVAL with *ret_error
 * (allocated). */
int reference_parse(const char *s, Reference *ret, char **ret_error);
