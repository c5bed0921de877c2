/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The command line of the entry point "attach". */

#include <stdbool.h>

#include "detach-keys.h"

typedef struct AttachOptions {
        const char *app;
        bool list;
        bool no_input;
        unsigned channels; /* attach-message.h; 0: what there is */
        DetachKeys detach;
} AttachOptions;

/* 1: help was asked for and printed. */
int attach_options_parse(int argc, char **argv, AttachOptions *ret);
