/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "aci-tree.h"
#include "aci.h"
#include "alloc.h"
#include "file.h"
#include "globals.h"
#include "image-arguments.h"
#include "image-lookup.h"
#include "image-output.h"
#include "layout-writer.h"
#include "log.h"
#include "oci-digest.h"
#include "render.h"
#include "stored-image.h"
#include "strv.h"

static bool overwrite;
static char *format, *ref_name;

static const Option options[] = {
        { "format", OPTION_STRING, &format,
                        "aci (the default), or oci: an archive of an OCI layout, or a layout if OUTPUT is a "
                        "directory or ends in /" },
        { "name", OPTION_STRING, &ref_name,
                        "what the image is called in the OCI layout (default: its name)" },
        { "overwrite", OPTION_BOOL, &overwrite, "overwrite the output" },
        {},
};

static const Command command = {
        .name = "image export",
        .usage = "IMAGE OUTPUT",
        .summary = "Export a stored image to an ACI file, or to an OCI layout",
        .options = options,
        .global_options = global_options,
};

static char *blob_name(const char *digest) {
        return xasprintf("blobs/sha256/%s", oci_digest_hex(digest));
}

static int put_blob(LayoutWriter *w, const char *digest, const void *data, size_t size) {
        _cleanup_free_ char *name = blob_name(digest);
        return layout_writer_put(w, name, data, size);
}

static int put_layers(const StoredImage *i, LayoutWriter *w) {
        for (size_t n = 0; n < i->manifest->n_layers; n++) {
                const OciDescriptor *d = &i->manifest->layers[n];
                _cleanup_free_ char *name = blob_name(d->digest);
                _cleanup_close_ int fd = stored_image_open_layer(i, n);
                int r = fd < 0 ? fd : layout_writer_put_fd(w, name, fd, d->size);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int put_index(const StoredImage *i, LayoutWriter *w) {
        OciDescriptor d = {
                .media_type = i->manifest->media_type,
                .digest = i->manifest_digest,
                .size = i->manifest_size,
        };
        const char *name = ref_name ?: i->name ?: name_values_get(&i->record->labels, "version");
        if (name)
                name_values_set(&d.annotations, "org.opencontainers.image.ref.name", name);
        const OciIndex index = { .manifests = &d, .n_manifests = 1 };
        _cleanup_free_ char *text = oci_index_to_text(&index);
        name_values_clear(&d.annotations);
        return layout_writer_put(w, "index.json", text, strlen(text));
}

static int write_layout(const StoredImage *i, LayoutWriter *w) {
        static const char version[] = "{\"imageLayoutVersion\":\"1.0.0\"}";
        int r;
        if ((r = layout_writer_put(w, "oci-layout", version, strlen(version))) < 0 ||
                        (r = put_index(i, w)) < 0 ||
                        (r = put_blob(w, i->manifest_digest, i->manifest_text, i->manifest_size)) < 0 ||
                        (r = put_blob(w, i->manifest->config.digest, i->config_text, i->config_size)) < 0 ||
                        (r = put_layers(i, w)) < 0)
                return r;
        return layout_writer_close(w);
}

/* An empty directory may be filled; one that holds something is replaced on request only. */
static int open_directory(const char *path, ImageOutput *ret) {
        _cleanup_strv_ char **names = NULL;
        bool empty = list_directory_at(AT_FDCWD, path, &names) >= 0 && !names[0];
        return image_output_directory(path, "output directory", overwrite || empty, ret);
}

static int export_oci(Store *s, const char *id, const char *path) {
        _cleanup_stored_image_ StoredImage i = { .layer = -1 };
        _cleanup_image_output_ ImageOutput output = { .fd = -1 };
        _cleanup_layout_writer_ LayoutWriter *w = NULL;
        struct stat st;
        bool directory = endswith(path, "/") || (stat(path, &st) == 0 && S_ISDIR(st.st_mode));
        int r = stored_image_open(s, id, &i);
        if (r >= 0)
                r = directory ? open_directory(path, &output)
                              : image_output_file(path, "output file", overwrite, &output);
        if (r >= 0)
                r = layout_writer_new(output.fd, !directory, path, &w);
        if (r >= 0)
                r = write_layout(&i, w);
        return r < 0 ? r : image_output_commit(&output);
}

/* The manifest that the store has for it, and its whole tree. */
static int write_aci(Store *s, const char *id, int fd, const char *path) {
        _cleanup_aci_writer_ AciWriter *w = NULL;
        _cleanup_free_ char *manifest = NULL;
        size_t size;
        int unused;
        _cleanup_close_ int tree = stored_image_open_tree(s, id);
        int r = tree < 0 ? tree : aci_writer_new_fd(fd, path, "gzip", &w);
        if (r < 0)
                return r;
        r = store_manifest_text(s, id, &manifest, &size);
        if (r < 0)
                return log_error_errno(r, "cannot read the manifest of %s", id);
        if ((r = aci_writer_header(w, "manifest", S_IFREG | 0644, size)) < 0 ||
                        (r = aci_writer_data(w, manifest, size)) < 0 ||
                        (r = aci_tree_write_rootfs(tree, id, "rootfs", w)) < 0)
                return r;
        return aci_writer_close(w, &unused);
}

static int export_aci(Store *s, const char *id, const char *path) {
        _cleanup_image_output_ ImageOutput output = { .fd = -1 };
        int r = image_output_file(path, "output ACI file", overwrite, &output);
        if (r >= 0)
                r = store_id_is_oci(id) ? write_aci(s, id, output.fd, path) : export_to_fd(s, id, output.fd);
        return r < 0 ? r : image_output_commit(&output);
}

int image_export(int argc, char **argv) {
        _cleanup_image_arguments_ ImageArguments a = {};
        int r = image_arguments(&command, argc, argv, 2, &a);
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        bool oci = format && streq(format, "oci");
        if (format && !oci && !streq(format, "aci")) {
                log_error("--format=%s: expected aci or oci", format);
                return EXIT_RKT_FAILURE;
        }
        _cleanup_close_ int lock = -1;
        r = stored_images_hold(a.store, &lock);
        if (r < 0)
                return EXIT_RKT_FAILURE;
        r = oci ? export_oci(a.store, a.id, a.arguments[1]) : export_aci(a.store, a.id, a.arguments[1]);
        if (r < 0)
                return EXIT_RKT_FAILURE;
        store_touch(a.store, a.id);
        return 0;
}
