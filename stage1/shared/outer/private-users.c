/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "private-users.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "alloc.h"
#include "cgroup2.h"
#include "devices.h"
#include "file.h"
#include "flavour.h"
#include "leader.h"
#include "log.h"
#include "mounts.h"
#include "namespaces.h"
#include "pod-cgroup.h"
#include "pod-limits.h"
#include "pod-sources.h"
#include "send-fd.h"

static int send_descriptor(int *fd, void *userdata) {
        const Boot *b = userdata;
        char message = *fd >= 0;
        return send_with_fd(b->sources, &message, 1, *fd);
}

static int receive_descriptor(int *fd, void *userdata) {
        const Boot *b = userdata;
        char message = 0;
        ssize_t n;
        do
                n = receive_with_fd(b->sources, &message, 1, 0, fd);
        while (n == -EINTR);
        if (n > 0 && message && *fd < 0)
                return log_error_errno(EMFILE, "cannot take over the pod's mounts");
        return n <= 0 ? -ECANCELED : 0;
}

/* What belongs to the pod's namespaces but not to its root. The host's root may join them. */
static int set_up_namespaces(const Boot *b, int leader, PodRoot *p) {
        const char *const options[] = { "source", "sysfs", NULL };
        int flags = CLONE_NEWUTS | (b->plan->private_ipc ? CLONE_NEWIPC : 0) |
                    (b->plan->net == PLAN_NET_HOST ? 0 : CLONE_NEWNET);
        if (setns(leader, flags) < 0)
                return log_error_errno(errno, "cannot join the pod's namespaces");
        p->sys = mount_create("sysfs", options, POD_ROOT_SYS_ATTRIBUTES, NULL);
        if (p->sys < 0)
                return log_error_errno(p->sys, "cannot make the pod's sysfs");
        return pod_root_set_sysctl(b->plan, true);
}

static int help(Boot *b, pid_t pid, int leader) {
        PodRoot p = POD_ROOT_NONE;
        char path[64];
        snprintf(path, sizeof(path), "/proc/%d/ns/user", (int) pid);
        b->user_namespace = open(path, O_RDONLY | O_CLOEXEC);
        if (b->user_namespace < 0)
                return log_error_errno(errno, "cannot open the pod's user namespace");
        int r = pod_sources_open(b, &p);
        if (r < 0 || (r = set_up_namespaces(b, leader, &p)) < 0)
                return r;
        r = pod_sources_foreach(&p, b->plan, send_descriptor, b);
        return r == -EPIPE ? r : r < 0 ? log_error_errno(r, "cannot pass the pod's mounts on") : 0;
}

pid_t private_users_start(Boot *b, pid_t pid, int pidfd, int *ret_helper) {
        int r = user_namespace_write_maps(pid, b->plan->users);
        if (r < 0)
                log_error_errno(r, "cannot map the users of the pod to those from %u on",
                                b->plan->users.shift);
        else if ((r = namespaces_fork(CLONE_NEWNS, -1, ret_helper)) == 0) {
                prctl(PR_SET_NAME, "rkt-mounts", 0, 0, 0);
                prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
                _exit(help(b, pid, pidfd) < 0 ? EXIT_RKT_FAILURE : 0);
        } else if (r < 0)
                log_error_errno(r, "cannot start the helper that makes the pod's mounts");
        close(TAKE_FD(b->sources));
        return r;
}

int private_users_receive(const Boot *b, PodRoot *ret) {
        ret->apps = xnew(AppSources, b->plan->n_apps);
        for (size_t i = 0; i < b->plan->n_apps; i++)
                ret->apps[i].mounts = xnew(int, b->plan->apps[i].n_mounts);
        int r = pod_sources_foreach(ret, b->plan, receive_descriptor, (void *) b);
        close(b->sources);
        if (r < 0)
                return r;
        /* what comes is sent when the maps are there */
        r = user_namespace_become_root();
        return r < 0 ? log_error_errno(r, "cannot become root of the pod's user namespace") : 0;
}

static int delegate(int cgroup, const IdRange *users) {
        static const char *const files[] = { "cgroup.procs", "cgroup.threads", "cgroup.subtree_control" };
        if (fchownat(cgroup, "", users->shift, users->shift, AT_EMPTY_PATH) < 0)
                return -errno;
        for (size_t i = 0; i < ELEMENTSOF(files); i++)
                if (fchownat(cgroup, files[i], users->shift, users->shift, 0) < 0 && errno != ENOENT)
                        return -errno;
        return 0;
}

/* Volumes that are device nodes: the helper opens what it finds there, and the policy is for what is there
 * now; one that has been swapped meanwhile stays shut. Returns their number. */
static size_t find_devices(const Boot *b, const PlanApp *a, DeviceRule *rules) {
        size_t n = 0;
        for (size_t i = 0; i < a->n_mounts; i++) {
                struct stat st;
                const PlanMount *m = &a->mounts[i];
                if (m->source && fstatat(b->pod, m->source, &st, 0) == 0)
                        n += device_rule_of(&st, !m->read_only, &rules[n]);
        }
        return n;
}

static int set_device_policy(const Boot *b, const PlanApp *a, int cgroup, const Cgroup1 *v1) {
        _cleanup_free_ DeviceRule *rules = xnew(DeviceRule, a->n_mounts + 1);
        size_t n = find_devices(b, a, rules);
        if (b->cgroups == CGROUP_LEGACY)
                return device_policy_write(rules, n, v1->fds[CGROUP1_DEVICES]);
        _cleanup_close_ int program = device_policy_load(rules, n);
        return program < 0 ? program : device_policy_attach(program, cgroup);
}

/* Where a manager makes and removes the cgroups of the apps, one policy is for all of them. */
static void set_common_device_policy(const Boot *b, int cgroup) {
        const Plan *p = b->plan;
        size_t n = 0, most = 1;
        for (size_t i = 0; i < p->n_apps; i++) {
                if (plan_app_has_all_devices(&p->apps[i]))
                        return;
                most += p->apps[i].n_mounts;
        }
        _cleanup_free_ DeviceRule *rules = xnew(DeviceRule, most);
        for (size_t i = 0; i < p->n_apps; i++)
                n += find_devices(b, &p->apps[i], rules + n);
        _cleanup_close_ int program = device_policy_load(rules, n);
        int r = program < 0 ? program : device_policy_attach(program, cgroup);
        if (r < 0)
                log_warning_errno(r, "the pod: no device policy on this host");
}

/* That policy stays as it is. */
static int check_devices(const Boot *b, const PlanApp *a) {
        _cleanup_free_ DeviceRule *rules = xnew(DeviceRule, a->n_mounts + 1);
        size_t n = find_devices(b, a, rules);
        for (size_t i = 0; i < n; i++)
                if (!device_rule_is_common(&rules[i])) {
                        log_error("app %s: the %s stage1 cannot let it open the device %u:%u, which is a "
                                  "volume, as the pod has users of its own and runs already",
                                        a->name, flavour.name, rules[i].major, rules[i].minor);
                        return -EOPNOTSUPP;
                }
        return 0;
}

/* Those of v1 the kernel does not hand out: the limits are set here, and all that the pod's root may do is
 * to move its processes. */
static int delegate_v1(const Boot *b, const PlanApp *a, const char *path, int cgroup, Cgroup1 *ret) {
        _cleanup_free_ char *whose = xasprintf("app %s", a->name);
        int r = cgroup1_create(path, ret);
        for (size_t i = 0; i < ELEMENTSOF(ret->fds) && r >= 0; i++)
                if (ret->fds[i] >= 0 && fchownat(ret->fds[i], "cgroup.procs", b->plan->users.shift,
                                                        b->plan->users.shift, 0) < 0)
                        r = -errno;
        if (r < 0)
                return log_error_errno(r, "app %s: cannot make its cgroups", a->name);
        for (size_t i = 0; i < a->limits.n && cgroup1_exists(ret) && r >= 0; i++)
                r = pod_limit_write(&a->limits.items[i], whose, cgroup, ret);
        return r;
}

/* The kernel gives a cgroup's files to whoever makes it. In a pod that is mutable, controllers may have been
 * passed down before, so that those of limits are among them. */
static int create_delegated(const Plan *p, int pod, const char *name) {
        if (!p->mutable)
                return cgroup2_create_at(pod, name);
        setfsgid(p->users.shift);
        setfsuid(p->users.shift);
        int cgroup = cgroup2_create_at(pod, name);
        setfsuid(0);
        setfsgid(0);
        return cgroup;
}

static int delegate_app(const Boot *b, const PlanApp *a, const char *pod_path, int pod) {
        _cleanup_free_ char *name = pod_cgroup_of_app(a->name), *path = xasprintf("%s/%s", pod_path, name);
        Cgroup1 v1;
        _cleanup_close_ int cgroup = create_delegated(b->plan, pod, name);
        int r = cgroup < 0 ? cgroup : delegate(cgroup, &b->plan->users);
        if (r < 0)
                return log_error_errno(r, "app %s: cannot give its cgroup to the pod's root", a->name);
        r = delegate_v1(b, a, path, cgroup, &v1);
        int policy = plan_app_has_all_devices(a) ? 0 : set_device_policy(b, a, cgroup, &v1);
        if (policy < 0)
                log_warning_errno(policy, "app %s: no device policy on this host", a->name);
        cgroup1_done(&v1);
        return r;
}

static int delegate_pod(const Boot *b, const char *path, int cgroup) {
        const IdRange *users = &b->plan->users;
        bool legacy = b->cgroups == CGROUP_LEGACY;
        _cleanup_close_ int supervisor = legacy ? -1 : cgroup2_create_at(cgroup, POD_CGROUP_SUPERVISOR);
        int r = legacy ? 0 : supervisor;
        if (r >= 0 && (r = delegate(cgroup, users)) >= 0 && !legacy)
                r = delegate(supervisor, users);
        if (r < 0)
                return log_error_errno(r, "cannot give the cgroup %s to the pod's root", path);
        for (size_t i = 0; i < b->plan->n_apps; i++)
                if ((r = delegate_app(b, &b->plan->apps[i], path, cgroup)) < 0)
                        return r;
        return 0;
}

int private_users_delegate(const Boot *b, const char *cgroup) {
        if (b->plan->users.count == 0)
                return 0;
        _cleanup_close_ int fd = cgroup_open(cgroup);
        if (fd >= 0 && !flavour.manager && !b->plan->own_init)
                return delegate_pod(b, cgroup, fd);
        int r = fd < 0 ? fd : delegate(fd, &b->plan->users);
        if (r < 0)
                return log_error_errno(r, "cannot give the cgroup %s to the pod's root", cgroup);
        set_common_device_policy(b, fd);
        return 0;
}

int private_users_open(int *ret_namespace) {
        pid_t pid = 0;
        _cleanup_close_ int pidfd = -1;
        int r = leader_read_pid(&pid);
        if (r >= 0)
                r = leader_open(pid, &pidfd);
        if (r == -ESRCH)
                log_error("the pod has ended");
        if (r < 0)
                return r;
        _cleanup_free_ char *path = xasprintf("/proc/%d/ns/user", (int) pid);
        *ret_namespace = open(path, O_RDONLY | O_CLOEXEC);
        return *ret_namespace < 0 ? log_error_errno(errno, "cannot open the pod's user namespace") : 0;
}

int private_users_delegate_app(const Boot *b) {
        _cleanup_free_ char *path = NULL;
        if (flavour.manager)
                return check_devices(b, &b->plan->apps[0]);
        int r = read_line_at(AT_FDCWD, "subcgroup", &path);
        if (r == -ENOENT)
                return 0;
        _cleanup_close_ int pod = r < 0 ? r : cgroup_open(path);
        return pod < 0 ? log_error_errno(pod, "cannot open the pod's cgroup")
                       : delegate_app(b, &b->plan->apps[0], path, pod);
}
