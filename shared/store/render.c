/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "render.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "alloc.h"
#include "blob.h"
#include "dependency.h"
#include "file.h"
#include "image-lookup.h"
#include "image-record.h"
#include "log.h"
#include "strv.h"
#include "temporary.h"
#include "unpacker.h"

/* What is handed to rkt-unpack. */
typedef struct Stack {
        UnpackFormat format;
        ImageLayerList images; /* of ACIs */
        UnpackerLayer *layers;
        char **ids; /* what each must turn out to be: a strv of as many */
        size_t n;   /* layers that are open */
} Stack;

static void stack_clear(Stack *stack) {
        for (size_t i = 0; i < stack->n; i++) {
                close(stack->layers[i].fd);
                free((void *) stack->layers[i].whitelists);
        }
        free(stack->layers);
        strv_free(stack->ids);
        image_layers_clear(&stack->images);
}
#define _cleanup_stack_ _cleanup_(stack_clear)

/* The white lists that a file of this layer must be in: its own, and those of the images above it, which say
 * what is there "after rendering" (appc spec, pathWhitelist). */
static void collect_whitelists(const ImageLayerList *images, size_t i, UnpackerLayer *layer) {
        char ***lists = NULL;
        size_t n = 0;
        for (;;) {
                char **list = images->items[i].manifest->path_whitelist;
                if (strv_length(list) > 0) {
                        xgrow(&lists, n);
                        lists[n++] = list;
                }
                if (i == 0)
                        break;
                i = image_layer_parent(images, i);
        }
        layer->whitelists = lists;
        layer->n_whitelists = n;
}

/* blob: its ID; id: what is in it. */
static int push_layer(Store *s, Stack *stack, const char *blob, const char *id) {
        UnpackerLayer *layer = &stack->layers[stack->n];
        layer->fd = blob_open(s, blob);
        layer->follow = -1;
        if (layer->fd < 0)
                return log_error_errno(layer->fd, "cannot open %s %s",
                                stack->format == UNPACK_ACI ? "the archive of image" : "the layer", blob);
        strv_add(&stack->ids, id);
        stack->n++;
        return 0;
}

static int open_images(Store *s, const char *id, Stack *stack) {
        _cleanup_free_ char *error = NULL;
        int r = image_layers_load(s, id, &stack->images, &error);
        if (r < 0) {
                log_error("cannot render image %s: %s", id, error ?: strerror(-r));
                return r;
        }
        stack->layers = xnew(UnpackerLayer, stack->images.n);
        for (size_t i = 0; i < stack->images.n; i++) {
                const char *image = stack->images.items[i].id;
                r = push_layer(s, stack, image, image);
                if (r < 0)
                        return r;
                collect_whitelists(&stack->images, i, &stack->layers[i]);
        }
        return 0;
}

static int open_oci(Store *s, const char *id, Stack *stack) {
        _cleanup_image_record_ ImageRecord *record = NULL;
        _cleanup_free_ char *error = NULL;
        int r = image_record_load(s, id, &record, &error);
        if (r < 0) {
                log_error("cannot render image %s: %s", id, error ?: strerror(-r));
                return r;
        }
        if (record->n_layers == 0) {
                log_error("image %s has no layers: there are no files in it", id);
                return -ENODATA;
        }
        stack->format = UNPACK_OCI;
        stack->layers = xnew(UnpackerLayer, record->n_layers + 1);
        for (size_t i = record->n_layers; i-- > 0 && r >= 0;)
                r = push_layer(s, stack, record->layers[i].blob, record->layers[i].diff_id);
        return r;
}

static int open_stack(Store *s, const char *id, Stack *stack) {
        return store_id_is_oci(id) ? open_oci(s, id, stack) : open_images(s, id, stack);
}

/* The image as it is: no dependencies, no white list. */
static int open_single(Store *s, const char *id, Stack *stack) {
        if (store_id_is_oci(id))
                return open_oci(s, id, stack);
        stack->layers = xnew(UnpackerLayer, 1);
        return push_layer(s, stack, id, id);
}

/* What comes out must be what the store says that it is: this is where a damaged blob is found. */
static int unpack(const Stack *stack, int root, int output, UnpackerResult *ret) {
        _cleanup_unpacker_ Unpacker *unpacker = NULL;
        _cleanup_unpacker_result_ UnpackerResult result = {};
        _cleanup_free_ char *error = NULL;
        size_t failed;
        UnpackerRequest request = {
                .format = stack->format,
                .root = root,
                .output = output,
                .layers = stack->layers,
                .n_layers = stack->n,
        };
        const char *what = stack->format == UNPACK_ACI ? "image" : "layer";
        int r = unpacker_start(&request, &unpacker);
        if (r < 0)
                return r;
        r = unpacker_wait(unpacker, &result, &failed, &error);
        if (r < 0) {
                log_error("%s %s: %s", what, stack->ids[failed], error);
                return r;
        }
        for (size_t i = 0; i < stack->n; i++)
                if (!streq(result.ids[i], stack->ids[i])) {
                        log_error("the archive of %s %s is damaged: its content has the ID %s", what,
                                        stack->ids[i], result.ids[i]);
                        return -EBADMSG;
                }
        if (ret) {
                *ret = result;
                result = (UnpackerResult){};
        }
        return 0;
}

int render_to_directory(Store *s, const char *id, int root) {
        _cleanup_stack_ Stack stack = {};
        int r = open_stack(s, id, &stack);
        return r < 0 ? r : unpack(&stack, root, -1, NULL);
}

int extract_to_directory(Store *s, const char *id, int root) {
        _cleanup_stack_ Stack stack = {};
        int r = open_single(s, id, &stack);
        return r < 0 ? r : unpack(&stack, root, -1, NULL);
}

int export_to_fd(Store *s, const char *id, int output) {
        _cleanup_stack_ Stack stack = {};
        if (store_id_is_oci(id))
                return -EINVAL; /* there is no one archive of it */
        int r = open_single(s, id, &stack);
        return r < 0 ? r : unpack(&stack, -1, output, NULL);
}

int render_to_temporary(Store *s, const char *id, char **ret_path, char **ret_tree_id, uint64_t *ret_size) {
        _cleanup_stack_ Stack stack = {};
        _cleanup_unpacker_result_ UnpackerResult result = {};
        _cleanup_free_ char *path = NULL;
        int r = open_stack(s, id, &stack);
        if (r < 0)
                return r;
        _cleanup_close_ int root = temporary_tree(s, &path);
        if (root < 0)
                return log_error_errno(root, "cannot create a directory in %s/" STORE_TREES, store_path(s));
        r = unpack(&stack, root, -1, &result);
        if (r >= 0 && syncfs(root) < 0)
                r = log_error_errno(errno, "cannot sync %s", store_path(s));
        if (r < 0) {
                remove_tree_at(store_fd(s), path, false);
                return r;
        }
        *ret_path = TAKE_PTR(path);
        *ret_tree_id = TAKE_PTR(result.tree_id);
        *ret_size = result.tree_size;
        return TAKE_FD(root);
}

static int note_tree(Store *s, const char *id, const char *tree_id, uint64_t size) {
        _cleanup_image_record_ ImageRecord *record = NULL;
        int r = image_record_load(s, id, &record, NULL);
        if (r < 0)
                return r == -ENOENT ? 0
                                    : r; /* removed meanwhile: the tree is still good for who asked for it */
        free(record->tree_id);
        strv_free(record->tree_images);
        record->tree_id = xstrdup(tree_id);
        record->tree_images = NULL;
        record->tree_size = size;
        r = store_flatten(s, id, &record->tree_images, NULL);
        return r < 0 ? r : image_record_save(s, record);
}

int render_commit(Store *s, const char *id, const char *temporary, const char *tree_id, uint64_t size) {
        _cleanup_free_ char *path = xasprintf(STORE_TREES "/%s", tree_id);
        _cleanup_close_ int lock = store_lock_changes(s);
        int r = lock;
        bool placed = false;
        if (r >= 0) {
                placed = renameat2(store_fd(s), temporary, store_fd(s), path, RENAME_NOREPLACE) >= 0;
                r = placed || errno == EEXIST ? fsync_directory_at(store_fd(s), STORE_TREES) : -errno;
        }
        if (r >= 0)
                r = note_tree(s, id, tree_id, size);
        if (lock >= 0)
                close(TAKE_FD(lock));
        if (!placed)
                remove_tree_at(store_fd(s), temporary, false);
        return r < 0 ? log_error_errno(r, "cannot put the tree of image %s in place", id) : 0;
}

/* 1 if the tree is there. */
static int find_tree(Store *s, const char *id, char **ret_tree_id) {
        _cleanup_free_ char *tree_id = NULL, *error = NULL;
        int r = store_tree_id(s, id, &tree_id, &error);
        if (r == -ENODATA)
                return 0;
        if (r >= 0)
                r = store_tree_exists(s, tree_id);
        if (r < 0) {
                log_error("cannot render image %s: %s", id, error ?: strerror(-r));
                return r;
        }
        if (r > 0)
                *ret_tree_id = TAKE_PTR(tree_id);
        return r;
}

static int render_tree(Store *s, const char *id, char **ret_tree_id) {
        _cleanup_free_ char *temporary = NULL, *tree_id = NULL;
        uint64_t size;
        _cleanup_close_ int tree = render_to_temporary(s, id, &temporary, &tree_id, &size);
        if (tree < 0)
                return tree;
        int r = render_commit(s, id, temporary, tree_id, size);
        if (r >= 0)
                *ret_tree_id = TAKE_PTR(tree_id);
        return r;
}

/* Two who want the same tree at once: one makes it, the other waits. */
int store_render_tree(Store *s, const char *id, char **ret_tree_id) {
        int r = find_tree(s, id, ret_tree_id);
        if (r != 0)
                return MIN(r, 0);
        _cleanup_free_ char *lock_path = xasprintf(STORE_TREES "/.lock-%s", id);
        _cleanup_close_ int lock = lock_file_at(store_fd(s), lock_path, LOCK_MODE_EXCLUSIVE, true);
        if (lock < 0)
                return log_error_errno(lock, "cannot lock %s/%s", store_path(s), lock_path);
        r = find_tree(s, id, ret_tree_id);
        if (r == 0)
                r = render_tree(s, id, ret_tree_id);
        unlinkat(store_fd(s), lock_path, 0);
        return MIN(r, 0);
}
