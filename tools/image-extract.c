/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* "extract" and "render": the same but for what goes into the directory. */

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "file.h"
#include "globals.h"
#include "image-arguments.h"
#include "image-lookup.h"
#include "image-output.h"
#include "image.h"
#include "log.h"
#include "render.h"

static bool overwrite, rootfs_only;

static const Option options[] = {
        { "overwrite", OPTION_BOOL, &overwrite, "overwrite output directory" },
        { "rootfs-only", OPTION_BOOL, &rootfs_only, "extract rootfs only" },
        {},
};

static const Command extract = {
        .name = "image extract",
        .usage = "IMAGE OUTPUT_DIR",
        .summary = "Extract a stored image to a directory",
        .options = options,
        .global_options = global_options,
};

static const Command render = {
        .name = "image render",
        .usage = "IMAGE OUTPUT_DIR",
        .summary = "Render a stored image to a directory with all its dependencies",
        .options = options,
        .global_options = global_options,
};

typedef int (*Filler)(Store *s, const char *id, int root);

static int write_manifest(Store *s, const char *id, int dirfd) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r = store_manifest_text(s, id, &text, &size);
        if (r >= 0)
                r = write_file_at(dirfd, "manifest", text, size, 0644);
        return r < 0 ? log_error_errno(r, "cannot write the manifest of image %s", id) : 0;
}

static int fill(const ImageArguments *a, int dirfd, Filler filler) {
        if (rootfs_only)
                return filler(a->store, a->id, dirfd);
        int r = write_manifest(a->store, a->id, dirfd);
        if (r < 0)
                return r;
        if (mkdirat(dirfd, "rootfs", 0755) < 0)
                return log_error_errno(errno, "cannot create rootfs");
        _cleanup_close_ int rootfs =
                        openat(dirfd, "rootfs", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (rootfs < 0)
                return log_error_errno(errno, "cannot open rootfs");
        return filler(a->store, a->id, rootfs);
}

static int run(const Command *command, int argc, char **argv, Filler filler) {
        _cleanup_image_arguments_ ImageArguments a = {};
        _cleanup_image_output_ ImageOutput output = { .fd = -1 };
        int r = image_arguments(command, argc, argv, 2, &a);
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        if (image_output_directory(a.arguments[1], "output directory", overwrite, &output) < 0 ||
                        fill(&a, output.fd, filler) < 0 || image_output_commit(&output) < 0)
                return EXIT_RKT_FAILURE;
        store_touch(a.store, a.id);
        return 0;
}

int image_extract(int argc, char **argv) {
        return run(&extract, argc, argv, extract_to_directory);
}

int image_render(int argc, char **argv) {
        return run(&render, argc, argv, render_to_directory);
}
