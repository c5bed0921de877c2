/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The execution engines (rkt-stage1(7)): choosing one, and running its entry points. */

#include "image-manifest.h"
#include "pod.h"
#include "request.h"

typedef struct Stage1 {
        char *directory; /* installed, used in place: holds manifest and rootfs; or NULL */
        char *image_id;  /* from the store; or NULL */
        char *manifest_text;
        size_t manifest_size;
        ImageManifest *manifest;
} Stage1;

void stage1_done(Stage1 *s);
#define _cleanup_stage1_ _cleanup_(stage1_done)

/* By flag, else by stage1.d, else the installed default. Images that are not in the store are fetched by
 * rkt-fetch. Logs failures. */
int stage1_choose(const Stage1Request *request, Stage1 *ret);

/* Interface version from the annotations: 1 when missing. */
int stage1_interface_version(const ImageManifest *m);

/* Path of an entry point ("run", "enter", "gc", "stop", "app/add") of a prepared pod's stage1, absolute or
 * relative to the pod's directory. -ENOENT without a log line when the stage1 has no such entry point; other
 * failures are logged. */
int stage1_entrypoint(const Pod *p, const char *name, char **ret_path, ImageManifest **ret_manifest);

/* Runs an entry point with the pod's directory as working directory and waits: its exit status, or -errno.
 * argv[0] is filled in. */
int stage1_run_entrypoint(const Pod *p, const char *name, char **argv);
