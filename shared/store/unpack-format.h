/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What archives are to rkt-unpack. */

typedef enum UnpackFormat {
        UNPACK_ACI,       /* App Container Images, one over the other */
        UNPACK_OCI,       /* layers of an OCI image, one over the other */
        UNPACK_OCI_LAYER, /* one of them on its own, with whiteouts in the form that overlayfs has for them
                           */
        _UNPACK_FORMAT_MAX,
} UnpackFormat;

/* What a layer on its own tells beside its tree: a byte and a path (relative, NUL-terminated) each. */
typedef enum UnpackNote {
        UNPACK_NOTE_IMPLIED = 'i', /* a directory that no entry speaks of: its owner and mode are those that
                                    * the layers below have for it */
        UNPACK_NOTE_OPAQUE = 'o',  /* a directory that hides what the layers below have in it */
        UNPACK_NOTE_WHITEOUT =
                        'w', /* something that the layers below have is hidden, not in the top directory */
        UNPACK_NOTE_ROOT = 'r', /* the path is empty: there is an entry for the top directory */
} UnpackNote;
