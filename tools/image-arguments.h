/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "option.h"
#include "store.h"

/* What subcommands that take one image have in common: parses, checks that there are n arguments, opens the
 * store and finds the image. Returns < 0 after logging, 1 if help was printed. */
typedef struct ImageArguments {
        Store *store;
        char *id;
        char **arguments; /* the image's name first */
} ImageArguments;

int image_arguments(const Command *c, int argc, char **argv, size_t n, ImageArguments *ret);
void image_arguments_done(ImageArguments *a);
#define _cleanup_image_arguments_ _cleanup_(image_arguments_done)

/* For those that take several: "IMAGE…", at least one. */
int image_arguments_several(const Command *c, int argc, char **argv, ImageArguments *ret);
/* For those that take none; only the store is opened. */
int image_arguments_none(const Command *c, int argc, char **argv, ImageArguments *ret);
/* Logs why an image cannot be found. */
int image_find(Store *s, const char *reference, char **ret_id);
