/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "archive-import.h"

#include "alloc.h"
#include "import-signal.h"

int archive_import_begin(Store *s, Incoming *i, const char *source, ImageImport **ret) {
        _cleanup_close_ int follow = -1;
        int r = incoming_follow(i, &follow);
        if (r < 0)
                return r;
        _cleanup_close_ int fd = incoming_fd(i);
        if (fd < 0)
                return fd;
        ImageImportRequest request = {
                .source = source, .fd = fd, .follow = follow, .blob = incoming_path(i)
        };
        return image_import_start(s, &request, ret);
}

static int verify(Incoming *i, const FetchChecks *checks) {
        if (!checks->verify)
                return 0;
        _cleanup_close_ int fd = incoming_fd(i);
        return fd < 0 ? fd : checks->verify(fd, checks->userdata);
}

int archive_import_finish(Store *s, Incoming *i, const char *source, const FetchChecks *checks,
                ImageImport **import, char **ret_id) {
        const ImageManifest *manifest;
        const char *id;
        int r = verify(i, checks);
        if (r >= 0 && !*import)
                r = archive_import_begin(s, i, source, import);
        if (r >= 0)
                r = image_import_finish(*import, &manifest, &id);
        if (r >= 0 && checks->accept)
                r = checks->accept(manifest, id, checks->userdata);
        if (r >= 0)
                r = image_import_commit(*import, checks->latest);
        if (r < 0) {
                incoming_discard(i);
                return r;
        }
        incoming_committed(i);
        *ret_id = xstrdup(id);
        return 0;
}

static int import_file(Store *s, Incoming *i, const char *source, int fd, const FetchChecks *checks,
                char **ret_id) {
        _cleanup_image_import_ ImageImport *import = NULL;
        int r = 0;
        if (!checks->verify)
                r = archive_import_begin(s, i, source, &import);
        if (r >= 0)
                r = incoming_copy(i, fd);
        if (r >= 0)
                r = incoming_complete(i);
        return r < 0 ? r : archive_import_finish(s, i, source, checks, &import, ret_id);
}

int archive_import_file(Store *s, const char *source, int fd, const FetchChecks *checks, char **ret_id) {
        import_signals_hold();
        Incoming *i = NULL;
        int r = incoming_new(s, source, &i);
        if (r >= 0) {
                r = import_file(s, i, source, fd, checks, ret_id);
                incoming_free(i);
        }
        import_signals_release();
        return r;
}
