/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "layer-import.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include "alloc.h"
#include "blob.h"
#include "file.h"
#include "import-signal.h"
#include "layer-tree.h"
#include "log.h"
#include "oci-digest.h"
#include "temporary.h"
#include "unpacker.h"

struct LayerImport {
        Store *store;
        char *source, *diff_id; /* "sha256-…" */
        char *tree_path;        /* temporary; NULL: none, or none any more */
        int tree_fd;
        Unpacker *unpacker;
        bool ended;
        int result; /* once it has ended */
};

void layer_import_free(LayerImport *i) {
        if (i->unpacker)
                unpacker_free(i->unpacker);
        if (i->tree_path)
                remove_tree_at(store_fd(i->store), i->tree_path, false);
        if (i->tree_fd >= 0)
                close(i->tree_fd);
        free(i->tree_path);
        free(i->source);
        free(i->diff_id);
        free(i);
        import_signals_release();
}

int layer_import_start(Store *s, const LayerRequest *q, LayerImport **ret) {
        import_signals_hold();
        _cleanup_layer_import_ LayerImport *i = xnew(LayerImport, 1);
        i->store = s;
        i->source = xstrdup(q->source);
        i->diff_id = oci_digest_to_id(q->diff_id);
        i->tree_fd = -1;
        if (store_takes_layer_trees(s)) {
                i->tree_fd = temporary_tree(s, &i->tree_path);
                if (i->tree_fd < 0)
                        return log_error_errno(i->tree_fd, "cannot create a directory in %s/" STORE_TREES,
                                        store_path(s));
        }
        UnpackerLayer layer = { .fd = q->fd, .follow = q->follow };
        UnpackerRequest request = {
                .format = UNPACK_OCI_LAYER,
                .sync = true,
                .root = i->tree_fd,
                .output = -1,
                .layers = &layer,
                .n_layers = 1,
        };
        signal(SIGPIPE, SIG_IGN);
        int r = unpacker_start(&request, &i->unpacker);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(i);
        return 0;
}

int layer_import_pollfd(const LayerImport *i) {
        return unpacker_pollfd(i->unpacker);
}

static int complete_tree(LayerImport *i, const UnpackerResult *result) {
        _cleanup_free_ char *error = NULL;
        if (!i->tree_path)
                return 0;
        const LayerTreeRequest q = {
                .temporary = i->tree_path,
                .rootfs = i->tree_fd,
                .size = result->tree_size,
                .notes = result->notes,
                .notes_size = result->notes_size,
        };
        int r = layer_tree_complete(i->store, &q, &error);
        if (r < 0)
                log_error("cannot import %s: %s", i->source, error);
        return r;
}

static int place_tree(LayerImport *i) {
        _cleanup_free_ char *tree_id = layer_tree_id(i->diff_id);
        if (!i->tree_path)
                return 0;
        int r = layer_tree_place(i->store, i->tree_path, tree_id);
        if (r < 0)
                return log_error_errno(
                                r, "cannot put %s into %s/" STORE_TREES, tree_id, store_path(i->store));
        free(i->tree_path);
        i->tree_path = NULL;
        return 0;
}

static int take_verdict(LayerImport *i) {
        _cleanup_unpacker_result_ UnpackerResult result = {};
        _cleanup_free_ char *error = NULL;
        size_t layer;
        int r = import_wait(unpacker_pollfd(i->unpacker));
        if (r < 0)
                return r == -EINTR ? r : log_error_errno(r, "cannot wait for the unpacking process");
        r = unpacker_wait(i->unpacker, &result, &layer, &error);
        if (r >= 0 && !streq(result.ids[0], i->diff_id)) {
                error = xasprintf(
                                "uncompressed, it has the digest %s, but the image's configuration says %s",
                                result.ids[0], i->diff_id);
                r = -EBADMSG;
        }
        if (r < 0) {
                log_error("cannot import %s: %s", i->source, error);
                return r;
        }
        return complete_tree(i, &result);
}

int layer_import_wait(LayerImport *i) {
        if (!i->ended) {
                i->result = take_verdict(i);
                if (i->result >= 0)
                        i->result = place_tree(i);
        }
        i->ended = true;
        return i->result;
}

int layer_import_wait_temporary(LayerImport *i, char **ret_path, int *ret_rootfs) {
        int r = take_verdict(i);
        if (r < 0)
                return r;
        *ret_path = TAKE_PTR(i->tree_path);
        *ret_rootfs = TAKE_FD(i->tree_fd);
        return 0;
}

bool store_has_layer(Store *s, const char *digest, const char *diff_id) {
        if (!oci_digest_is_valid(digest) || !oci_digest_is_valid(diff_id))
                return false;
        _cleanup_free_ char *blob = oci_digest_to_id(digest), *diff = oci_digest_to_id(diff_id);
        _cleanup_free_ char *tree_id = layer_tree_id(diff), *path = xasprintf(STORE_TREES "/%s", tree_id);
        if (blob_touch(s, blob) == -ENOENT)
                return false;
        return !store_takes_layer_trees(s) || utimensat(store_fd(s), path, NULL, AT_SYMLINK_NOFOLLOW) >= 0;
}
