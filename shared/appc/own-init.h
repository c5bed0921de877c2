/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Pods that boot: their only app is the init of its image, and becomes the pod's PID 1. */

#include "name-value.h"

/* Of pods; and of a stage1, which says so that it can do this. */
#define OWN_INIT_ANNOTATION "coreos.com/rkt/stage1/init"
#define OWN_INIT_SYSTEMD    "systemd"

/* Where the init is if the user has named none. */
#define OWN_INIT_PATH "/sbin/init"

/* The pod manifest's annotation: -EINVAL with *ret_error if it is none that is known. */
int own_init_parse(const NameValueList *annotations, bool *ret, char **ret_error);

/* Whether this is the name of one: what an image runs may also be a shell, or a script. */
bool own_init_is_program(const char *path);
