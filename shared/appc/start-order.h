/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* In which order the apps of a pod start: app-life.h, APP_AFTER_ANNOTATION. */

#include "pod-manifest.h"

/* Reads the annotations of all apps and puts the indices of the apps into ret_order, n_apps of them: each
 * behind those it is to start after, otherwise as in the manifest. -EINVAL with *ret_error for values as
 * above, for names that no app has, and for apps that wait for each other. */
int pod_start_order(const PodManifest *m, size_t *ret_order, char **ret_error);
