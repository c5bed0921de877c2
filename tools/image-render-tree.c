/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "globals.h"
#include "image-arguments.h"
#include "image-lookup.h"
#include "image.h"
#include "log.h"

static const Command command = {
        .name = "image render-tree",
        .usage = "IMAGE",
        .summary = "Render an image into the tree store and print the ID of the tree",
        .global_options = global_options,
};

int image_render_tree(int argc, char **argv) {
        _cleanup_image_arguments_ ImageArguments a = {};
        _cleanup_free_ char *tree_id = NULL;
        int r = image_arguments(&command, argc, argv, 1, &a);
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        if (store_render_tree(a.store, a.id, &tree_id) < 0)
                return EXIT_RKT_FAILURE;
        return printf("%s\n", tree_id) < 0 || fflush(stdout) != 0 ? EXIT_RKT_FAILURE : 0;
}
