/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan-mounts.h"

#include <errno.h>

#include "alloc.h"
#include "log.h"
#include "types.h"

#define SHARED_VOLUMES "sharedVolumes"

static char *volume_path(const char *name) {
        return xasprintf(SHARED_VOLUMES "/%s", name);
}

/* Where the content of a volume that is not the host's is, from the pod directory. */
static char *made_volume_path(const char *name, const Volume *v) {
        return v && v->kind == VOLUME_NAMED ? xasprintf(PLAN_NAMED_VOLUMES "/%s", v->source)
                                            : volume_path(name);
}

/* Two mounts of one volume share it. */
static void add_made_volume(Plan *p, const char *name, const Volume *v) {
        for (size_t i = 0; i < p->n_volumes; i++)
                if (streq(p->volumes[i].name, name))
                        return;
        xgrow(&p->volumes, p->n_volumes);
        p->volumes[p->n_volumes++] = (PlanVolume){
                .name = xstrdup(name),
                .path = made_volume_path(name, v),
                .mode = v ? v->mode : VOLUME_DEFAULT_MODE,
                .uid = v ? v->uid : 0,
                .gid = v ? v->gid : 0,
                .tmpfs = v && v->kind == VOLUME_TMPFS,
                .size = v ? v->size : 0,
        };
}

static PlanMount *add_mount(PlanApp *a, const char *volume, const char *target) {
        xgrow(&a->mounts, a->n_mounts);
        PlanMount *mount = &a->mounts[a->n_mounts++];
        *mount = (PlanMount){ .volume = xstrdup(volume), .target = path_simplify(target) };
        return mount;
}

/* The volume's own setting wins over read_only, the mount point's. */
static PlanMount *mount_volume(
                Plan *p, PlanApp *a, const char *name, const Volume *v, const char *target, bool read_only) {
        PlanMount *mount = add_mount(a, name, target);
        if (v->kind == VOLUME_HOST) {
                mount->source = xstrdup(v->source);
                mount->recursive = v->recursive != 0;
                mount->mapped = v->map_owners;
        } else {
                mount->source = made_volume_path(name, v);
                mount->mapped = v->kind == VOLUME_NAMED; /* the pod's own are mapped with all of its files */
                add_made_volume(p, name, v);
        }
        mount->read_only = v->read_only >= 0 ? v->read_only > 0 : read_only;
        return mount;
}

/* Volumes of Docker's and OCI images begin with what the image has there: content, owner, mode. */
static bool is_of_docker(const RuntimeApp *ra) {
        return name_values_get(&ra->annotations, APP_DOCKER_ANNOTATION);
}

static const MountPoint *find_mount_point_at(const App *app, const char *path) {
        for (size_t i = 0; i < app->n_mount_points; i++)
                if (path_equal(app->mount_points[i].path, path))
                        return &app->mount_points[i];
        return NULL;
}

/* 1: to be mounted; 0: this was said before. */
static int check_mount(const RuntimeApp *ra, size_t n) {
        const Mount *mount = &ra->mounts[n];
        if (path_equal(mount->path, "/")) {
                log_error("app %s: the volume \"%s\" cannot be mounted at /, where the app's root is",
                                ra->name, mount->volume);
                return -EINVAL;
        }
        for (size_t i = 0; i < n; i++) {
                const Mount *other = &ra->mounts[i];
                if (!path_equal(other->path, mount->path))
                        continue;
                if (streq(other->volume, mount->volume) && !other->app_volume && !mount->app_volume)
                        return 0;
                log_error("app %s: two volumes, \"%s\" and \"%s\", are to be mounted at %s", ra->name,
                                other->volume, mount->volume, mount->path);
                return -EEXIST;
        }
        return 1;
}

static int compile_explicit(
                const PodManifest *m, const RuntimeApp *ra, const App *app, Plan *p, PlanApp *a) {
        for (size_t i = 0; i < ra->n_mounts; i++) {
                const Mount *mount = &ra->mounts[i];
                const Volume *v = mount->app_volume ?: pod_manifest_find_volume(m, mount->volume);
                if (!v) {
                        log_error("app %s: the mount at %s names the volume \"%s\", which the pod does not "
                                  "have",
                                        ra->name, mount->path, mount->volume);
                        return -ENOENT;
                }
                int r = check_mount(ra, i);
                if (r < 0)
                        return r;
                if (r == 0)
                        continue;
                const MountPoint *point = find_mount_point_at(app, mount->path);
                bool read_only = mount->read_only >= 0 ? mount->read_only > 0 : point && point->read_only;
                PlanMount *made = mount_volume(p, a, v->name, v, mount->path, read_only);
                made->filled = v->kind == VOLUME_NAMED && is_of_docker(ra);
                made->read_only |= mount->read_only > 0;
        }
        return 0;
}

static bool is_covered(const RuntimeApp *ra, const MountPoint *point) {
        for (size_t i = 0; i < ra->n_mounts; i++)
                if (path_equal(ra->mounts[i].path, point->path))
                        return true;
        return false;
}

static void compile_mount_points(
                const PodManifest *m, const RuntimeApp *ra, const App *app, Plan *p, PlanApp *a) {
        for (size_t i = 0; i < app->n_mount_points; i++) {
                const MountPoint *point = &app->mount_points[i];
                if (is_covered(ra, point))
                        continue;
                const Volume *v = pod_manifest_find_volume(m, point->name);
                if (v) {
                        PlanMount *made = mount_volume(p, a, v->name, v, point->path, point->read_only);
                        made->filled = v->kind == VOLUME_NAMED && is_of_docker(ra);
                        continue;
                }
                if (is_of_docker(ra)) {
                        add_mount(a, point->name, point->path);
                        continue;
                }
                _cleanup_free_ char *name = xasprintf("%s-%s", ra->name, point->name);
                log_warning("no volume specified for mount point \"%s\", implicitly creating an \"empty\" "
                            "volume. "
                            "This volume will be removed when the pod is garbage-collected.",
                                point->name);
                PlanMount *mount = add_mount(a, name, point->path);
                mount->source = volume_path(name);
                mount->read_only = point->read_only;
                add_made_volume(p, name, NULL);
        }
}

int plan_compile_mounts(const PodManifest *m, const RuntimeApp *ra, const App *app, Plan *p, PlanApp *a) {
        /* the image's come first: if both lead to one place through links, what was asked for is seen */
        compile_mount_points(m, ra, app, p, a);
        return compile_explicit(m, ra, app, p, a);
}
