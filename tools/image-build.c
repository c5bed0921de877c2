/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What "actool build" was. */
#include <errno.h>
#include <fcntl.h>

#include "aci-check.h"
#include "aci-tree.h"
#include "aci-writer.h"
#include "aci.h"
#include "alloc.h"
#include "file.h"
#include "globals.h"
#include "log.h"
#include "strv.h"

static bool overwrite, owner_root, no_compression;
static char *compression;

static const Option options[] = {
        { "compression", OPTION_STRING, &compression, "how to compress the image: " ACI_COMPRESSIONS,
                        .shown_default = "gzip" },
        { "no-compression", OPTION_BOOL, &no_compression, "the same as --compression=none" },
        { "overwrite", OPTION_BOOL, &overwrite, "overwrite the output file if it exists" },
        { "owner-root", OPTION_BOOL, &owner_root, "make root the owner of all files in the image" },
        {},
};

static const Command command = {
        .name = "image build",
        .usage = "[--overwrite] [--owner-root] [--compression=FORMAT] DIRECTORY OUTPUT.aci",
        .summary = "Build an image file out of a directory",
        .description = "DIRECTORY holds a file manifest and a directory rootfs. The same directory always "
                       "gives the\n"
                       "same file: entries are in the order of their names, and no file is later than\n"
                       "SOURCE_DATE_EPOCH, if that is set.",
        .options = options,
        .global_options = global_options,
};

static int build(const char *directory, const char *output) {
        _cleanup_aci_writer_ AciWriter *w = NULL;
        _cleanup_close_ int dirfd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (dirfd < 0)
                return log_error_errno(errno, "%s", directory);
        int r = aci_tree_check(dirfd, directory), fd;
        if (r < 0 || (r = aci_writer_new(output, no_compression ? "none" : compression ?: "gzip", overwrite, &w)) < 0)
                return r;
        r = aci_tree_write(dirfd, directory, owner_root, w);
        if (r < 0 || (r = aci_writer_close(w, &fd)) < 0)
                return r;
        /* what is built here can be fetched: the judge is the same */
        r = aci_check(output, fd, NULL);
        return r < 0 ? r : aci_writer_publish(w);
}

int image_build(int argc, char **argv) {
        _cleanup_strv_ char **arguments = NULL;
        int r = command_parse(&command, argc, argv, &arguments);
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        log_set_debug(globals.debug);
        if (strv_length(arguments) != 2) {
                log_error("expected a directory and the name of the image file (see --help)");
                return EXIT_RKT_FAILURE;
        }
        raise_descriptor_limit();
        return build(arguments[0], arguments[1]) < 0 ? EXIT_RKT_FAILURE : 0;
}
