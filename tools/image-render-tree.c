/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "globals.h"
#include "image-arguments.h"
#include "image-lookup.h"
#include "image.h"
#include "log.h"
#include "process.h"
#include "strv.h"

static bool overlay;

static const Option options[] = {
        { "overlay", OPTION_BOOL, &overlay,
                        "for an overlay: the trees of an OCI image's layers, uppermost first" },
        {},
};

static const Command command = {
        .name = "image render-tree",
        .usage = "IMAGE",
        .summary = "Render an image into the tree store and print the ID of the tree",
        .options = options,
        .global_options = global_options,
};

int image_render_tree(int argc, char **argv) {
        _cleanup_image_arguments_ ImageArguments a = {};
        _cleanup_image_trees_ ImageTrees trees = {};
        _cleanup_free_ char *tree_id = NULL;
        int r = image_arguments(&command, argc, argv, 1, &a);
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        if (overlay)
                r = store_render_overlay_trees(a.store, a.id, &trees);
        else if ((r = store_render_tree(a.store, a.id, &tree_id)) >= 0)
                strv_push(&trees.ids, TAKE_PTR(tree_id));
        STRV_FOREACH (id, trees.ids)
                if (r >= 0)
                        puts(*id);
        return process_end(r);
}
