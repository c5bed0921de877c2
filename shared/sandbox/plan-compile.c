/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan-compile.h"

#include <errno.h>
#include <fcntl.h>

#include "alloc.h"
#include "capabilities.h"
#include "file.h"
#include "image-manifest.h"
#include "log-limit.h"
#include "log.h"
#include "masks.h"
#include "plan-isolators.h"
#include "plan-mounts.h"
#include "plan-own-init.h"
#include "start-order.h"
#include "strv.h"
#include "types.h"

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define TREE_IDS_MAX ((size_t) 64 * 1024)

static int compile_root(const RuntimeApp *ra, int podfd, PlanRoot *root) {
        root->read_only = ra->read_only_rootfs;
        if (faccessat(podfd, "overlay-prepared", F_OK, 0) < 0) {
                root->kind = PLAN_ROOT_DIRECTORY;
                root->path = xasprintf("stage1/rootfs/opt/stage2/%s/rootfs", ra->name);
                return 0;
        }
        _cleanup_free_ char *path = xasprintf("appsinfo/%s/treeStoreID", ra->name), *text = NULL;
        int r = read_file_at(podfd, path, TREE_IDS_MAX, &text, NULL);
        if (r < 0)
                return log_error_errno(r, "app %s: cannot read %s", ra->name, path);
        _cleanup_strv_ char **ids = strv_split(text, '\n');
        root->kind = PLAN_ROOT_OVERLAY;
        STRV_FOREACH (id, ids)
                if (**id)
                        strv_push(&root->lower, xasprintf("../../../cas/tree/%s/rootfs", *id));
        root->upper = xasprintf("overlay/%s/upper/%s", ids[0], ra->name);
        root->work = xasprintf("overlay/%s/work/%s", ids[0], ra->name);
        return 0;
}

/* Lowest first: our defaults, the manifest, and what the spec wants to be true. */
static char **compile_environment(const PlanRequest *q, const RuntimeApp *ra, const App *app) {
        NameValueList merged = {};
        name_values_set(&merged, "PATH", DEFAULT_PATH);
        name_values_set(&merged, "container", "rkt");
        if (q->interactive)
                name_values_set(&merged, "TERM", isempty(q->term) ? "vt100" : q->term);
        name_values_merge(&merged, &app->environment);
        name_values_set(&merged, "AC_APP_NAME", ra->name);
        if (q->metadata_url)
                name_values_set(&merged, "AC_METADATA_URL", q->metadata_url);

        char **l = strv_copy(NULL);
        for (size_t i = 0; i < merged.n; i++)
                strv_push(&l, xasprintf("%s=%s", merged.items[i].name, merged.items[i].value));
        name_values_clear(&merged);
        return l;
}

static int compile_life(const RuntimeApp *ra, PlanApp *a) {
        _cleanup_free_ char *error = NULL;
        int r = app_life_parse(&ra->annotations, &a->life, &error);
        if (r >= 0)
                r = app_life_check(&ra->annotations, &a->life, &error);
        if (r < 0)
                log_error("app %s: %s", ra->name, error);
        else if (a->life.notify)
                strv_add(&a->environment, "NOTIFY_SOCKET=" PLAN_NOTIFY_SOCKET);
        return r;
}

/* A terminal that nobody knows yet, as Docker and podman have it. */
static void set_term(PlanApp *a) {
        STRV_FOREACH (variable, a->environment)
                if (startswith(*variable, "TERM="))
                        return;
        strv_add(&a->environment, "TERM=xterm");
}

static int compile_io(const PlanRequest *q, const Plan *p, const RuntimeApp *ra, PlanApp *a) {
        _cleanup_free_ char *error = NULL;
        int r = app_io_parse(&ra->annotations, &a->io, &error);
        if (r >= 0 && q->interactive && !app_io_is_default(&a->io)) {
                error = xstrdup("an interactive app has rkt's own standard input, output and error");
                r = -EINVAL;
        }
        if (r >= 0 && a->io.log_path && !p->log_dir) {
                error = xstrdup("it has a log file, but the pod has no log directory (--log-dir, "
                                "annotation " POD_LOG_DIR_ANNOTATION ")");
                r = -EINVAL;
        }
        if (r < 0)
                log_error("app %s: %s", ra->name, error);
        else if (app_io_has(&a->io, APP_IO_TTY))
                set_term(a);
        return r;
}

static void compile_identity(const App *app, PlanApp *a) {
        a->user = xstrdup(app->user);
        a->group = xstrdup(app_has_own_groups(app) ? "" : app->group);
        a->n_gids = app->n_supplementary_gids;
        if (a->n_gids > 0) {
                a->gids = xnew(gid_t, a->n_gids);
                memcpy(a->gids, app->supplementary_gids, a->n_gids * sizeof(gid_t));
        }
        a->working_directory = xstrdup(isempty(app->working_directory) ? "/" : app->working_directory);
}

/* The app of the pod manifest, or the image's if it leaves that out. */
static int load_app(const RuntimeApp *ra, int podfd, ImageManifest **ret_image, const App **ret) {
        if (ra->app) {
                *ret = ra->app;
                return 0;
        }
        _cleanup_free_ char *path = xasprintf("appsinfo/%s/manifest", ra->name), *error = NULL;
        int r = image_manifest_load_at(podfd, path, ret_image, &error);
        if (r < 0) {
                log_error("app %s: %s", ra->name, error);
                return r;
        }
        if (!(*ret_image)->app) {
                log_error("app %s: neither the pod manifest nor the image says what to run", ra->name);
                return -EINVAL;
        }
        *ret = (*ret_image)->app;
        return 0;
}

static int compile_app(const PlanRequest *q, const PodManifest *m, const RuntimeApp *ra, int podfd, Plan *p,
                PlanApp *a) {
        _cleanup_image_manifest_ ImageManifest *image = NULL;
        const App *app = NULL;
        int r = load_app(ra, podfd, &image, &app);
        if (r < 0)
                return r;
        if (!app->exec || !app->exec[0]) {
                log_error("app %s: it has nothing to execute: give it a command with --exec", ra->name);
                return -EINVAL;
        }
        if (strlen(ra->name) > APP_NAME_MAX) {
                log_error("app %s: its name is longer than %d characters", ra->name, APP_NAME_MAX);
                return -ENAMETOOLONG;
        }
        a->name = xstrdup(ra->name);
        a->exec = strv_copy(app->exec);
        a->pre_start = app->pre_start ? strv_copy(app->pre_start) : NULL;
        a->post_stop = app->post_stop ? strv_copy(app->post_stop) : NULL;
        a->environment = compile_environment(q, ra, app);
        compile_identity(app, a);
        if (!q->all_paths) {
                a->masked_paths = strv_copy((char *const *) masks_hidden);
                masks_add_processors("/sys", &a->masked_paths);
                a->read_only_paths = strv_copy((char *const *) masks_read_only);
        }
        if ((r = compile_root(ra, podfd, &a->root)) < 0 || (r = compile_life(ra, a)) < 0 ||
                        (r = compile_io(q, p, ra, a)) < 0 || (r = plan_compile_mounts(m, ra, app, p, a)) < 0)
                return r;
        return plan_compile_isolators(q, &app->isolators, podfd, a);
}

static int compile_log_dir(const PodManifest *m, Plan *p) {
        const char *log_dir = name_values_get(&m->annotations, POD_LOG_DIR_ANNOTATION);
        if (log_dir && !path_is_absolute(log_dir)) {
                log_error("the pod's annotation " POD_LOG_DIR_ANNOTATION
                          ": \"%s\": expected an absolute path",
                                log_dir);
                return -EINVAL;
        }
        p->log_dir = xstrdup(log_dir);
        return 0;
}

static Plan *plan_new(const PlanRequest *q, size_t n_apps) {
        Plan *p = xnew(Plan, 1);
        snprintf(p->uuid, sizeof(p->uuid), "%s", q->uuid);
        p->hostname = xstrdup(q->hostname);
        p->net = q->net;
        p->users = q->users;
        p->selinux_context = xstrdup(q->selinux_context);
        p->selinux_mount_context = xstrdup(q->selinux_mount_context);
        p->private_ipc = q->private_ipc;
        p->interactive = q->interactive;
        p->mutable = q->mutable;
        p->own_init = q->own_init;
        p->resolv_conf = q->resolv_conf;
        p->hosts = q->hosts;
        p->apps = xnew(PlanApp, n_apps);
        p->n_apps = n_apps;
        return p;
}

int plan_compile(const PlanRequest *request, const PodManifest *m, int podfd, Plan **ret) {
        PlanRequest copy = *request;
        const PlanRequest *q = &copy;
        _cleanup_free_ char *error = NULL;
        int r = own_init_parse(&m->annotations, &copy.own_init, &error);
        if (r < 0) {
                log_error("the pod's %s", error);
                return r;
        }
        if (q->interactive && (m->n_apps != 1 || q->mutable)) {
                log_error("an interactive pod has exactly one app and keeps it, this one has %zu",
                                m->n_apps);
                return -EINVAL;
        }
        _cleanup_plan_ Plan *p = plan_new(q, m->n_apps);
        const char *log_size = name_values_get(&m->annotations, POD_LOG_SIZE_ANNOTATION);
        _cleanup_free_ char *problem = NULL;
        if (log_size && log_size_parse(log_size, &p->log_size, &problem) < 0) {
                log_error("the pod's annotation " POD_LOG_SIZE_ANNOTATION ": %s", problem);
                return -EINVAL;
        }

        _cleanup_free_ size_t *order = xnew(size_t, m->n_apps);
        if ((r = compile_log_dir(m, p)) < 0)
                return r;
        r = pod_start_order(m, order, &error);
        if (r < 0) {
                log_error("%s", error);
                return r;
        }
        for (size_t i = 0; i < m->n_apps; i++) {
                r = compile_app(q, m, &m->apps[order[i]], podfd, p, &p->apps[i]);
                if (r < 0)
                        return r;
        }
        r = plan_compile_pod_isolators(q, &m->isolators, podfd, p);
        if (r >= 0 && p->own_init)
                r = plan_compile_own_init(m, p);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(p);
        return 0;
}

int plan_compile_app(const PlanRequest *q, const PodManifest *m, const char *name, int podfd, Plan **ret) {
        const RuntimeApp *ra = pod_manifest_find_app(m, name);
        if (!ra) {
                log_error("the pod's manifest has no app \"%s\"", name);
                return -ENOENT;
        }
        _cleanup_plan_ Plan *p = plan_new(q, 1);
        int r = compile_log_dir(m, p);
        if (r < 0 || (r = compile_app(q, m, ra, podfd, p, &p->apps[0])) < 0)
                return r;
        *ret = TAKE_PTR(p);
        return 0;
}
