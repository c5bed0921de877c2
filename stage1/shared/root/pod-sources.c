/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pod-sources.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/fsuid.h>
#include <sys/stat.h>

#include "alloc.h"
#include "app-credentials.h"
#include "build-config.h"
#include "capabilities.h"
#include "file.h"
#include "flavour.h"
#include "incoming.h"
#include "log.h"
#include "mounts.h"
#include "overlay.h"
#include "shift-tree.h"
#include "uuid.h"
#include "volume-fill.h"
#include "volume-tmpfs.h"

#define BASIC_ATTRIBUTES (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)

/* Device nodes in a volume stay shut; one that is itself the volume is what was asked for. */
static uint64_t volume_attributes(const PlanMount *m, const struct stat *st, AppSources *sources) {
        uint64_t set = m->read_only ? MOUNT_ATTR_RDONLY : 0;
        DeviceRule rule;
        if (!device_rule_of(st, !m->read_only, &rule))
                return set | MOUNT_ATTR_NODEV;
        xgrow(&sources->devices, sources->n_devices);
        sources->devices[sources->n_devices++] = rule;
        return set;
}

static int open_volume(const Boot *b, const PlanApp *a, const PlanMount *m, AppSources *sources) {
        _cleanup_close_ int fd = mount_clone(b->pod, m->source, m->recursive);
        if (fd < 0)
                return log_error_errno(
                                fd, "app %s: volume \"%s\": cannot open %s", a->name, m->volume, m->source);
        struct stat st;
        if (fstat(fd, &st) < 0)
                return log_error_errno(errno, "app %s: volume \"%s\"", a->name, m->volume);
        int r = m->mapped && b->user_namespace >= 0 ? mount_map_owners(fd, m->recursive, b->user_namespace)
                                                    : 0;
        if (r < 0)
                return log_error_errno(r,
                                "app %s: volume \"%s\": its file system cannot show the owners of %s mapped",
                                a->name, m->volume, m->source);
        r = mount_restrict(fd, "", m->recursive, volume_attributes(m, &st, sources), 0);
        if (r < 0)
                return log_error_errno(r, "app %s: volume \"%s\": cannot restrict it", a->name, m->volume);
        return TAKE_FD(fd);
}

static int open_host_file(const char *path, int *ret) {
        _cleanup_close_ int fd = mount_clone(AT_FDCWD, path, false);
        if (fd < 0)
                return log_error_errno(fd, "cannot open the host's %s", path);
        int r = mount_restrict(fd, "", false, MOUNT_ATTR_RDONLY | BASIC_ATTRIBUTES, 0);
        if (r < 0)
                return log_error_errno(r, "cannot restrict the host's %s", path);
        *ret = TAKE_FD(fd);
        return 0;
}

/* With systemd-resolved, the host's file may name only a server on the host's lo, which a pod with networks
 * of its own does not reach: then the one beside it, with the servers that are behind. */
static const char *host_resolv_conf(const Plan *p) {
        static const char servers[] = "/run/systemd/resolve/resolv.conf";
        _cleanup_free_ char *real = realpath("/etc/resolv.conf", NULL);
        bool is_stub = real && streq(real, "/run/systemd/resolve/stub-resolv.conf");
        return is_stub && p->net == PLAN_NET_CONTAINED && access(servers, R_OK) == 0 ? servers
                                                                                     : "/etc/resolv.conf";
}

static int open_host_usr(void) {
        _cleanup_close_ int fd = mount_clone(AT_FDCWD, "/usr", false);
        if (fd < 0 || mount_restrict(fd, "", false, MOUNT_ATTR_RDONLY | BASIC_ATTRIBUTES, 0) < 0)
                return -1; /* without it, there is no journald */
        return TAKE_FD(fd);
}

/* What the manager runs in the pod: out of the reach of the apps. */
static int open_programs(const Boot *b, PodRoot *p) {
        if (p->host_usr < 0) {
                log_error("the %s stage1 needs the host's /usr, which cannot be opened", flavour.name);
                return -ENOENT;
        }
        p->programs = mount_clone(AT_FDCWD, b->programs, false);
        int r = p->programs < 0 ? p->programs
                                : mount_restrict(p->programs, "", false,
                                                  MOUNT_ATTR_RDONLY | BASIC_ATTRIBUTES, 0);
        return r < 0 ? log_error_errno(r, "cannot open %s", b->programs) : 0;
}

/* What the host mounts or unmounts below such a volume while the pod runs is seen in it; if it is read-only,
 * a new mount would not be. */
static bool follows_host(const PlanMount *m) {
        return m->recursive && !m->read_only;
}

static int open_volumes(const Boot *b, PodRoot *p, bool following_host) {
        for (size_t i = 0; i < b->plan->n_apps; i++) {
                const PlanApp *a = &b->plan->apps[i];
                if (!p->apps[i].mounts)
                        p->apps[i].mounts = xnew(int, a->n_mounts);
                for (size_t j = 0; j < a->n_mounts; j++) {
                        if (follows_host(&a->mounts[j]) != following_host)
                                continue;
                        int fd = -1; /* of the image: comes when its root is there */
                        if (a->mounts[j].source && (fd = open_volume(b, a, &a->mounts[j], &p->apps[i])) < 0)
                                return fd;
                        p->apps[i].mounts[j] = fd;
                }
        }
        return 0;
}

static int set_propagation(unsigned long propagation) {
        if (mount(NULL, "/", NULL, MS_REC | propagation, NULL) < 0)
                return log_error_errno(errno, "cannot separate the pod's mounts from the host's");
        return 0;
}

/* Its owner is one of the pod's, which is not where it is mounted. */
static int mount_tmpfs(const Boot *b, const PlanVolume *volume) {
        const IdRange *users = &b->plan->users;
        PlanVolume v = *volume;
        if (users->count > 0 && (v.uid >= users->count || v.gid >= users->count)) {
                log_error("volume \"%s\": the pod's user namespace has no user %u or no group %u", v.name,
                                v.uid, v.gid);
                return -EINVAL;
        }
        v.uid += users->shift;
        v.gid += users->shift;
        return volume_tmpfs_mount(&v, b->pod, BASIC_ATTRIBUTES, b->plan->selinux_mount_context);
}

/* Seen by nobody but PID 1, from whose copies of them the apps have theirs. */
static int mount_tmpfs_volumes(const Boot *b) {
        for (size_t i = 0; i < b->plan->n_volumes; i++) {
                int r = b->plan->volumes[i].tmpfs ? mount_tmpfs(b, &b->plan->volumes[i]) : 0;
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Puts a mapped view of a directory on top of itself: what is looked up there from now on belongs to the
 * pod's users. Returns its descriptor. */
static int cover_mapped(const Boot *b, const char *path) {
        _cleanup_close_ int fd = mount_clone(b->pod, path, false);
        int r = fd < 0 ? fd : mount_map_owners(fd, false, b->user_namespace);
        if (r >= 0)
                r = mount_attach_at(fd, b->pod, *path ? path : ".");
        return r < 0 ? r : TAKE_FD(fd);
}

/* The pod's files and the trees of images, in two mounts however many there are. What a pod writes is so on
 * disk as if there were no user namespace: it can be exported, and removed, and has no trace of the range.
 */
static int map_owners(Boot *b) {
        if (b->user_namespace < 0)
                return 0;
        int pod = cover_mapped(b, "");
        if (pod < 0) {
                log_debug_errno(pod, "the data directory cannot show owners mapped: changing those of the "
                                     "pod's files");
                int r = shift_tree_at(b->pod, "stage1/rootfs", b->plan->users);
                if (r >= 0 && b->plan->n_volumes > 0)
                        r = shift_tree_at(b->pod, "sharedVolumes", b->plan->users);
                return r < 0 ? log_error_errno(r, "cannot give the pod's files to its users") : 0;
        }
        b->pod = pod;
        _cleanup_close_ int trees = cover_mapped(b, "../../../cas/tree");
        if (trees < 0 && trees != -ENOENT)
                return log_error_errno(trees, "cannot show the owners of the images' trees mapped");
        return 0;
}

/* of_pod: beside what the apps have. */
static int open_mounts(Boot *b, PodRoot *p, bool of_pod) {
        p->apps = xnew(AppSources, b->plan->n_apps);
        for (size_t i = 0; i < b->plan->n_apps; i++)
                p->apps[i].root = p->apps[i].credentials = -1;
        /* copies keep this: volumes get the host's changes, and nothing ever gets the pod's */
        int r = set_propagation(MS_SLAVE);
        if (r >= 0 && of_pod && b->user_namespace < 0) /* machined mounts nothing in one */
                p->incoming = incoming_open(b->plan->uuid);
        if (r < 0 || (r = open_volumes(b, p, true)) < 0 || (r = set_propagation(MS_PRIVATE)) < 0 ||
                        (r = map_owners(b)) < 0 || (r = mount_tmpfs_volumes(b)) < 0 ||
                        (r = open_volumes(b, p, false)) < 0)
                return r;
        if (b->plan->resolv_conf == PLAN_FILE_HOST)
                r = open_host_file(host_resolv_conf(b->plan), &p->resolv_conf);
        if (r >= 0 && b->plan->hosts == PLAN_FILE_HOST)
                r = open_host_file("/etc/hosts", &p->hosts);
        if (of_pod)
                p->host_usr = open_host_usr();
        if (r >= 0 && of_pod && flavour.manager)
                r = open_programs(b, p);
        return r;
}

/* An app's root, detached. Set-user-ID programs of the image work in it, devices do not. */
static int open_app_root(const Boot *b, const PlanApp *a) {
        if (a->root.kind == PLAN_ROOT_DIRECTORY) {
                _cleanup_close_ int fd = mount_clone(b->pod, a->root.path, false);
                int r = fd < 0 ? fd : mount_restrict(fd, "", false, MOUNT_ATTR_NODEV, 0);
                if (r < 0)
                        return log_error_errno(
                                        r, "app %s: cannot use %s as its root", a->name, a->root.path);
                return TAKE_FD(fd);
        }
        _cleanup_free_ char *why = NULL;
        int fd = overlay_mount(b->pod, a->root.lower, a->root.upper, a->root.work, MOUNT_ATTR_NODEV,
                        a->selinux_mount_context, &why);
        if (fd < 0)
                return log_error_errno(fd, "app %s: cannot mount its overlay%s%s", a->name, why ? ": " : "",
                                why ?: "");
        return fd;
}

static int make_directories(int root) {
        static const char *const directories[] = {
                "proc",
                "sys",
                "dev",
                "run",
                "tmp",
                "usr",
                "etc",
                "var",
                "var/log",
                "var/log/journal",
                "opt",
                "opt/stage2",
                "rkt",
                "rkt/status",
                "rkt/env",
        };
        for (size_t i = 0; i < ELEMENTSOF(directories); i++)
                if (mkdirat(root, directories[i], 0755) < 0 && errno != EEXIST)
                        return log_error_errno(errno, "cannot create stage1/rootfs/%s", directories[i]);
        return 0;
}

static int write_etc(const Boot *b, int root) {
        char machine_id[34];
        uuid_machine_id(b->plan->uuid, machine_id);
        machine_id[32] = '\n';
        machine_id[33] = 0;
        _cleanup_free_ char *hostname = xasprintf("%s\n", b->plan->hostname);
        _cleanup_free_ char *hosts = xasprintf("127.0.0.1\tlocalhost %s\n"
                                               "::1\tlocalhost ip6-localhost ip6-loopback\n",
                        b->plan->hostname);
        static const char os_release_format[] = "ID=rkt\nNAME=rkt\nVERSION_ID=" RKT_VERSION
                                                "\nPRETTY_NAME=\"rkt " RKT_VERSION " (%s)\"\n";
        _cleanup_free_ char *os_release = xasprintf(os_release_format, flavour.name);
        const struct {
                const char *path, *text;
        } files[] = {
                { "etc/machine-id", machine_id },
                { "etc/hostname", hostname },
                { "etc/hosts-fallback", hosts },
                { "etc/os-release", os_release },
        };
        for (size_t i = 0; i < ELEMENTSOF(files); i++) {
                int r = write_string_at(root, files[i].path, files[i].text, 0644);
                if (r < 0)
                        return log_error_errno(r, "cannot write stage1/rootfs/%s", files[i].path);
        }
        return 0;
}

void pod_sources_close(PodRoot *p, const Plan *plan) {
        for (size_t i = 0; i < plan->n_apps; i++) {
                for (size_t j = 0; j < plan->apps[i].n_mounts; j++)
                        close(p->apps[i].mounts[j]);
                free(p->apps[i].mounts);
                if (p->apps[i].root >= 0)
                        close(p->apps[i].root);
                if (p->apps[i].credentials >= 0)
                        close(p->apps[i].credentials);
                free(p->apps[i].devices);
        }
        free(p->apps);
        p->apps = NULL;
        if (p->resolv_conf >= 0)
                close(TAKE_FD(p->resolv_conf));
        if (p->hosts >= 0)
                close(TAKE_FD(p->hosts));
}

/* Overlayfs makes its working files as who has mounted it: that must be somebody whom the mapped file system
 * knows. */
static int open_app_roots(const Boot *b, PodRoot *p) {
        bool mapped = b->user_namespace >= 0;
        int r = 0;
        if (mapped) {
                setfsgid(b->plan->users.shift);
                setfsuid(b->plan->users.shift);
                r = capabilities_set_effective(capabilities_all());
        }
        for (size_t i = 0; r >= 0 && i < b->plan->n_apps; i++)
                r = p->apps[i].root = open_app_root(b, &b->plan->apps[i]);
        if (mapped) {
                setfsuid(0);
                setfsgid(0);
        }
        return r;
}

/* Not in a user namespace: the owners that the host's root would have to write there it does not know. */
static int fill_volumes(const Boot *b, const PodRoot *p) {
        int r = 0;
        for (size_t i = 0; r >= 0 && b->user_namespace < 0 && i < b->plan->n_apps; i++)
                r = volume_fill(&b->plan->apps[i], p->apps[i].root, p->apps[i].mounts);
        return r;
}

static int copy_credentials(const Boot *b, const PodRoot *p) {
        for (size_t i = 0; b->credentials && i < b->plan->n_apps; i++) {
                p->apps[i].credentials = credentials_copy(b->plan->users.shift);
                if (p->apps[i].credentials < 0)
                        return log_error_errno(p->apps[i].credentials,
                                        "app %s: cannot copy the credentials of the unit",
                                        b->plan->apps[i].name);
        }
        return 0;
}

/* Detached, so that it can become the root of the pod, wherever that is built. */
static int open_root(const Boot *b, PodRoot *p) {
        p->root = mount_clone(b->pod, "stage1/rootfs", false);
        int r = p->root < 0 ? p->root : mount_restrict(p->root, "", false, BASIC_ATTRIBUTES, 0);
        return r < 0 ? log_error_errno(r, "cannot make a mount of the pod's stage1/rootfs") : 0;
}

int pod_sources_open(const Boot *outer, PodRoot *p) {
        Boot b = *outer;
        /* the working directory came along into the new mount namespace, descriptors did not */
        _cleanup_close_ int pod = b.pod = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
        _cleanup_close_ int stage1 = open("stage1/rootfs", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (pod < 0 || stage1 < 0)
                return log_error_errno(errno, "cannot open the pod's directory");
        int r = make_directories(stage1);
        if (r < 0 || (r = write_etc(&b, stage1)) < 0 || (r = open_mounts(&b, p, true)) < 0 ||
                        (r = open_app_roots(&b, p)) < 0 || (r = fill_volumes(&b, p)) < 0 ||
                        (r = copy_credentials(&b, p)) < 0)
                return r;
        r = open_root(&b, p);
        if (b.pod != pod)
                close(b.pod);
        return r;
}

int pod_sources_open_app(const Boot *outer, PodRoot *p) {
        Boot b = *outer;
        _cleanup_close_ int pod = b.pod = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (pod < 0)
                return log_error_errno(errno, "cannot open the pod's directory");
        int r = open_mounts(&b, p, false);
        if (r >= 0)
                r = open_app_roots(&b, p);
        if (r >= 0)
                r = fill_volumes(&b, p);
        if (b.pod != pod)
                close(b.pod);
        return r;
}

int pod_sources_foreach(PodRoot *p, const Plan *plan, int (*each)(int *fd, void *userdata), void *userdata) {
        int *const own[] = { &p->root, &p->sys, &p->resolv_conf, &p->hosts, &p->host_usr, &p->incoming,
                &p->programs };
        int r = 0;
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(own); i++)
                r = each(own[i], userdata);
        for (size_t i = 0; i < plan->n_apps; i++) {
                if (r >= 0)
                        r = each(&p->apps[i].root, userdata);
                if (r >= 0)
                        r = each(&p->apps[i].credentials, userdata);
                for (size_t j = 0; r >= 0 && j < plan->apps[i].n_mounts; j++)
                        r = each(&p->apps[i].mounts[j], userdata);
        }
        return r;
}
