/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the parts of unpack.h share: unpack.c reads archives and makes what is in them, unpack-aci.c and
 * unpack-oci.c say what is to be made. */

#include <archive.h>
#include <archive_entry.h>
#include <limits.h>

#include "path-set.h"
#include "unpack-node.h"
#include "unpack-tree.h"
#include "unpack.h"

/* A hard link whose target is not taken from this layer: the file's content is to be put here. */
typedef struct PendingLink {
        char *target, *path;
} PendingLink;

struct Unpack {
        int root;
        bool privileged;
        UnpackFormat format;
        UnpackLimits limits;
        UnpackTree *tree;
        PathSet *dropped; /* what is not taken of this layer, but directories */
        unsigned layer;

        UnpackSource source; /* of the layer being read */
        void *source_userdata;
        int source_error;
        uint64_t source_size; /* bytes given so far */
        uint64_t data_end;    /* where in them the data of the entry ends */
        struct archive *archive;
        const Whitelist *whitelists;
        size_t n_whitelists;
        uint64_t entry_number; /* in this layer, from 1 */
        char *entry_name;      /* as it stands in the archive; NULL before the first */
        bool has_manifest, has_rootfs;

        PendingLink *pending;
        size_t n_pending;
        uint64_t entries, size, tree_size;
        char *manifest;
        size_t manifest_size;
        char *error;
};

/* Notes what is wrong, with the entry. Returns -abs(error). */
int unpack_fail(Unpack *u, int error, const char *format, ...) _printf_(3, 4);
int unpack_fail_step(Unpack *u, int error, const char *step); /* what libarchive or the kernel said */

/* The next entry: how many there are, whose it is, how large, and its path in normal form; a layer of an OCI
 * image may have absolute paths. */
int unpack_begin_entry(Unpack *u, struct archive_entry *e, char ret_path[static PATH_MAX]);

PathKind unpack_entry_kind(struct archive_entry *e);
/* Makes the entry, which is at path (normal form, below the root). */
int unpack_take_node(Unpack *u, struct archive_entry *e, int parent, const char *name, const char *path);
int unpack_take_directory(
                Unpack *u, struct archive_entry *e, int parent, const char *name, const char *path);
/* Does not make it, and remembers that for hard links to it. */
int unpack_drop(Unpack *u, PathKind kind, const char *path);

/* What an entry's path (normal form) is below the root; NULL if it is not below it. */
const char *unpack_path_inside(const Unpack *u, const char *path);

int unpack_take_aci_entry(Unpack *u, struct archive_entry *e);
int unpack_take_oci_entry(Unpack *u, struct archive_entry *e);
