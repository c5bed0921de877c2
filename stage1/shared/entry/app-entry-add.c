/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>

#include "alloc.h"
#include "app-entry.h"
#include "app-plans.h"
#include "control-client.h"
#include "file.h"
#include "leader.h"
#include "log.h"
#include "oom-scores.h"
#include "plan-compile.h"
#include "pod-files.h"
#include "pod-labels.h"
#include "pod-sources.h"
#include "private-users.h"

#define RUNTIME_CONFIG_MAX ((size_t) 1024 * 1024)

/* What the pod was started with is for all of its apps. */
static int read_insecure(PlanRequest *q) {
        _cleanup_free_ char *text = NULL;
        _cleanup_json_context_ JsonContext c = {};
        json_object *insecure = NULL;
        size_t size;
        int r = read_file_at(AT_FDCWD, "runtime-config", RUNTIME_CONFIG_MAX, &text, &size);
        if (r < 0)
                return log_error_errno(r, "cannot read the pod's runtime-config");
        if ((r = json_context_parse(&c, "runtime-config", text, size)) < 0 ||
                        (r = json_get_object(&c, c.root, "InsecureOptions", JSON_REQUIRED, &insecure)) < 0 ||
                        (r = json_get_bool(&c, insecure, "DisablePaths", JSON_OPTIONAL, &q->all_paths)) <
                                        0 ||
                        (r = json_get_bool(&c, insecure, "DisableCapabilities", JSON_OPTIONAL,
                                         &q->all_capabilities)) < 0 ||
                        (r = json_get_bool(&c, insecure, "DisableSeccomp", JSON_OPTIONAL, &q->no_seccomp)) <
                                        0)
                log_error("%s", c.error);
        return r;
}

static int compile(const AppEntry *e, const Plan *of_pod, int pod, Plan **ret) {
        PlanRequest q = {
                .uuid = of_pod->uuid,
                .hostname = of_pod->hostname,
                .selinux_context = of_pod->selinux_context,
                .selinux_mount_context = of_pod->selinux_mount_context,
                .net = of_pod->net,
                .users = of_pod->users,
                .private_ipc = of_pod->private_ipc,
                .mutable = true,
                .seccomp_cache = "../../../seccomp", /* of the data directory that the pod is in */
                .resolv_conf = of_pod->resolv_conf,
                .hosts = of_pod->hosts,
        };
        _cleanup_pod_manifest_ PodManifest *m = NULL;
        _cleanup_free_ char *error = NULL;
        int r = pod_manifest_load_at(pod, "pod", &m, &error);
        if (r < 0) {
                log_error("the pod's manifest: %s", error);
                return r;
        }
        if ((r = read_insecure(&q)) < 0)
                return r;
        q.all_capabilities |= e->all_capabilities;
        q.all_paths |= e->all_paths;
        q.no_seccomp |= e->no_seccomp;
        return plan_compile_app(&q, m, e->app, pod, ret);
}

/* The files that it needs, before anything of it is mounted. */
static int write_files(Plan *p, int pod) {
        _cleanup_close_ int stage1 = open("stage1/rootfs", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (stage1 < 0)
                return log_error_errno(errno, "cannot open the pod's stage1/rootfs");
        int r = pod_files_make_volumes(p, pod);
        if (r >= 0)
                r = pod_files_write_filters(p, stage1);
        return r < 0 ? r : pod_labels_set_app(p, pod);
}

static int send_descriptor(int *fd, void *userdata) {
        const int *socket = userdata;
        return control_send(*socket, CONTROL_DESCRIPTOR, *fd >= 0, NULL, *fd);
}

static int send_plan(int socket, const Plan *p) {
        _cleanup_json_ json_object *json = plan_to_json(p);
        _cleanup_free_ char *text = json_to_text(json, false);
        _cleanup_close_ int fd = memfd_create("plan", MFD_CLOEXEC);
        int r = fd < 0 ? -errno : write_all(fd, text, strlen(text));
        if (r >= 0 && lseek(fd, 0, SEEK_SET) < 0)
                r = -errno;
        return r < 0 ? r : send_descriptor(&fd, &socket);
}

static int hand_over(const Plan *p, PodRoot *root) {
        _cleanup_close_ int socket = control_connect();
        if (socket < 0)
                return socket;
        int r = send_plan(socket, p);
        if (r >= 0)
                r = pod_sources_foreach(root, p, send_descriptor, &socket);
        if (r < 0)
                return log_error_errno(r, "app %s: cannot hand it to the pod's PID 1", p->apps[0].name);
        return control_ask(socket, CONTROL_ADD, 0, p->apps[0].name);
}

/* In a mount namespace of our own, which goes with us: PID 1 has descriptors of what it takes. */
static int make(const Plan *p, int pod) {
        PodRoot root = POD_ROOT_NONE;
        Boot b = { .plan = p, .pod = pod, .stage1 = -1, .control = -1, .sources = -1, .user_namespace = -1 };
        _cleanup_close_ int user_namespace = -1;
        if (p->users.count > 0) {
                int r = private_users_open(&user_namespace);
                b.cgroups = cgroup_layout();
                if (r < 0 || (r = private_users_delegate_app(&b)) < 0)
                        return r;
                b.user_namespace = user_namespace;
        }
        if (unshare(CLONE_NEWNS) < 0)
                return log_error_errno(errno, "cannot make a mount namespace");
        int r = pod_sources_open_app(&b, &root);
        return r < 0 ? r : hand_over(p, &root);
}

int app_entry_add(const AppEntry *e) {
        _cleanup_close_ int pod = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_plan_ Plan *of_pod = NULL, *p = NULL;
        _cleanup_free_ char *error = NULL;
        if (pod < 0)
                return log_error_errno(errno, "cannot open the pod's directory");
        int r = plan_load_at(AT_FDCWD, "stage1/rootfs/" PLAN_PATH, &of_pod, &error);
        if (r < 0) {
                log_error("%s", error);
                return r;
        }
        if (plan_find_app(of_pod, e->app)) /* whoever wanted to add it was killed */
                r = app_entry_remove(e->app);
        if (r < 0 || (r = compile(e, of_pod, pod, &p)) < 0)
                return r;
        oom_scores_set(p);
        if ((r = write_files(p, pod)) < 0 || (r = app_plans_put(p)) < 0)
                return r;
        r = make(p, pod);
        if (r < 0)
                app_entry_forget(e->app);
        return r;
}
