/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* From a stream of tar to a directory: checks the layout of an App Container Image (a file "manifest" and a
 * directory "rootfs", nothing else, nothing twice), keeps the manifest and creates what is below rootfs in a
 * directory, or only checks it. Several images may be laid over each other, the uppermost first: what one
 * provides, those below it do not.
 *
 * Or layers of OCI images (image-spec, layer.md), laid over each other in the same way with what whiteouts
 * say, or one on its own, whose whiteouts become those of overlayfs: character devices 0:0. Of entries with
 * the same path in one layer the last one counts; an entry counts, whatever whiteout of its path stands in
 * the same layer.
 *
 * Runs in rkt-unpack, shut in to that directory; still each path is resolved in it, so that nothing depends
 * on that alone. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "macro.h"
#include "unpack-format.h"

typedef struct UnpackLimits {
        uint64_t size; /* bytes: of all files, and of the uncompressed archive */
        uint64_t entries;
        uint64_t ratio; /* uncompressed to compressed, of what is beyond UNPACK_RATIO_FREE */
} UnpackLimits;

#define UNPACK_DEFAULT_SIZE    (UINT64_C(100) << 30)
#define UNPACK_DEFAULT_ENTRIES UINT64_C(1000000)
#define UNPACK_DEFAULT_RATIO   UINT64_C(250)
#define UNPACK_RATIO_FREE      (UINT64_C(256) << 20)
#define UNPACK_LAYERS_MAX      1024

/* Gives the next bytes of the archive: their number, 0 at the end, or a negative errno. */
typedef ssize_t (*UnpackSource)(void *userdata, const uint8_t **ret);

typedef struct Unpack Unpack;

/* root is borrowed, and empty; -1 to only check. Not privileged: owners, device nodes and file capabilities
 * cannot be had, and the first two are left out. */
Unpack *unpack_new(int root, bool privileged, UnpackFormat format, const UnpackLimits *limits);
void unpack_free(Unpack *u);
DEFINE_CLEANUP(Unpack *, unpack_free)
#define _cleanup_unpack_ _cleanup_(unpack_freep)

/* Sorted paths in the form of entry_path_normalize, without the root's slash. */
typedef struct Whitelist {
        char **paths;
        size_t n;
} Whitelist;

/* Takes one image. A file must be in all white lists. Returns 0, or a negative errno with unpack_error; 1 if
 * the same image must be given once more to unpack_links. */
int unpack_layer(Unpack *u, UnpackSource source, void *userdata, const Whitelist *whitelists,
                size_t n_whitelists);
/* Creates the hard links whose target is itself not taken from this layer. */
int unpack_links(Unpack *u, UnpackSource source, void *userdata);
/* Modes and times of directories, once nothing more is put into them. */
int unpack_finish(Unpack *u);

/* What is wrong, and with which entry; NULL if all is well, or if it was the source that failed. */
const char *unpack_error(const Unpack *u);
const char *unpack_manifest(const Unpack *u, size_t *ret_size); /* of the first layer */
/* Writes what is to be known of a layer on its own (unpack-format.h). */
int unpack_notes(const Unpack *u, int fd);
uint64_t unpack_tree_size(const Unpack *u); /* bytes in regular files created */
uint64_t unpack_entries(const Unpack *u);
