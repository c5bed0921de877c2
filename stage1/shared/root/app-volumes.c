/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app-volumes.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "alloc.h"
#include "log.h"
#include "mounts.h"
#include "target.h"

typedef struct Volumes {
        int root;
        const PlanApp *app;
        const AppSources *sources;
        bool *mounted;
} Volumes;

static int fail(const Volumes *v, const PlanMount *m, int error, const char *what) {
        return log_error_errno(error, "app %s: volume \"%s\": cannot %s %s", v->app->name, m->volume, what,
                        m->target);
}

static int open_target(const Volumes *v, const PlanMount *m, TargetKind kind) {
        int fd = target_open(v->root, m->target, kind);
        if (fd >= 0)
                return fd;
        if (fd == -EISDIR)
                log_error("app %s: volume \"%s\": it is not a directory, but at %s the app has one",
                                v->app->name, m->volume, m->target);
        else if (fd == -ENOTDIR)
                log_error("app %s: volume \"%s\": it is a directory, but at %s the app has something else",
                                v->app->name, m->volume, m->target);
        else
                fail(v, m, fd, "make the mount point");
        return fd;
}

static int attach(const Volumes *v, const PlanMount *m, int mount, TargetKind kind) {
        _cleanup_close_ int target = open_target(v, m, kind);
        if (target < 0)
                return target;
        int r = mount_attach(mount, target);
        return r < 0 ? fail(v, m, r, "mount it at") : 0;
}

/* A directory of the image as a volume: stays writable when the root is not. It is kept as long as the pod,
 * as the root is. What hides parts of proc and sys is copied with it. */
static int put_own(const Volumes *v, const PlanMount *m) {
        _cleanup_close_ int target = open_target(v, m, TARGET_DIRECTORY);
        if (target < 0)
                return target;
        if (!v->app->root.read_only)
                return 0;
        _cleanup_close_ int mount = mount_clone(target, "", true);
        return mount < 0 ? fail(v, m, mount, "make a mount of") : attach(v, m, mount, TARGET_DIRECTORY);
}

static int put(const Volumes *v, size_t i) {
        const PlanMount *m = &v->app->mounts[i];
        struct stat st;
        if (!m->source)
                return put_own(v, m);
        if (fstat(v->sources->mounts[i], &st) < 0)
                return fail(v, m, -errno, "look at what is to be mounted at");
        return attach(v, m, v->sources->mounts[i], S_ISDIR(st.st_mode) ? TARGET_DIRECTORY : TARGET_FILE);
}

/* A path sorts before what is below it. Looked at again each time: what has been mounted may bring links. */
static int find_next(const Volumes *v, size_t *ret) {
        _cleanup_free_ char *first = NULL;
        for (size_t i = 0; i < v->app->n_mounts; i++) {
                _cleanup_free_ char *path = NULL;
                if (v->mounted[i])
                        continue;
                int r = target_resolve(v->root, v->app->mounts[i].target, &path);
                if (r < 0)
                        return fail(v, &v->app->mounts[i], r, "find");
                if (streq(path, "/") && (v->app->mounts[i].source || v->app->root.read_only))
                        return fail(v, &v->app->mounts[i], -EBUSY, "mount it over the app's root, at");
                if (first && strcmp(path, first) >= 0)
                        continue;
                char *previous = first;
                first = TAKE_PTR(path);
                free(previous);
                *ret = i;
        }
        return 0;
}

int app_volumes_mount(int root, const PlanApp *a, const AppSources *sources) {
        _cleanup_free_ bool *mounted = xnew(bool, a->n_mounts + 1);
        Volumes v = { .root = root, .app = a, .sources = sources, .mounted = mounted };
        for (size_t n = 0; n < a->n_mounts; n++) {
                size_t next = 0;
                int r = find_next(&v, &next);
                if (r < 0 || (r = put(&v, next)) < 0)
                        return r;
                mounted[next] = true;
        }
        return 0;
}
