/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "store.h"

/* A tree of the store, and the same made anew from blobs. */
typedef struct VerifiedTree VerifiedTree;
struct VerifiedTree {
        const char *what; /* it is a tree of, for messages */
        const char *tree_id;
        const char *fresh_path; /* temporary; it is removed, or put in place */
        int fresh;              /* its rootfs */
        /* Puts it in place; logs. */
        int (*place)(Store *s, const VerifiedTree *t);
        const void *userdata;
};

/* Compares them, and replaces the old tree if they differ and no pod uses it. 1 if it was replaced, or put
 * where there was none. Logs failures. */
int verify_tree(Store *s, const VerifiedTree *t);

/* The blobs of an OCI image and the trees of its layers (image-verify-oci.c). Logs failures. */
int verify_oci(Store *s, const char *reference, const char *id);
