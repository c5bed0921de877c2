/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The other end of rkt-unpack: starts it on archives and takes its report. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "macro.h"
#include "unpack-format.h"

typedef struct UnpackerLayer {
        int fd;                   /* the archive: a file, or a pipe that somebody else fills */
        int follow;               /* -1: fd has all of it. Else fd is a file that is still being written: at
                                   * its end the next byte is waited for in this pipe, and means that there
                                   * is more; the end of the pipe, that now there is all of it. */
        char **const *whitelists; /* as manifests have them */
        size_t n_whitelists;
} UnpackerLayer;

typedef struct UnpackerRequest {
        UnpackFormat format;
        bool sync;                   /* what is unpacked, before the end is reported */
        int root;                    /* what is below rootfs goes there; -1: only check */
        int output;                  /* the uncompressed archives go there; -1: nowhere */
        const UnpackerLayer *layers; /* uppermost first */
        size_t n_layers;
} UnpackerRequest;

typedef struct UnpackerResult {
        char **ids; /* of the layers: strv */
        char *tree_id;
        uint64_t tree_size, entries;
        char *manifest; /* of the first layer; NUL-terminated */
        size_t manifest_size;
        char *notes; /* of a layer on its own: unpack-format.h */
        size_t notes_size;
} UnpackerResult;

void unpacker_result_clear(UnpackerResult *r);
#define _cleanup_unpacker_result_ _cleanup_(unpacker_result_clear)

typedef struct Unpacker Unpacker;

/* Logs failures. The limits are those of rkt-store(5): RKT_UNPACK_MAX_SIZE, _ENTRIES and _RATIO in the
 * environment change them. */
int unpacker_start(const UnpackerRequest *request, Unpacker **ret);
int unpacker_pollfd(const Unpacker *u); /* readable at the end; borrowed */
/* Waits for the end. Without success, a negative errno, and *ret_error (allocated) says what is wrong, with
 * which entry; *ret_failed_layer is the index of the layer. */
int unpacker_wait(Unpacker *u, UnpackerResult *ret, size_t *ret_failed_layer, char **ret_error);
void unpacker_free(Unpacker *u); /* kills it if it still runs */
DEFINE_CLEANUP(Unpacker *, unpacker_free)
#define _cleanup_unpacker_ _cleanup_(unpacker_freep)
