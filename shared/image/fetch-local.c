/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fetch-local.h"

#include <errno.h>

#include "alloc.h"
#include "local-image.h"
#include "log.h"

int fetch_local(Store *s, const Reference *reference, const FetchOptions *options, char **ret_id) {
        _cleanup_local_image_ LocalImage image = { .source = xstrdup(reference->text) };
        if (options->policy == FETCH_NEVER) {
                log_error("unable to fetch image from %s: files are read anew each time, and the pull "
                          "policy "
                          "is never",
                                reference->text);
                return -ENOENT;
        }
        int r = reference->kind == REFERENCE_OCI_LAYOUT
                                ? image_files_open_directory(reference->location, &image.files)
                                : image_files_open_archive(s, reference->location, &image.files);
        if (r < 0)
                return r;
        r = reference->kind == REFERENCE_DOCKER_ARCHIVE ? docker_archive_read(reference, &image)
                                                        : oci_layout_read(reference, &image);
        return r < 0 ? r : local_image_import(s, &image, ret_id);
}
