/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "alloc.h"
#include "image.h"
#include "log.h"
#include "process.h"
#include "strv.h"
#include "subcommand.h"

static int fetch(int argc, char **argv);
static int aci(int argc, char **argv);
static int cat_manifest(int argc, char **argv);

static const Subcommand subcommands[] = {
        { "build", aci, "Build an image file out of a directory", true },
        { "cat-manifest", cat_manifest, "Inspect and print the image manifest" },
        { "export", aci, "Export a stored image to an ACI file or an OCI layout" },
        { "extract", image_extract, "Extract a stored image to a directory" },
        { "fetch", fetch, NULL },
        { "gc", image_gc, "Garbage collect local store" },
        { "link", image_link, "Show an image as a directory that stays, for units and systemd-nspawn",
                        true },
        { "list", image_list, "List images in the local store" },
        { "patch-manifest", aci, "Copy an image file with changes to its manifest", true },
        { "reindex", image_reindex, "Take over the images of a store that rkt 1.x has written", true },
        { "render", image_render, "Render a stored image to a directory with all its dependencies" },
        { "render-tree", image_render_tree, NULL },
        { "rm", image_rm, "Remove image(s) from the local store" },
        { "save", aci, "Save stored images to an archive for docker load and podman load", true },
        { "unlink", image_unlink, "Remove such a directory", true },
        { "validate", aci, "Check image files, image directories and manifests", true },
        { "verify", image_verify, "Verify one or more rendered images in the local store" },
        {},
};

/* "rkt image fetch" is "rkt fetch". */
static int fetch(int argc, char **argv) {
        _cleanup_free_ char *path = process_sibling("rkt-fetch");
        execv(path, argv);
        log_error_errno(errno, "cannot execute %s", path);
        return EXIT_RKT_FAILURE;
}

/* What handles image files loads libarchive, which the others shall not wait for. */
static int aci(int argc, char **argv) {
        _cleanup_free_ char *path = process_helper("rkt-aci");
        _cleanup_strv_ char **words = strv_copy(NULL);
        strv_add(&words, "rkt-aci");
        strv_extend(&words, argv);
        execv(path, words);
        log_error_errno(errno, "cannot execute %s", path);
        return EXIT_RKT_FAILURE;
}

/* Of an image in the store, or of a file. */
static int cat_manifest(int argc, char **argv) {
        for (int i = 1; i < argc; i++)
                if (argv[i][0] != '-' && endswith(argv[i], ".aci") && access(argv[i], F_OK) == 0)
                        return aci(argc, argv);
        return image_cat_manifest(argc, argv);
}

int main(int argc, char **argv) {
        return subcommand_main("image", "Operate on image(s) in the local store", subcommands, argc, argv);
}
