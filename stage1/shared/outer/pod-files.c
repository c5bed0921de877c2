/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pod-files.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "alloc.h"
#include "file.h"
#include "log.h"
#include "strv.h"

/* One that is there is used as it is: made by an earlier start, or by another pod, which may be making it
 * now. */
static int make_volume(const PlanVolume *v, int pod) {
        if (faccessat(pod, v->path, F_OK, 0) == 0)
                return 0;
        if (startswith(v->path, PLAN_NAMED_VOLUMES "/") && mkdirat(pod, PLAN_NAMED_VOLUMES, 0750) < 0 &&
                        errno != EEXIST)
                return -errno;
        int r = mkdir_owned_at(pod, v->path, v->mode, v->uid, v->gid);
        return r == -EEXIST ? 0 : r;
}

int pod_files_make_volumes(const Plan *p, int pod) {
        if (p->n_volumes > 0 && mkdirat(pod, "sharedVolumes", 0755) < 0 && errno != EEXIST)
                return log_error_errno(errno, "cannot create the pod's sharedVolumes");
        for (size_t i = 0; i < p->n_volumes; i++) {
                int r = make_volume(&p->volumes[i], pod);
                if (r < 0)
                        return log_error_errno(r, "volume \"%s\": cannot create %s", p->volumes[i].name,
                                        p->volumes[i].path);
        }
        return 0;
}

static const char *const file_mode_names[] = {
        [PLAN_FILE_DEFAULT] = "default",
        [PLAN_FILE_HOST] = "host",
        [PLAN_FILE_STAGE0] = "stage0",
        [PLAN_FILE_NONE] = "none",
};

/* Members and order as rkt's RuntimePod. */
static json_object *runtime_config(const Plan *p, const RunOptions *o) {
        json_object *c = json_object_new_object(), *insecure = json_object_new_object();
        json_object *nets = json_object_new_array();
        STRV_FOREACH (n, o->nets)
                json_object_array_add(nets, json_object_new_string(*n));
        json_object_object_add(insecure, "DisablePaths", json_object_new_boolean(o->plan.all_paths));
        json_object_object_add(
                        insecure, "DisableCapabilities", json_object_new_boolean(o->plan.all_capabilities));
        json_object_object_add(insecure, "DisableSeccomp", json_object_new_boolean(o->plan.no_seccomp));

        json_object_object_add(c, "MetadataServiceURL", json_object_new_string(o->plan.metadata_url ?: ""));
        char users[32] = "";
        if (p->users.count > 0)
                snprintf(users, sizeof(users), "%u:%u", p->users.shift, p->users.count);
        json_object_object_add(c, "PrivateUsers", json_object_new_string(users));
        const char *token = o->plan.metadata_url ? strrchr(o->plan.metadata_url, '/') + 1 : "";
        json_object_object_add(c, "MDSToken", json_object_new_string(token));
        json_object_object_add(c, "Hostname", json_object_new_string(p->hostname));
        json_object_object_add(c, "Debug", json_object_new_boolean(o->debug));
        json_object_object_add(c, "Mutable", json_object_new_boolean(p->mutable));
        json_object_object_add(c, "ResolvConfMode", json_object_new_string(file_mode_names[p->resolv_conf]));
        json_object_object_add(c, "EtcHostsMode", json_object_new_string(file_mode_names[p->hosts]));
        json_object_object_add(c, "NetList", nets);
        json_object_object_add(c, "Interactive", json_object_new_boolean(p->interactive));
        json_object_object_add(c, "InsecureOptions", insecure);
        json_object_object_add(c, "IPCMode", json_object_new_string(p->private_ipc ? "private" : "parent"));
        return c;
}

static int write_json(json_object *o, int dirfd, const char *path, mode_t mode) {
        _cleanup_json_ json_object *owned = o;
        _cleanup_free_ char *text = json_to_text(owned, false);
        int r = write_string_at(dirfd, path, text, mode);
        return r < 0 ? log_error_errno(r, "cannot write the pod's %s", path) : 0;
}

int pod_files_write_filters(const Plan *p, int stage1) {
        for (size_t i = 0; i < p->n_apps; i++) {
                const PlanApp *a = &p->apps[i];
                if (!a->seccomp || streq(a->seccomp, PLAN_SECCOMP_DEFAULT))
                        continue;
                _cleanup_free_ char *path = xasprintf(PLAN_SECCOMP_DIR "/%s", a->seccomp);
                int r = mkdir_parents_at(stage1, PLAN_SECCOMP_DIR, 0755);
                if (r < 0 || (r = syscall_filter_write_at(stage1, path, &a->filter)) < 0)
                        return log_error_errno(r, "cannot write stage1/rootfs/%s", path);
        }
        return 0;
}

int pod_files_write(const Plan *p, const RunOptions *o, int pod, int stage1) {
        int r = mkdir_parents_at(stage1, "rkt", 0755);
        if (r < 0)
                return log_error_errno(r, "cannot create stage1/rootfs/rkt");
        if ((r = pod_files_write_filters(p, stage1)) < 0)
                return r;
        r = write_json(plan_to_json(p), stage1, PLAN_PATH, 0640);
        return r < 0 ? r : write_json(runtime_config(p, o), pod, "runtime-config", 0644);
}

void pod_files_link_journal(const Plan *p, const char *stage1_path) {
        char id[33];
        uuid_machine_id(p->uuid, id);
        _cleanup_free_ char *to = xasprintf("%s/var/log/journal/%s", stage1_path, id);
        _cleanup_free_ char *at = xasprintf("/var/log/journal/%s", id);
        /* journald makes it when an app first says something; until then journalctl -m would stumble over a
         * link that leads nowhere */
        int r = mkdir_parents_at(AT_FDCWD, to, 0755);
        if (r < 0)
                log_warning_errno(r, "cannot create %s", to);
        if (symlink(to, at) < 0 && errno != ENOENT && errno != EEXIST && errno != ENOTDIR)
                log_warning_errno(errno, "cannot link the pod's journal at %s", at);
}
