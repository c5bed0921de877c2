/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "cat-manifest-command.h"
#include "image-arguments.h"
#include "image-lookup.h"
#include "image.h"
#include "json.h"
#include "log.h"
#include "process.h"

int image_cat_manifest(int argc, char **argv) {
        _cleanup_image_arguments_ ImageArguments a = {};
        _cleanup_json_context_ JsonContext c = {};
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r = image_arguments(&cat_manifest_command, argc, argv, 1, &a);
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        r = store_manifest_text(a.store, a.id, &text, &size);
        if (r < 0) {
                log_error_errno(r, "cannot read the manifest of image %s", a.id);
                return EXIT_RKT_FAILURE;
        }
        if (json_context_parse(&c, a.id, text, size) < 0) {
                log_error("%s", c.error);
                return EXIT_RKT_FAILURE;
        }
        _cleanup_free_ char *out = json_to_text(c.root, cat_manifest_pretty);
        puts(out);
        return process_end(0);
}
