/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prepare.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "alloc.h"
#include "app-files.h"
#include "app-life.h"
#include "capability-check.h"
#include "file.h"
#include "generate.h"
#include "globals.h"
#include "images.h"
#include "lock.h"
#include "log.h"
#include "mapped-overlay.h"
#include "mutable.h"
#include "overlay-support.h"
#include "own-init.h"
#include "pod-manifest.h"
#include "process.h"
#include "published-ports.h"
#include "stage1.h"
#include "start-order.h"
#include "strv.h"
#include "types.h"
#include "user-range.h"

typedef struct Preparation {
        const PodRequest *request;
        PodImage *images; /* one for each app */
        size_t n_images;
        PodManifest *manifest;
        Stage1 stage1;
        bool overlay;
        Pod *pod;
} Preparation;

static void preparation_done(Preparation *p) {
        pod_images_free(p->images, p->n_images);
        if (p->manifest)
                pod_manifest_free(p->manifest);
        stage1_done(&p->stage1);
        if (p->pod)
                pod_free(p->pod);
}

static int load_requested_images(Preparation *p) {
        const PodRequest *q = p->request;
        p->images = xnew(PodImage, q->n_apps);
        p->n_images = q->n_apps;
        for (size_t i = 0; i < q->n_apps; i++) {
                int r = pod_image_load(q->apps[i].image, q->apps[i].signature, q->pull_policy, p->overlay,
                                &p->images[i]);
                if (r < 0)
                        return r;
        }
        return pod_manifest_generate(q, p->images, &p->manifest);
}

/* An app of a pod manifest may leave its "app" to the image, and must name an image that the store has. */
static int load_manifest_images(Preparation *p) {
        p->images = xnew(PodImage, p->manifest->n_apps);
        p->n_images = p->manifest->n_apps;
        for (size_t i = 0; i < p->manifest->n_apps; i++) {
                RuntimeApp *a = &p->manifest->apps[i];
                PodImage *image = &p->images[i];
                int r = pod_image_load(a->image.id, NULL, PULL_NEVER, p->overlay, image);
                if (r < 0)
                        return r;
                if (!a->app && !image->manifest->app) {
                        log_error("%s: app \"%s\" has no app section and neither has its image",
                                        p->request->pod_manifest, a->name);
                        return -EINVAL;
                }
                if (!a->app)
                        a->app = app_copy(image->manifest->app);
                if (!a->image.name) {
                        a->image.name = xstrdup(image->manifest->name);
                        name_values_copy(&a->image.labels, &image->manifest->labels);
                }
                free(a->image.id);
                a->image.id = xstrdup(image->id);
        }
        return 0;
}

static int load_pod_manifest(Preparation *p) {
        _cleanup_free_ char *error = NULL;
        int r = pod_manifest_load_at(AT_FDCWD, p->request->pod_manifest, &p->manifest, &error);
        if (r < 0) {
                log_error("%s", error);
                return r;
        }
        if (p->manifest->n_apps == 0) {
                log_error("%s: apps: expected at least one app", p->request->pod_manifest);
                return -EINVAL;
        }
        return load_manifest_images(p);
}

static int check_capabilities(const PodManifest *m) {
        for (size_t i = 0; i < m->n_apps; i++) {
                const Isolator *isolator;
                const App *app = m->apps[i].app;
                const char *unknown = app ? capability_check(&app->isolators, &isolator) : NULL;
                if (unknown) {
                        log_error("app \"%s\": isolator %s: \"%s\" is not a capability: expected one such "
                                  "as "
                                  "CAP_NET_ADMIN",
                                        m->apps[i].name, isolator->name, unknown);
                        return -EINVAL;
                }
        }
        return 0;
}

/* Flags were checked when they were read; an image's annotations, and a pod manifest's, were not. */
static int check_life(const RuntimeApp *ra) {
        _cleanup_app_life_ AppLife life = {};
        _cleanup_free_ char *error = NULL;
        int r = app_life_parse(&ra->annotations, &life, &error);
        if (r >= 0)
                r = app_life_check(&ra->annotations, &life, &error);
        if (r < 0)
                log_error("app %s: %s", ra->name, error);
        return r;
}

int pod_apps_check(const PodManifest *m) {
        for (size_t i = 0; i < m->n_apps; i++)
                if (strlen(m->apps[i].name) > APP_NAME_MAX) {
                        log_error("app \"%s\": its name is longer than %d characters", m->apps[i].name,
                                        APP_NAME_MAX);
                        return -ENAMETOOLONG;
                }
        int r = check_capabilities(m);
        for (size_t i = 0; i < m->n_apps && r >= 0; i++)
                r = check_life(&m->apps[i]);
        if (r < 0)
                return r;
        _cleanup_free_ size_t *order = xnew(size_t, m->n_apps);
        _cleanup_free_ char *error = NULL;
        r = pod_start_order(m, order, &error);
        if (r < 0)
                log_error("%s", error);
        return r;
}

static int check_own_init(const PodManifest *m, const ImageManifest *stage1) {
        _cleanup_free_ char *error = NULL;
        bool wanted;
        int r = own_init_parse(&m->annotations, &wanted, &error);
        if (r < 0)
                log_error("the pod's %s", error);
        if (r < 0 || !wanted)
                return r;
        const char *can = name_values_get(&stage1->annotations, OWN_INIT_ANNOTATION);
        if (!can || !streq(can, OWN_INIT_SYSTEMD)) {
                log_error("--init=" OWN_INIT_SYSTEMD ": the stage1 %s cannot boot the init of an image",
                                stage1->name);
                return -EOPNOTSUPP;
        }
        return 0;
}

/* Whether they are free on the host is found out when the pod is run. */
static int check_ports(const PodManifest *m) {
        _cleanup_free_ PublishedPort *ports = NULL;
        _cleanup_free_ char *error = NULL;
        size_t n;
        int r = published_ports_resolve(m, &ports, &n, &error);
        if (r < 0)
                log_error("%s", error);
        return r;
}

static void choose_overlay(Preparation *p) {
        p->overlay = !p->request->no_overlay;
        const char *reason = p->overlay ? overlay_unsupported(globals.dir) : NULL;
        if (p->overlay && !reason && p->request->private_users)
                reason = mapped_overlay_unsupported(globals.dir);
        if (reason) {
                log_warning("disabling overlay support: \"%s\"", reason);
                p->overlay = false;
        }
}

/* An installed stage1 is used where it is, and the pod's stage1/rootfs only holds its state. One from the
 * store is copied: the host must see what its entry points wrote, so it cannot be a mount of the pod. */
static int write_stage1(Preparation *p) {
        Pod *pod = p->pod;
        int r = pod_make_directory(pod, "stage1/rootfs/rkt/status", 0755);
        if (r >= 0)
                r = pod_make_directory(pod, "stage1/rootfs/rkt/env", 0755);
        if (r >= 0)
                r = pod_write_text(pod, "stage1/manifest", p->stage1.manifest_text, p->stage1.manifest_size,
                                0640);
        if (r < 0)
                return r;
        if (p->stage1.directory)
                return pod_write_text(
                                pod, "stage1/path", p->stage1.directory, strlen(p->stage1.directory), 0640);

        _cleanup_image_trees_ ImageTrees trees = {};
        r = images_trees(p->stage1.image_id, p->request->pull_policy, false, &trees);
        if (r < 0)
                return r;
        r = pod_copy_tree(pod, trees.ids[0], "stage1/rootfs");
        return r < 0 ? r
                     : pod_write_text(pod, "stage1TreeStoreID", trees.ids[0], strlen(trees.ids[0]), 0640);
}

static int write_pod(Preparation *p) {
        int r = write_stage1(p);
        for (size_t i = 0; i < p->manifest->n_apps && r >= 0; i++)
                r = app_files_write(p->pod, &p->manifest->apps[i], &p->images[i], p->overlay);
        if (r >= 0)
                r = pod_write_text(p->pod, "pod.lck", "", 0, 0600);
        if (r < 0)
                return r;
        _cleanup_free_ char *text = pod_manifest_to_text(p->manifest, false);
        r = pod_write_text(p->pod, "pod", text, strlen(text), 0640);
        if (r >= 0)
                r = pod_write_text(p->pod, "pod-created", "", 0, 0640);
        if (r >= 0 && p->overlay)
                r = pod_write_text(p->pod, "overlay-prepared", "", 0, 0640);
        if (r >= 0 && p->request->private_users)
                r = pod_write_text(p->pod, POD_PRIVATE_USERS, "", 0, 0640);
        return r;
}

static int save_uuid(const char *path, const Pod *pod) {
        _cleanup_free_ char *line = xasprintf("%s\n", pod->uuid);
        int r = write_string_at(AT_FDCWD, path, line, 0644);
        return r < 0 ? log_error_errno(r, "--uuid-file-save=%s", path) : 0;
}

void pod_discard(Pod *pod) {
        if (pod_move(pod, POD_PLACE_GARBAGE, false) >= 0)
                pod_delete(pod);
}

int prepare_lock(LockMode mode) {
        _cleanup_free_ char *directory = xasprintf("%s/locks", globals.dir);
        _cleanup_free_ char *path = xasprintf("%s/prepareLock", directory);
        int fd = lock_file_at(AT_FDCWD, path, mode, true);
        if (fd == -ENOENT) {
                int r = mkdir_parents_at(AT_FDCWD, directory, 02750);
                fd = r < 0 ? r : lock_file_at(AT_FDCWD, path, mode, true);
        }
        return fd < 0 ? log_error_errno(fd, "%s", path) : fd;
}

int pod_prepare(const PodRequest *q, const char *uuid_file, Pod **ret) {
        _cleanup_(preparation_done) Preparation p = { .request = q };
        /* who may read a pod's files is decided here, not by the caller's habits */
        umask(0022);
        _cleanup_close_ int lock = prepare_lock(LOCK_MODE_SHARED);
        if (lock < 0)
                return lock;

        choose_overlay(&p);
        int r = stage1_choose(&q->stage1, &p.stage1);
        if (r >= 0 && q->mutable)
                r = pod_mutable_check_stage1(p.stage1.manifest);
        if (r >= 0)
                r = q->pod_manifest ? load_pod_manifest(&p) : load_requested_images(&p);
        if (r >= 0)
                r = pod_apps_check(p.manifest);
        if (r >= 0)
                r = check_own_init(p.manifest, p.stage1.manifest);
        if (r >= 0)
                r = check_ports(p.manifest);
        if (r < 0)
                return r;
        r = pod_create(globals.dir, &p.pod);
        if (r < 0)
                return r;
        r = uuid_file ? save_uuid(uuid_file, p.pod) : 0;
        if (r >= 0)
                r = write_pod(&p);
        if (r < 0) {
                pod_discard(p.pod);
                return r;
        }
        *ret = TAKE_PTR(p.pod);
        return 0;
}

int pod_finish_preparation(Pod *p) {
        /* first what the pod is made of, then its name: a power cut leaves an aborted preparation or all */
        if (syncfs(p->fd) < 0)
                return log_error_errno(errno, "pod %s: syncfs", p->uuid);
        int r = pod_move(p, POD_PLACE_PREPARED, true);
        return r < 0 ? log_error_errno(r, "pod %s: moving it to prepared", p->uuid) : 0;
}
