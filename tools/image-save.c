/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Images for those who load what docker save writes: podman load, docker load, skopeo's docker-archive:. */

#include <errno.h>

#include "aci.h"
#include "alloc.h"
#include "docker-archive.h"
#include "globals.h"
#include "image-arguments.h"
#include "image-lookup.h"
#include "image-output.h"
#include "layout-writer.h"
#include "log.h"
#include "oci-digest.h"
#include "stored-image.h"
#include "strv.h"

static bool overwrite;

static const Option options[] = {
        { "overwrite", OPTION_BOOL, &overwrite, "overwrite the output" },
        {},
};

static const Command command = {
        .name = "image save",
        .usage = "IMAGE… OUTPUT_TAR_FILE",
        .summary = "Save stored images to an archive for docker load and podman load",
        .options = options,
        .global_options = global_options,
};

static int save_layer(const StoredImage *i, size_t n, LayoutWriter *w, DockerArchiveImage *entry) {
        _cleanup_free_ char *name = xasprintf("%s.tar", oci_digest_hex(i->config->diff_ids[n]));
        uint64_t size;
        if (!layout_writer_has(w, name)) {
                _cleanup_close_ int fd = stored_image_open_uncompressed(i, n, &size);
                int r = fd < 0 ? fd : layout_writer_put_fd(w, name, fd, size);
                if (r < 0)
                        return r;
        }
        strv_push(&entry->layers, TAKE_PTR(name));
        return 0;
}

static int save_image(Store *s, const char *id, LayoutWriter *w, DockerArchiveImage *entry) {
        _cleanup_stored_image_ StoredImage i = { .layer = -1 };
        int r = stored_image_open(s, id, &i);
        if (r < 0)
                return r;
        entry->config = xasprintf("%s.json", oci_digest_hex(i.manifest->config.digest));
        entry->tags = strv_copy(NULL);
        entry->layers = strv_copy(NULL);
        if (i.name)
                strv_add(&entry->tags, i.name);
        r = layout_writer_put(w, entry->config, i.config_text, i.config_size);
        for (size_t n = 0; r >= 0 && n < i.manifest->n_layers; n++)
                r = save_layer(&i, n, w, entry);
        return r;
}

static int save(const ImageArguments *a, size_t n, LayoutWriter *w) {
        _cleanup_docker_archive_ DockerArchive *archive = xnew(DockerArchive, 1);
        archive->images = xnew(DockerArchiveImage, n);
        for (; archive->n_images < n; archive->n_images++) {
                _cleanup_free_ char *id = NULL;
                int r = image_find(a->store, a->arguments[archive->n_images], &id);
                if (r >= 0)
                        r = save_image(a->store, id, w, &archive->images[archive->n_images]);
                if (r < 0) {
                        archive->n_images++; /* what is in it is to be freed */
                        return r;
                }
                store_touch(a->store, id);
        }
        _cleanup_free_ char *text = docker_archive_to_text(archive);
        int r = layout_writer_put(w, "manifest.json", text, strlen(text));
        return r < 0 ? r : layout_writer_close(w);
}

int image_save(int argc, char **argv) {
        _cleanup_image_arguments_ ImageArguments a = {};
        _cleanup_image_output_ ImageOutput output = { .fd = -1 };
        _cleanup_layout_writer_ LayoutWriter *w = NULL;
        int r = image_arguments_several(&command, argc, argv, &a);
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        size_t n = strv_length(a.arguments) - 1;
        if (n == 0) {
                log_error("must provide at least one image and an output file: rkt %s %s", command.name,
                                command.usage);
                return EXIT_RKT_FAILURE;
        }
        _cleanup_close_ int lock = -1;
        if ((r = stored_images_hold(a.store, &lock)) < 0 ||
                        (r = image_output_file(a.arguments[n], "output file", overwrite, &output)) < 0 ||
                        (r = layout_writer_new(output.fd, true, a.arguments[n], &w)) < 0 ||
                        (r = save(&a, n, w)) < 0 || (r = image_output_commit(&output)) < 0)
                return EXIT_RKT_FAILURE;
        return 0;
}
