/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image-use.h"

#include <errno.h>
#include <fcntl.h>

#include "alloc.h"
#include "file.h"
#include "log.h"
#include "pod-manifest.h"
#include "pod.h"
#include "strv.h"

/* In the order in which pods move: one that moves on meanwhile is met again, not missed. */
#define PLACES                                                                                              \
        (POD_PLACE_BIT(POD_PLACE_PREPARE) | POD_PLACE_BIT(POD_PLACE_PREPARED) |                             \
                        POD_PLACE_BIT(POD_PLACE_RUN) | POD_PLACE_BIT(POD_PLACE_EXITED_GARBAGE))

#define TREE_IDS_MAX ((size_t) 64 * 1024)

typedef struct Scan {
        StoreUse use;
        char **pods; /* UUIDs that were looked at */
} Scan;

/* A tree ID on each line. */
static int add_tree(Scan *scan, int dirfd, const char *path) {
        _cleanup_free_ char *text = NULL;
        int r = read_file_at(dirfd, path, TREE_IDS_MAX, &text, NULL);
        if (r == -ENOENT)
                return 0; /* not prepared that far, or with a copy of the tree */
        if (r < 0)
                return r;
        _cleanup_strv_ char **ids = strv_split(text, '\n');
        STRV_FOREACH (id, ids) {
                if (!**id && id != ids)
                        continue;
                if (!store_tree_id_is_valid(*id))
                        return -EINVAL;
                strv_add(&scan->use.trees, *id);
        }
        return 0;
}

static int add_trees(Scan *scan, const Pod *p) {
        _cleanup_strv_ char **apps = NULL;
        int r = add_tree(scan, p->fd, "stage1TreeStoreID");
        if (r < 0)
                return r;
        r = list_directory_at(p->fd, "appsinfo", &apps);
        if (r == -ENOENT)
                return 0;
        STRV_FOREACH (app, apps) {
                _cleanup_free_ char *path = xasprintf("appsinfo/%s/treeStoreID", *app);
                if (r >= 0)
                        r = add_tree(scan, p->fd, path);
        }
        return r;
}

static int add_images(Scan *scan, const Pod *p) {
        _cleanup_pod_manifest_ PodManifest *m = NULL;
        _cleanup_free_ char *error = NULL;
        if (p->state != POD_RUNNING && p->state != POD_PREPARED)
                return 0;
        int r = pod_manifest_load_at(p->fd, "pod", &m, &error);
        if (r < 0)
                return r;
        for (size_t i = 0; i < m->n_apps; i++) {
                char *id = store_id_from_hash(m->apps[i].image.id);
                if (id)
                        strv_push(&scan->use.images, id);
        }
        return 0;
}

static int scan_pod(Pod *p, void *userdata) {
        Scan *scan = userdata;
        int r = add_trees(scan, p);
        if (r >= 0)
                r = add_images(scan, p);
        if (r < 0) {
                log_warning_errno(r, "pod %s cannot be read: no image or tree that it might use is removed",
                                p->uuid);
                scan->use.unknown = true;
        }
        strv_add(&scan->pods, p->uuid);
        return 0;
}

/* Pods that could not even be opened were left out. */
static int find_unopened(const char *data_dir, Scan *scan) {
        for (PodPlace place = 0; place < _POD_PLACE_MAX; place++) {
                if (!(PLACES & POD_PLACE_BIT(place)))
                        continue;
                _cleanup_free_ char *path = xasprintf("%s/pods/%s", data_dir, pod_place_name(place));
                _cleanup_strv_ char **uuids = NULL;
                int r = list_directory_at(AT_FDCWD, path, &uuids);
                if (r < 0 && r != -ENOENT)
                        return r;
                STRV_FOREACH (uuid, uuids)
                        if (uuid_is_valid(*uuid) && !strv_contains(scan->pods, *uuid))
                                scan->use.unknown = true;
        }
        return 0;
}

int image_use_scan(const char *data_dir, StoreUse *ret) {
        Scan scan = {};
        int r = pods_foreach(data_dir, PLACES, scan_pod, &scan);
        if (r >= 0)
                r = find_unopened(data_dir, &scan);
        strv_free(scan.pods);
        if (r < 0) {
                store_use_clear(&scan.use);
                return log_error_errno(r, "cannot look through the pods in %s/pods", data_dir);
        }
        *ret = scan.use;
        return 0;
}
