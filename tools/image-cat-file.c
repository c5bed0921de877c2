/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What "actool cat-manifest" was: the manifest of an image file that need not be in the store. */
#include <errno.h>
#include <fcntl.h>

#include "aci-check.h"
#include "aci.h"
#include "cat-manifest-command.h"
#include "log.h"
#include "process.h"
#include "strv.h"

int image_cat_file(int argc, char **argv) {
        _cleanup_strv_ char **arguments = NULL;
        _cleanup_image_manifest_ ImageManifest *manifest = NULL;
        int r = command_parse(&cat_manifest_command, argc, argv, &arguments);
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        if (strv_length(arguments) != 1) {
                log_error("expected one image (see --help)");
                return EXIT_RKT_FAILURE;
        }
        _cleanup_close_ int fd = open(arguments[0], O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (fd < 0) {
                log_error_errno(errno, "%s", arguments[0]);
                return EXIT_RKT_FAILURE;
        }
        if (aci_check(arguments[0], fd, &manifest) < 0)
                return EXIT_RKT_FAILURE;
        _cleanup_free_ char *text = image_manifest_to_text(manifest, cat_manifest_pretty);
        puts(text);
        return process_end(0);
}
