/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What rkt-unpack tells its parent, in shared memory (a memfd): it is written as one of the last things that
 * it does. The parent reads it after the process has ended, as data from outside: a process that has parsed
 * an archive may not be what it was. Both are of one build, so this is a struct. */

#include <stdint.h>

#define UNPACK_REPORT_MESSAGE 2048

typedef enum UnpackState {
        UNPACK_DIED, /* nothing was written */
        UNPACK_DONE,
        UNPACK_FAILED,
} UnpackState;

typedef struct UnpackReport {
        uint32_t state;
        int32_t error; /* errno */
        char message[UNPACK_REPORT_MESSAGE];
        uint32_t failed_layer;
        uint32_t n_layers;
        char tree_id[80]; /* of the layers in this order */
        uint64_t tree_size, entries, manifest_size;
        char ids[][80]; /* of each layer: "sha512-" and 64 digits */
} UnpackReport;
