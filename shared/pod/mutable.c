/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mutable.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "alloc.h"
#include "app-files.h"
#include "app-life.h"
#include "duration.h"
#include "file.h"
#include "globals.h"
#include "info.h"
#include "lock.h"
#include "log.h"
#include "prepare.h"
#include "stage1.h"
#include "strv.h"

bool pod_manifest_is_mutable(const PodManifest *m) {
        const char *value = name_values_get(&m->annotations, POD_MUTABLE_ANNOTATION);
        return value && streq(value, "true");
}

int pod_mutable_check_stage1(const ImageManifest *stage1) {
        static const char *const needed[] = { "app/add", "app/rm", "app/start", "app/stop" };
        for (size_t i = 0; i < ELEMENTSOF(needed); i++) {
                _cleanup_free_ char *name = xasprintf("coreos.com/rkt/stage1/%s", needed[i]);
                if (!name_values_get(&stage1->annotations, name)) {
                        log_error("the stage1 %s cannot change a running pod: it has no entry point \"%s\"",
                                        stage1->name, needed[i]);
                        return -EOPNOTSUPP;
                }
        }
        return 0;
}

static int load_manifest(const Pod *p, PodManifest **ret) {
        _cleanup_free_ char *error = NULL;
        _cleanup_pod_manifest_ PodManifest *m = NULL;
        int r = pod_manifest_load_at(p->fd, "pod", &m, &error);
        if (r < 0) {
                log_error("pod %s: %s", p->uuid, error);
                return r;
        }
        if (!pod_manifest_is_mutable(m)) {
                log_error("pod %s cannot be changed: it was not started by rkt app sandbox", p->uuid);
                return -EOPNOTSUPP;
        }
        *ret = TAKE_PTR(m);
        return 0;
}

static int save_manifest(const Pod *p, const PodManifest *m) {
        _cleanup_free_ char *text = pod_manifest_to_text(m, false);
        int r = replace_locked_file_at(p->fd, "pod", text, strlen(text), 0640, true);
        return r < 0 ? log_error_errno(r, "pod %s: cannot write its manifest", p->uuid) : 0;
}

static int check_running(Pod *p) {
        int r = pod_refresh(p);
        if (r < 0 && r != -ENOENT)
                return log_error_errno(r, "pod %s", p->uuid);
        if (r == -ENOENT || p->state != POD_RUNNING) {
                log_error("pod %s is not running: it is %s", p->uuid, pod_state_name(p->state));
                return -ESRCH;
        }
        if (!pod_is_ready(p)) {
                log_error("pod %s is not ready yet (rkt status --wait-ready waits for it)", p->uuid);
                return -EAGAIN;
        }
        return 0;
}

static int check_has(const Pod *p, const PodManifest *m, const char *name) {
        if (pod_manifest_find_app(m, name))
                return 0;
        log_error("pod %s has no app \"%s\"", p->uuid, name);
        return -ENOENT;
}

/* Against other commands that add and remove. A pod that is moved meanwhile keeps its lock. The entry points
 * that we start hold it, too: one that goes on when we are killed is waited for. */
static int lock_apps(const Pod *p) {
        int fd = lock_file_at(p->fd, "pod.lck", LOCK_MODE_EXCLUSIVE, true);
        if (fd >= 0)
                fd_close_on_exec(fd, false);
        return fd < 0 ? log_error_errno(fd, "pod %s: pod.lck", p->uuid) : fd;
}

/* app/add, app/rm, app/start or app/stop. flags: a strv, which is taken; may be NULL. */
static int run_entrypoint(const Pod *p, const char *entrypoint, const char *name, char **flags) {
        _cleanup_strv_ char **more = flags;
        _cleanup_strv_ char **argv = NULL;
        strv_add(&argv, entrypoint);
        strv_push(&argv, xasprintf("--debug=%s", globals.debug ? "true" : "false"));
        strv_push(&argv, xasprintf("--app=%s", name));
        strv_extend(&argv, more);
        /* argv[0] is put in place by whoever runs it, and taken away */
        char *own = argv[0];
        int status = stage1_run_entrypoint(p, entrypoint, argv);
        argv[0] = own;
        if (status == -ENOENT) {
                log_error("pod %s: its stage1 has no entry point \"%s\"", p->uuid, entrypoint);
                return -EOPNOTSUPP;
        }
        return status > 0 ? -EIO : status; /* it has said why */
}

static char **sandbox_flags(const Pod *p) {
        char **l = strv_copy(NULL);
        strv_push(&l, xasprintf("--uuid=%s", p->uuid));
        if (globals.insecure & INSECURE_CAPABILITIES)
                strv_add(&l, "--disable-capabilities-restriction");
        if (globals.insecure & INSECURE_PATHS)
                strv_add(&l, "--disable-paths");
        if (globals.insecure & INSECURE_SECCOMP)
                strv_add(&l, "--disable-seccomp");
        return l;
}

/* What is recorded of one app must not have the name of another's status. */
static int check_new(const Pod *p, const PodManifest *m, const RuntimeApp *a) {
        if (pod_manifest_find_app(m, a->name)) {
                log_error("pod %s has an app \"%s\" already; give another name with --name", p->uuid,
                                a->name);
                return -EEXIST;
        }
        if (endswith(a->name, "-created") || endswith(a->name, "-started")) {
                log_error("app \"%s\": the name of an app that is added must not end in -created or "
                          "-started",
                                a->name);
                return -EINVAL;
        }
        if (name_values_get(&a->annotations, APP_AFTER_ANNOTATION)) {
                log_error("app \"%s\": apps of this pod start when rkt app start says so, not after others",
                                a->name);
                return -EINVAL;
        }
        return 0;
}

/* From the request to a manifest of this app alone. */
static int generate(const PodRequest *q, const PodImage *image, PodManifest **ret) {
        _cleanup_pod_manifest_ PodManifest *m = NULL;
        int r = pod_manifest_generate(q, image, &m);
        if (r < 0 || (r = pod_apps_check(m)) < 0)
                return r;
        *ret = TAKE_PTR(m);
        return 0;
}

static void enter(PodManifest *m, PodManifest *added) {
        RuntimeApp *a = pod_manifest_add_app(m, "", "");
        free(a->name);
        free(a->image.id);
        *a = added->apps[0];
        added->n_apps = 0;
}

static int write_app(
                Pod *p, const PodManifest *m, const RuntimeApp *a, const PodImage *image, bool overlay) {
        _cleanup_free_ char *created = xasprintf(POD_APP_CREATED, a->name);
        int r = app_files_write(p, a, image, overlay);
        if (r >= 0)
                r = pod_write_text(p, created, "", 0, 0644);
        return r < 0 ? r : save_manifest(p, m);
}

static void take_back(Pod *p, PodManifest *m, const char *name) {
        pod_manifest_remove_app(m, name);
        if (save_manifest(p, m) >= 0)
                app_files_remove(p, name);
}

static int add(Pod *p, const PodRequest *q, PodManifest *m, PodImage *image) {
        _cleanup_pod_manifest_ PodManifest *added = NULL;
        _cleanup_close_ int lock = prepare_lock(LOCK_MODE_SHARED);
        bool overlay = faccessat(p->fd, "overlay-prepared", F_OK, 0) == 0;
        int r = lock < 0 ? lock : pod_image_load(q->apps[0].image, NULL, PULL_NEVER, overlay, image);
        if (r < 0 || (r = generate(q, image, &added)) < 0 || (r = check_new(p, m, &added->apps[0])) < 0)
                return r;
        _cleanup_free_ char *name = xstrdup(added->apps[0].name);
        enter(m, added);
        /* of a command that was killed */
        r = app_files_remove(p, name);
        if (r >= 0)
                r = write_app(p, m, pod_manifest_find_app(m, name), image, overlay);
        close(TAKE_FD(lock)); /* what it uses is written down */
        if (r >= 0)
                r = run_entrypoint(p, "app/add", name, sandbox_flags(p));
        if (r < 0)
                take_back(p, m, name);
        return r;
}

int pod_app_add(Pod *p, const PodRequest *q) {
        _cleanup_pod_manifest_ PodManifest *m = NULL;
        PodImage *image = xnew(PodImage, 1);
        umask(0022); /* as in pod_prepare */
        _cleanup_close_ int lock = lock_apps(p);
        int r = lock < 0 ? lock : check_running(p);
        if (r >= 0)
                r = load_manifest(p, &m);
        if (r >= 0)
                r = add(p, q, m, image);
        pod_images_free(image, 1);
        return r;
}

static AppState state_of(const Pod *p, const char *name) {
        _cleanup_pod_info_ PodInfo info = {};
        _cleanup_free_ char *error = NULL;
        AppState state = APP_UNKNOWN;
        if (pod_info_read(p, POD_INFO_FULL, &info, &error) < 0)
                return state;
        for (size_t i = 0; i < info.n_apps; i++)
                if (streq(info.apps[i].app->name, name))
                        state = info.apps[i].state;
        return state;
}

static int check_app(Pod *p, const char *name) {
        _cleanup_pod_manifest_ PodManifest *m = NULL;
        int r = check_running(p);
        if (r >= 0)
                r = load_manifest(p, &m);
        return r < 0 ? r : check_has(p, m, name);
}

static int64_t modified_at(const Pod *p, const char *path) {
        struct stat st;
        return fstatat(p->fd, path, &st, 0) < 0 ? 0 : timespec_ns(st.st_mtim);
}

/* The native stage1 says itself when an app has been started; others leave that to us, as rkt's do. An app
 * that has been removed meanwhile leaves no file behind. */
static int record_start(Pod *p, const char *name, const char *started, int64_t before, int64_t called) {
        if (modified_at(p, started) > before)
                return 0;
        _cleanup_pod_manifest_ PodManifest *m = NULL;
        _cleanup_close_ int lock = lock_apps(p);
        int r = lock < 0 ? lock : load_manifest(p, &m);
        if (r < 0 || !pod_manifest_find_app(m, name))
                return r;
        _cleanup_free_ char *status = xasprintf("stage1/rootfs/rkt/status/%s", name);
        if (modified_at(p, status) < called)
                unlinkat(p->fd, status, 0); /* it is of the last time */
        return pod_write_text(p, started, "", 0, 0644);
}

int pod_app_start(Pod *p, const char *name, const char *wait) {
        int r = check_app(p, name);
        if (r < 0)
                return r;
        _cleanup_free_ char *started = xasprintf(POD_APP_STARTED, name);
        int64_t before = modified_at(p, started), called = realtime_ns();
        bool runs = state_of(p, name) == APP_RUNNING;
        char **flags = strv_copy(NULL);
        if (wait)
                strv_push(&flags, xasprintf("--wait-ready=%s", wait));
        r = run_entrypoint(p, "app/start", name, flags);
        return r < 0 || runs ? r : record_start(p, name, started, before, called);
}

int pod_app_stop(Pod *p, const char *name) {
        int r = check_app(p, name);
        return r < 0 ? r : run_entrypoint(p, "app/stop", name, NULL);
}

/* Those of rkt remove no app that runs. */
static int remove_from_stage1(const Pod *p, const char *name) {
        int r = run_entrypoint(p, "app/rm", name, NULL);
        if (r == -EIO && run_entrypoint(p, "app/stop", name, NULL) >= 0)
                r = run_entrypoint(p, "app/rm", name, NULL);
        return r;
}

/* The entry in the manifest goes last: until then, the command can be given again. */
static int remove_app(Pod *p, PodManifest *m, const char *name) {
        int r = p->state == POD_RUNNING ? remove_from_stage1(p, name) : 0;
        if (r < 0 && pod_refresh(p) >= 0 && p->state != POD_RUNNING)
                r = 0; /* the pod has ended meanwhile */
        if (r >= 0)
                r = app_files_remove(p, name);
        if (r < 0)
                return r;
        pod_manifest_remove_app(m, name);
        return save_manifest(p, m);
}

int pod_app_remove(Pod *p, const char *name) {
        _cleanup_pod_manifest_ PodManifest *m = NULL;
        umask(0022);
        _cleanup_close_ int lock = lock_apps(p);
        int r = lock < 0 ? lock : pod_refresh(p);
        if (lock >= 0 && r < 0)
                log_error_errno(r, "pod %s", p->uuid);
        if (r < 0)
                return r;
        if (p->state != POD_RUNNING && p->state != POD_EXITED) {
                log_error("pod %s has not been run, or is being removed: it is %s", p->uuid,
                                pod_state_name(p->state));
                return -ESRCH;
        }
        r = load_manifest(p, &m);
        if (r >= 0)
                r = check_has(p, m, name);
        return r < 0 ? r : remove_app(p, m, name);
}
