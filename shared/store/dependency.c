/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dependency.h"

#include <errno.h>

#include "alloc.h"
#include "app-string.h"
#include "image-lookup.h"

void image_layers_clear(ImageLayerList *l) {
        for (size_t i = 0; i < l->n; i++) {
                free(l->items[i].id);
                if (l->items[i].manifest)
                        image_manifest_free(l->items[i].manifest);
        }
        free(l->items);
        *l = (ImageLayerList){};
}

static void insert_layer(ImageLayerList *l, size_t at, char *id, unsigned level) {
        xgrow(&l->items, l->n);
        memmove(l->items + at + 1, l->items + at, (l->n - at) * sizeof(ImageLayer));
        l->items[at] = (ImageLayer){ .id = id, .level = level };
        l->n++;
}

size_t image_layer_parent(const ImageLayerList *l, size_t i) {
        unsigned level = l->items[i].level;
        while (l->items[i].level != level - 1)
                i--;
        return i;
}

static int find_dependency(
                Store *s, const ImageLayer *parent, const Dependency *d, char **ret_id, char **ret_error) {
        int r;
        if (d->image_id)
                r = store_resolve(s, d->image_id, ret_id, NULL);
        else
                r = store_resolve_name(s, d->image_name, &d->labels, ret_id);
        if (r < 0) {
                _cleanup_free_ char *wanted = app_string_format(d->image_name, &d->labels);
                *ret_error = xasprintf("image %s (%s) depends on %s%s%s%s, which is not in the store",
                                parent->id, parent->manifest->name, wanted, d->image_id ? " (" : "",
                                d->image_id ?: "", d->image_id ? ")" : "");
        } else if (store_id_is_oci(*ret_id)) {
                *ret_error = xasprintf(
                                "image %s (%s) depends on %s, which is an OCI image: only ACIs can be "
                                "dependencies",
                                parent->id, parent->manifest->name, *ret_id);
                r = -EINVAL;
        }
        return r;
}

static bool is_below_itself(const ImageLayerList *l, size_t i, const char *id) {
        while (!streq(l->items[i].id, id)) {
                if (i == 0)
                        return false;
                i = image_layer_parent(l, i);
        }
        return true;
}

static int add_dependencies(Store *s, ImageLayerList *l, size_t i, char **ret_error) {
        const ImageManifest *m = l->items[i].manifest;
        for (size_t d = 0; d < m->n_dependencies; d++) {
                _cleanup_free_ char *id = NULL;
                int r = find_dependency(s, &l->items[i], &m->dependencies[d], &id, ret_error);
                if (r < 0)
                        return r;
                if (is_below_itself(l, i, id)) {
                        *ret_error = xasprintf("image %s (%s) depends on itself by way of %s", id,
                                        m->dependencies[d].image_name, l->items[i].id);
                        return -ELOOP;
                }
                if (l->n == IMAGE_LAYERS_MAX) {
                        *ret_error = xasprintf("image %s has more than %u dependencies, counting those of "
                                               "dependencies",
                                        l->items[0].id, IMAGE_LAYERS_MAX);
                        return -E2BIG;
                }
                insert_layer(l, i + 1, TAKE_PTR(id), l->items[i].level + 1);
        }
        return 0;
}

int image_layers_load(Store *s, const char *id, ImageLayerList *ret, char **ret_error) {
        _cleanup_image_layers_ ImageLayerList l = {};
        insert_layer(&l, 0, xstrdup(id), 0);
        for (size_t i = 0; i < l.n; i++) {
                int r = store_manifest_load(s, l.items[i].id, &l.items[i].manifest, ret_error);
                if (r >= 0)
                        r = add_dependencies(s, &l, i, ret_error);
                if (r < 0)
                        return r;
        }
        *ret = l;
        l = (ImageLayerList){};
        return 0;
}
