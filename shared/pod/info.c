/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "info.h"

#include <errno.h>
#include <fcntl.h>

#include "alloc.h"
#include "duration.h"
#include "file.h"
#include "json.h"
#include "mutable.h"
#include "option.h"
#include "strv.h"

#define STATUS_DIRECTORY "stage1/rootfs/rkt/status"
#define LIFE_DIRECTORY   "stage1/rootfs/rkt/life"
#define LIFE_MAX         4096
#define NET_INFO_MAX     (1024 * 1024)

const char *app_state_name(AppState s) {
        static const char *const names[] = {
                [APP_UNKNOWN] = "unknown",
                [APP_CREATED] = "created",
                [APP_RUNNING] = "running",
                [APP_EXITED] = "exited",
        };
        return names[s];
}

bool pod_state_has_run(PodState s) {
        return s == POD_RUNNING || s == POD_EXITED || s == POD_EXITED_DELETING || s == POD_EXITED_GARBAGE;
}

static int64_t modified_at(const Pod *p, const char *path) {
        struct stat st;
        return fstatat(p->fd, path, &st, 0) < 0 ? 0 : timespec_ns(st.st_mtim);
}

static int64_t read_number(const Pod *p, const char *path) {
        _cleanup_free_ char *line = NULL;
        int64_t n;
        if (read_line_at(p->fd, path, &line) < 0 || parse_int(line, INT32_MIN, INT32_MAX, &n) < 0)
                return -1;
        return n;
}

/* "pid", or the only child of "ppid". */
static pid_t read_pid(const Pod *p) {
        int64_t pid = read_number(p, "pid");
        if (pid > 0)
                return pid;
        int64_t parent = read_number(p, "ppid");
        if (parent <= 0)
                return 0;
        _cleanup_free_ char *path = xasprintf("/proc/%d/task/%d/children", (int) parent, (int) parent);
        _cleanup_free_ char *line = NULL;
        if (read_line_at(AT_FDCWD, path, &line) < 0)
                return 0;
        return atoi(line);
}

static uint64_t life_number(char *const *lines, const char *name) {
        STRV_FOREACH (line, lines) {
                const char *value = startswith(*line, name);
                uint64_t n;
                if (value && *value == '=' && parse_uint(value + 1, UINT32_MAX, &n) >= 0)
                        return n;
        }
        return 0;
}

/* A stage1 may have nothing to say beside the status. */
static void read_life(const Pod *p, AppInfo *a) {
        _cleanup_free_ char *path = xasprintf(LIFE_DIRECTORY "/%s", a->app->name), *text = NULL;
        if (read_file_at(p->fd, path, LIFE_MAX, &text, NULL) < 0)
                return;
        _cleanup_strv_ char **lines = strv_split(text, '\n');
        a->restarts = life_number(lines, "restarts");
        a->signal = (int) life_number(lines, "signal");
        a->oom_killed = life_number(lines, "oom-killed") > 0;
}

bool pod_app_health(const Pod *p, const char *app, HealthState *ret) {
        _cleanup_free_ char *path = xasprintf("stage1/rootfs/" HEALTH_DIR "/%s", app), *text = NULL;
        size_t size;
        return read_file_at(p->fd, path, HEALTH_FILE_MAX, &text, &size) >= 0 &&
               health_state_parse(text, size, ret) >= 0;
}

/* Apps that came later, and were started, each at its own time: files say when. */
static void read_times(const PodInfo *i, AppInfo *a) {
        _cleanup_free_ char *created = xasprintf(POD_APP_CREATED, a->app->name),
                            *started = xasprintf(POD_APP_STARTED, a->app->name);
        a->created_at = modified_at(i->pod, created);
        a->started_at = modified_at(i->pod, started);
}

/* One that was never started has not exited, but ends with its pod. */
static void read_mutable_app(const PodInfo *i, AppInfo *a) {
        _cleanup_free_ char *status = xasprintf(STATUS_DIRECTORY "/%s", a->app->name);
        read_times(i, a);
        read_life(i->pod, a);
        a->has_health = pod_app_health(i->pod, a->app->name, &a->health);
        int64_t code = read_number(i->pod, status);
        if (code >= 0) {
                a->state = APP_EXITED;
                a->has_exit_code = true;
                a->exit_code = (int) code;
                a->finished_at = modified_at(i->pod, status);
        } else if (i->pod->state != POD_RUNNING) {
                a->state = APP_EXITED;
                a->finished_at = i->gc_marked_at;
        } else
                a->state = a->started_at ? APP_RUNNING : a->created_at ? APP_CREATED : APP_UNKNOWN;
}

static void read_app(const PodInfo *i, AppInfo *a) {
        _cleanup_free_ char *status = xasprintf(STATUS_DIRECTORY "/%s", a->app->name);
        int64_t code = -1;
        if (pod_manifest_is_mutable(i->manifest)) {
                read_mutable_app(i, a);
                return;
        }
        a->created_at = i->created_at;
        if (!pod_state_has_run(i->pod->state)) {
                a->state = i->pod->state == POD_PREPARED ? APP_CREATED : APP_UNKNOWN;
                return;
        }
        a->started_at = i->started_at;
        read_life(i->pod, a);
        a->has_health = pod_app_health(i->pod, a->app->name, &a->health);
        code = read_number(i->pod, status);
        if (code >= 0) {
                a->state = APP_EXITED;
                a->has_exit_code = true;
                a->exit_code = code;
                a->finished_at = modified_at(i->pod, status);
        } else if (i->pod->state == POD_RUNNING) {
                a->state = i->started_at ? APP_RUNNING : APP_CREATED;
        } else {
                a->state = APP_EXITED;
                a->finished_at = i->gc_marked_at;
        }
}

static int read_networks(const Pod *p, PodInfo *i) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r = read_file_at(p->fd, "net-info.json", NET_INFO_MAX, &text, &size);
        if (r < 0)
                return r == -ENOENT ? 0 : r;
        JsonContext c;
        r = json_context_parse(&c, "net-info.json", text, size);
        if (r >= 0 && json_object_is_type(c.root, json_type_array))
                i->networks = json_object_get(c.root);
        json_context_done(&c);
        return r;
}

int pod_info_read(const Pod *p, PodInfoDetail detail, PodInfo *ret, char **ret_error) {
        PodInfo i = { .pod = p };
        struct stat st;
        int r = detail == POD_INFO_FULL ? pod_manifest_load_at(p->fd, "pod", &i.manifest, ret_error)
                                        : pod_manifest_load_names_at(p->fd, "pod", &i.manifest, ret_error);
        /* a pod under preparation may not have it yet */
        if (r == -ENOENT && (p->place == POD_PLACE_EMBRYO || p->place == POD_PLACE_PREPARE)) {
                free(*ret_error);
                *ret_error = NULL;
        } else if (r < 0) {
                return r;
        }
        i.created_at = modified_at(p, "pod-created") ?: modified_at(p, "pod");
        if (pod_state_has_run(p->state)) {
                i.started_at = modified_at(p, "pid") ?: modified_at(p, "ppid");
                i.pid = p->state == POD_RUNNING && detail == POD_INFO_FULL ? read_pid(p) : 0;
                read_networks(p, &i);
        }
        if ((p->place == POD_PLACE_EXITED_GARBAGE || p->place == POD_PLACE_GARBAGE) &&
                        fstat(p->fd, &st) == 0)
                i.gc_marked_at = timespec_ns(st.st_ctim);

        i.n_apps = i.manifest ? i.manifest->n_apps : 0;
        i.apps = xnew(AppInfo, i.n_apps);
        for (size_t n = 0; n < i.n_apps; n++) {
                i.apps[n].app = &i.manifest->apps[n];
                if (detail == POD_INFO_FULL)
                        read_app(&i, &i.apps[n]);
        }
        *ret = i;
        return 0;
}

void pod_info_done(PodInfo *i) {
        if (i->manifest)
                pod_manifest_free(i->manifest);
        for (size_t n = 0; n < i->n_apps; n++)
                health_state_done(&i->apps[n].health);
        free(i->apps);
        json_object_put(i->networks);
        *i = (PodInfo){};
}

bool pod_is_ready(const Pod *p) {
        _cleanup_free_ char *text = NULL;
        char target[16];
        ssize_t n = readlinkat(p->fd, "stage1/rootfs/rkt/supervisor-status", target, sizeof(target));
        if (n >= 0)
                return n == 5 && memcmp(target, "ready", 5) == 0;
        return read_line_at(p->fd, "stage1/rootfs/rkt/supervisor-status", &text) >= 0 &&
               streq(text, "ready");
}

static void add_network(char **text, json_object *net, const char *key, const char *family) {
        json_object *name = NULL, *ip = NULL;
        if (!json_object_object_get_ex(net, "netName", &name) || !json_object_object_get_ex(net, key, &ip) ||
                        json_object_get_string_len(ip) == 0)
                return;
        _cleanup_free_ char *before = *text;
        *text = xasprintf("%s%s%s:%s=%s", before, *before ? ", " : "", json_object_get_string(name), family,
                        json_object_get_string(ip));
}

char *pod_info_networks(const PodInfo *i) {
        char *text = xstrdup("");
        for (size_t n = 0; i->networks && n < json_object_array_length(i->networks); n++) {
                json_object *net = json_object_array_get_idx(i->networks, n);
                add_network(&text, net, "ip", "ip4");
                add_network(&text, net, "ip6", "ip6");
        }
        return text;
}
