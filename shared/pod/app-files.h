/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a pod's directory holds of one app, beside its entry in the pod manifest (rkt-pod(5)). All functions
 * log their failures. */

#include "generate.h"
#include "pod.h"

/* The image of an app, with the trees that it runs from: fetched and rendered if need be, as policy allows.
 */
int pod_image_load(const char *reference, const char *signature, PullPolicy policy, bool overlay,
                PodImage *ret);

/* Makes them, with a copy of the image's tree unless the pod has overlays. */
int app_files_write(Pod *pod, const RuntimeApp *app, const PodImage *image, bool overlay);
/* Removes them, and what the stage1 has said of the app; also what is left of them. */
int app_files_remove(Pod *pod, const char *name);

/* A copy of a tree of the store's at target, a directory below the pod's. */
int pod_copy_tree(Pod *pod, const char *tree_id, const char *target);
/* Names below the pod's directory: made, then filled. */
int pod_make_directory(Pod *pod, const char *path, mode_t mode);
int pod_write_text(Pod *pod, const char *path, const char *text, size_t size, mode_t mode);
