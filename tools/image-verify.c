/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>

#include "alloc.h"
#include "globals.h"
#include "image-arguments.h"
#include "image-lookup.h"
#include "image.h"
#include "log.h"
#include "process.h"
#include "render.h"
#include "strv.h"
#include "verify-tree.h"

static const Command command = {
        .name = "image verify",
        .usage = "IMAGE...",
        .summary = "Verify one or more rendered images in the local store",
        .description = "Renders each image anew from its archive, whose digest is its ID, or from the "
                       "layers "
                       "of an OCI\n"
                       "image, whose digests are in its manifest, and compares. A tree that has changed is "
                       "replaced,\n"
                       "unless a pod is using it; a damaged layer is removed, so that the next fetch brings "
                       "it anew.",
        .global_options = global_options,
        .needs_root = true,
};

typedef struct Rendered {
        const char *id;
        uint64_t size;
} Rendered;

static int place(Store *s, const VerifiedTree *t) {
        const Rendered *rendered = t->userdata;
        return render_commit(s, rendered->id, t->fresh_path, t->tree_id, rendered->size);
}

static int verify_rendered(Store *s, const char *reference, const char *id, const char *tree_id) {
        _cleanup_free_ char *fresh_tree_id = NULL, *path = NULL, *what = xasprintf("image %s", reference);
        Rendered rendered = { .id = id };
        _cleanup_close_ int fresh = render_to_temporary(s, id, &path, &fresh_tree_id, &rendered.size);
        if (fresh < 0)
                return fresh;
        const VerifiedTree tree = {
                .what = what,
                .tree_id = tree_id,
                .fresh_path = path,
                .fresh = fresh,
                .place = place,
                .userdata = &rendered,
        };
        return verify_tree(s, &tree);
}

static int verify(Store *s, const char *reference) {
        _cleanup_free_ char *id = NULL, *tree_id = NULL, *error = NULL;
        int r = image_find(s, reference, &id);
        if (r < 0)
                return r;
        r = store_tree_id(s, id, &tree_id, &error);
        if (r < 0 && r != -ENODATA) {
                log_error("image \"%s\": %s", reference, error ?: strerror(-r));
                return r;
        }
        bool rendered = r >= 0 && store_tree_exists(s, tree_id) > 0, oci = store_id_is_oci(id);
        if (!rendered && !oci) {
                printf("image \"%s\" (\"%s\") is not rendered; no verification needed\n", reference, id);
                return 0;
        }
        r = oci ? verify_oci(s, reference, id) : 0;
        if (r >= 0 && rendered)
                r = verify_rendered(s, reference, id, tree_id);
        if (r >= 0)
                printf("successfully verified checksum for image: \"%s\" (\"%s\")\n", reference, id);
        return r;
}

int image_verify(int argc, char **argv) {
        _cleanup_image_arguments_ ImageArguments a = {};
        int r = image_arguments_several(&command, argc, argv, &a), failed = 0;
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        STRV_FOREACH (reference, a.arguments)
                failed += verify(a.store, *reference) < 0;
        return process_end(failed > 0 ? -EINVAL : 0);
}
