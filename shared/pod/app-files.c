/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app-files.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "alloc.h"
#include "file.h"
#include "globals.h"
#include "health-state.h"
#include "images.h"
#include "log.h"
#include "process.h"
#include "strv.h"

int pod_image_load(const char *reference, const char *signature, PullPolicy policy, bool overlay,
                PodImage *ret) {
        _cleanup_free_ char *error = NULL;
        int r = images_find(reference, policy, signature, &ret->id);
        if (r >= 0)
                r = images_manifest_text(ret->id, &ret->manifest_text, &ret->manifest_size);
        if (r < 0)
                return r;
        r = image_manifest_parse(ret->id, ret->manifest_text, ret->manifest_size, &ret->manifest, &error);
        if (r < 0) {
                log_error("image manifest: %s", error);
                return r;
        }
        r = pod_image_check(ret);
        return r < 0 ? r : images_trees(ret->id, policy, overlay, &ret->trees);
}

int pod_make_directory(Pod *pod, const char *path, mode_t mode) {
        int r = mkdir_parents_at(pod->fd, path, mode);
        return r < 0 ? log_error_errno(r, "pod %s: %s", pod->uuid, path) : 0;
}

int pod_write_text(Pod *pod, const char *path, const char *text, size_t size, mode_t mode) {
        int r = write_file_at(pod->fd, path, text, size, mode);
        return r < 0 ? log_error_errno(r, "pod %s: %s", pod->uuid, path) : 0;
}

static char *tree_path(const char *tree_id) {
        return xasprintf("%s/cas/tree/%s/rootfs", globals.dir, tree_id);
}

/* cp(1) keeps owners, links, times and attributes, and shares the blocks where the file system can. Where
 * there are ACLs it sets modes through them, which leaves the setgid bit that directories get from the
 * store's: so the first one loses it. */
int pod_copy_tree(Pod *pod, const char *tree_id, const char *target) {
        _cleanup_free_ char *from = tree_path(tree_id);
        _cleanup_free_ char *source = xasprintf("%s/.", from);
        _cleanup_free_ char *to = xasprintf("/proc/%d/fd/%d/%s", (int) getpid(), pod->fd, target);
        char *argv[] = { (char *) "cp", (char *) "-a", (char *) "--reflink=auto", (char *) "-T",
                (char *) "--", source, to, NULL };
        if (fchmodat(pod->fd, target, 0755, 0) < 0)
                return log_error_errno(errno, "pod %s: %s", pod->uuid, target);
        int status = process_run(argv, -1);
        if (status < 0)
                return log_error_errno(status, "cp");
        if (status > 0) {
                log_error("copying %s into pod %s failed: cp ended with status %d", from, pod->uuid, status);
                return -EIO;
        }
        return 0;
}

/* The root of an overlay shows the owner and mode of its upper directory, so it gets those of the image. The
 * overlay's own directories are called by the uppermost tree. */
static int make_overlay_directories(Pod *pod, const char *app, const ImageTrees *trees) {
        _cleanup_free_ char *upper = xasprintf("overlay/%s/upper/%s", trees->ids[0], app);
        _cleanup_free_ char *work = xasprintf("overlay/%s/work/%s", trees->ids[0], app);
        _cleanup_free_ char *tree = tree_path(trees->ids[trees->root]);
        struct stat st;
        int r = pod_make_directory(pod, upper, 0755);
        if (r >= 0)
                r = pod_make_directory(pod, work, 0755);
        if (r < 0)
                return r;
        if (stat(tree, &st) < 0 || fchownat(pod->fd, upper, st.st_uid, st.st_gid, 0) < 0 ||
                        fchmodat(pod->fd, upper, st.st_mode & 01777, 0) < 0)
                return log_error_errno(errno, "pod %s: %s", pod->uuid, upper);
        return 0;
}

int app_files_write(Pod *pod, const RuntimeApp *app, const PodImage *image, bool overlay) {
        _cleanup_free_ char *info = xasprintf("appsinfo/%s", app->name);
        _cleanup_free_ char *manifest = xasprintf("%s/manifest", info);
        _cleanup_free_ char *tree = xasprintf("%s/treeStoreID", info);
        _cleanup_free_ char *stage2 = xasprintf("stage1/rootfs/opt/stage2/%s", app->name);
        _cleanup_free_ char *rootfs = xasprintf("%s/rootfs", stage2);
        _cleanup_free_ char *copy = xasprintf("%s/manifest", stage2);
        int r = pod_make_directory(pod, info, 0750);
        if (r >= 0)
                r = pod_write_text(pod, manifest, image->manifest_text, image->manifest_size, 0640);
        if (r >= 0)
                r = pod_make_directory(pod, rootfs, 0755);
        if (r >= 0 && linkat(pod->fd, manifest, pod->fd, copy, 0) < 0)
                r = log_error_errno(errno, "pod %s: %s", pod->uuid, copy);
        if (r < 0)
                return r;
        if (!overlay)
                return pod_copy_tree(pod, image->trees.ids[0], rootfs);
        _cleanup_free_ char *ids = strv_join(image->trees.ids, "\n");
        r = pod_write_text(pod, tree, ids, strlen(ids), 0640);
        return r < 0 ? r : make_overlay_directories(pod, app->name, &image->trees);
}

/* Of the app's overlay: by name, as which tree it had may not be known any more. Other apps of the same
 * image keep theirs. */
static int remove_overlay(Pod *pod, const char *name) {
        _cleanup_strv_ char **trees = NULL;
        int r = list_directory_at(pod->fd, "overlay", &trees);
        STRV_FOREACH (tree, trees) {
                static const char *const parts[] = { "upper", "work" };
                for (size_t i = 0; i < ELEMENTSOF(parts) && r >= 0; i++) {
                        _cleanup_free_ char *part = xasprintf("overlay/%s/%s", *tree, parts[i]),
                                            *path = xasprintf("%s/%s", part, name);
                        r = remove_tree_at(pod->fd, path, true);
                        unlinkat(pod->fd, part, AT_REMOVEDIR); /* unless others have something there */
                }
                _cleanup_free_ char *path = xasprintf("overlay/%s", *tree);
                unlinkat(pod->fd, path, AT_REMOVEDIR);
        }
        return r == -ENOENT ? 0 : r;
}

int app_files_remove(Pod *pod, const char *name) {
        static const char *const places[] = {
                "stage1/rootfs/opt/stage2/%s", "stage1/rootfs/rkt/env/%s", "stage1/rootfs/rkt/life/%s",
                "stage1/rootfs/" HEALTH_DIR "/%s", "stage1/rootfs/rkt/status/%s-started",
                "stage1/rootfs/rkt/status/%s-created", "stage1/rootfs/rkt/status/%s",
                "appsinfo/%s", /* last: it says which tree of the store is in use */
        };
        int r = remove_overlay(pod, name);
        for (size_t i = 0; i < ELEMENTSOF(places) && r >= 0; i++) {
                _cleanup_free_ char *path = xasprintf(places[i], name);
                r = remove_tree_at(pod->fd, path, true);
        }
        return r < 0 ? log_error_errno(r, "pod %s: cannot remove what it has of the app %s", pod->uuid, name)
                     : 0;
}
