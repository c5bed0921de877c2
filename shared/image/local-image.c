/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "local-image.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>

#include "alloc.h"
#include "blob.h"
#include "file.h"
#include "image-lookup.h"
#include "import-signal.h"
#include "log.h"
#include "oci-digest.h"
#include "oci-import.h"
#include "oci-to-appc.h"
#include "sha256.h"
#include "strv.h"
#include "temporary.h"

#define SIGNAL_CHECK_MS 500 /* one that comes right before the wait */

/* A layer on its way: a copy of its own, so that nobody changes what has been verified, and what is being
 * unpacked. */
typedef struct Transfer {
        const OciDescriptor *descriptor;
        const char *diff_id, *file;
        char *temporary; /* NULL: it is in place */
        int fd;
        LayerImport *import; /* NULL: the store has it, or it comes with another one */
        bool ended;
} Transfer;

typedef struct Transfers {
        Store *store;
        const LocalImage *image;
        Transfer *items;
        size_t n;
} Transfers;

void local_image_done(LocalImage *i) {
        if (i->files)
                image_files_free(i->files);
        free(i->source);
        free(i->manifest_text);
        free(i->manifest_digest);
        free(i->config_text);
        oci_manifest_free(i->manifest);
        oci_config_free(i->config);
        strv_free(i->layer_files);
        free(i->name);
        free(i->tag);
        free(i->reference);
        *i = (LocalImage){};
}

char *local_image_name_of_path(const char *path) {
        _cleanup_free_ char *copy = xstrdup(path);
        for (size_t n = strlen(copy); n > 1 && copy[n - 1] == '/'; n--)
                copy[n - 1] = 0;
        char *slash = strrchr(copy, '/'), *name = slash && slash[1] ? slash + 1 : copy,
             *tar = strstr(name, ".tar");
        if (tar && tar > name)
                *tar = 0;
        return xstrdup(name);
}

static void transfers_done(Transfers *t) {
        for (size_t k = 0; k < t->n; k++) {
                if (t->items[k].import)
                        layer_import_free(t->items[k].import);
                if (t->items[k].temporary)
                        unlinkat(store_fd(t->store), t->items[k].temporary, 0);
                free(t->items[k].temporary);
                closep(&t->items[k].fd);
        }
        free(t->items);
}
#define _cleanup_transfers_ _cleanup_(transfers_done)

static int copy_layer(const Transfers *t, Transfer *x) {
        _cleanup_file_range_ FileRange range = { .fd = -1 };
        _cleanup_free_ char *digest = NULL;
        const LocalImage *i = t->image;
        int r = image_files_find(i->files, x->file, &range);
        if (r < 0)
                return r;
        if (range.size != x->descriptor->size) {
                log_error("%s: the layer \"%s\" has %" PRIu64 " bytes instead of %" PRIu64, i->source,
                                x->file, range.size, x->descriptor->size);
                return -EBADMSG;
        }
        x->fd = temporary_file(t->store, &x->temporary);
        if (x->fd < 0)
                return log_error_errno(x->fd, "cannot make a temporary file in %s", store_path(t->store));
        r = copy_range(range.fd, range.offset, range.size, x->fd);
        if (r >= 0)
                r = sha256_digest_range(x->fd, 0, range.size, &digest);
        if (r < 0)
                return log_error_errno(r, "%s: cannot copy the layer \"%s\"", i->source, x->file);
        if (!streq(digest, x->descriptor->digest)) {
                log_error("%s: the layer \"%s\" has digest %s instead of %s", i->source, x->file, digest,
                                x->descriptor->digest);
                return -EBADMSG;
        }
        return 0;
}

static int start_layer(const Transfers *t, Transfer *x) {
        _cleanup_free_ char *source = xasprintf("%s: layer %s", t->image->source, x->descriptor->digest);
        int r = copy_layer(t, x);
        if (r < 0)
                return r;
        if (lseek(x->fd, 0, SEEK_SET) < 0)
                return log_error_errno(errno, "cannot read the copy of %s", source);
        const LayerRequest request = {
                .source = source,
                .digest = x->descriptor->digest,
                .diff_id = x->diff_id,
                .fd = x->fd,
                .follow = -1,
        };
        return layer_import_start(t->store, &request, &x->import);
}

/* The unpacked layer is good: the bytes that it came from become its blob. */
static int end_layer(const Transfers *t, Transfer *x) {
        _cleanup_free_ char *id = oci_digest_to_id(x->descriptor->digest);
        int r = layer_import_wait(x->import);
        if (r < 0)
                return r;
        if (fdatasync(x->fd) < 0)
                return log_error_errno(errno, "cannot write the blob %s", id);
        _cleanup_close_ int lock = store_lock_changes(t->store);
        r = lock < 0 ? lock : blob_commit(t->store, x->temporary, id);
        if (r < 0)
                return log_error_errno(r, "cannot put the blob %s in place", id);
        free(x->temporary);
        x->temporary = NULL;
        close(TAKE_FD(x->fd));
        x->ended = true;
        return 0;
}

/* Waits until fewer than max layers are being unpacked. */
static int wait_for_slot(const Transfers *t, size_t max) {
        for (;;) {
                _cleanup_free_ struct pollfd *polls = xnew(struct pollfd, t->n + 1);
                _cleanup_free_ Transfer **running = xnew(Transfer *, t->n + 1);
                size_t n = 0;
                for (size_t k = 0; k < t->n; k++)
                        if (t->items[k].import && !t->items[k].ended) {
                                running[n] = &t->items[k];
                                polls[n++] = (struct pollfd){ layer_import_pollfd(t->items[k].import),
                                        POLLIN, 0 };
                        }
                if (n < max)
                        return 0;
                int ready = poll(polls, n, SIGNAL_CHECK_MS);
                if (import_interrupted())
                        return -EINTR;
                if (ready < 0 && errno != EINTR)
                        return log_error_errno(errno, "cannot wait for layers");
                for (size_t k = 0; k < n; k++)
                        if (polls[k].revents) {
                                int r = end_layer(t, running[k]);
                                if (r < 0)
                                        return r;
                        }
        }
}

static size_t processors(void) {
        cpu_set_t set;
        return sched_getaffinity(0, sizeof(set), &set) < 0 ? 1 : CPU_COUNT(&set);
}

static const Transfer *find_transfer(const Transfers *t, const char *digest) {
        for (size_t k = 0; k < t->n; k++)
                if (t->items[k].import && streq(t->items[k].descriptor->digest, digest))
                        return &t->items[k];
        return NULL;
}

/* While one layer is copied and hashed, those before it are unpacked. */
static int transfer_layers(Transfers *t) {
        const LocalImage *i = t->image;
        for (size_t k = 0; k < i->manifest->n_layers; k++) {
                const OciDescriptor *d = &i->manifest->layers[k];
                Transfer *x = &t->items[t->n];
                if (find_transfer(t, d->digest) ||
                                store_has_layer(t->store, d->digest, i->config->diff_ids[k]))
                        continue;
                *x = (Transfer){ .descriptor = d,
                        .diff_id = i->config->diff_ids[k],
                        .file = i->layer_files[k],
                        .fd = -1 };
                t->n++;
                int r = start_layer(t, x);
                if (r >= 0)
                        r = wait_for_slot(t, processors());
                if (r < 0)
                        return r;
        }
        return wait_for_slot(t, 1);
}

static int commit(const Transfers *t, const char *image_manifest, char **ret_id) {
        const LocalImage *i = t->image;
        _cleanup_free_ OciImportLayer *layers = xnew(OciImportLayer, i->manifest->n_layers + 1);
        for (size_t k = 0; k < i->manifest->n_layers; k++) {
                const OciDescriptor *d = &i->manifest->layers[k];
                const Transfer *x = find_transfer(t, d->digest);
                layers[k] = (OciImportLayer){
                        .digest = d->digest,
                        .diff_id = i->config->diff_ids[k],
                        .size = d->size,
                        .import = x ? x->import : NULL,
                };
        }
        const OciImportRequest request = {
                .source = i->source,
                .manifest = i->manifest_text,
                .manifest_size = i->manifest_size,
                .manifest_digest = i->manifest_digest,
                .config = i->config_text,
                .config_size = i->config_size,
                .config_digest = i->manifest->config.digest,
                .image_manifest = image_manifest,
                .reference = i->reference,
                .layers = layers,
                .n_layers = i->manifest->n_layers,
        };
        return oci_import_commit(t->store, &request, ret_id);
}

static int map(const LocalImage *i, char **ret) {
        const OciOrigin origin = {
                .name = i->name,
                .tag = i->tag,
                .original = i->source,
                .manifest_digest = i->manifest_digest,
        };
        _cleanup_free_ char *error = NULL;
        int r = oci_to_image_manifest(&origin, i->manifest, i->config, ret, &error);
        if (r < 0)
                log_error("%s: %s", i->source, error);
        return r;
}

static int import(Store *s, const LocalImage *i, const char *image_manifest, char **ret_id) {
        _cleanup_transfers_ Transfers t = { .store = s, .image = i };
        t.items = xnew(Transfer, i->manifest->n_layers + 1);
        int r = transfer_layers(&t);
        return r < 0 ? r : commit(&t, image_manifest, ret_id);
}

int local_image_import(Store *s, LocalImage *i, char **ret_id) {
        _cleanup_free_ char *image_manifest = NULL;
        int r = map(i, &image_manifest);
        if (r < 0)
                return r;
        _cleanup_close_ int lock = oci_import_lock(s, i->manifest_digest);
        if (lock < 0)
                return lock;
        r = oci_import_find(s, i->manifest_digest, i->reference, ret_id);
        if (r < 0)
                return log_error_errno(r, "%s: cannot look whether the store has it", i->source);
        if (r > 0) {
                log_debug("using image from the store with hash %s", *ret_id);
                store_touch(s, *ret_id);
                return 0;
        }
        r = import(s, i, image_manifest, ret_id);
        if (r == -ESTALE) /* gc has taken a layer that the store had */
                r = import(s, i, image_manifest, ret_id);
        return r;
}
