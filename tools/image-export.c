/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "globals.h"
#include "image-arguments.h"
#include "image-lookup.h"
#include "image-output.h"
#include "image.h"
#include "log.h"
#include "render.h"

static bool overwrite;

static const Option options[] = {
        { "overwrite", OPTION_BOOL, &overwrite, "overwrite output ACI" },
        {},
};

static const Command command = {
        .name = "image export",
        .usage = "IMAGE OUTPUT_ACI_FILE",
        .summary = "Export a stored image to an ACI file",
        .options = options,
        .global_options = global_options,
};

int image_export(int argc, char **argv) {
        _cleanup_image_arguments_ ImageArguments a = {};
        _cleanup_image_output_ ImageOutput output = { .fd = -1 };
        int r = image_arguments(&command, argc, argv, 2, &a);
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        if (image_output_file(a.arguments[1], "output ACI file", overwrite, &output) < 0 ||
                        export_to_fd(a.store, a.id, output.fd) < 0 || image_output_commit(&output) < 0)
                return EXIT_RKT_FAILURE;
        store_touch(a.store, a.id);
        return 0;
}
