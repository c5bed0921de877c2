/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "named-volume.h"

#include <errno.h>
#include <fcntl.h>

#include "alloc.h"
#include "file.h"
#include "lock.h"
#include "log.h"
#include "pod-manifest.h"
#include "pod.h"
#include "prepare.h"
#include "strv.h"

#define GONE ".gone-"

/* In the order in which pods move: one that moves on meanwhile is met again, not missed. */
#define PLACES                                                                                              \
        (POD_PLACE_BIT(POD_PLACE_PREPARE) | POD_PLACE_BIT(POD_PLACE_PREPARED) | POD_PLACE_BIT(POD_PLACE_RUN))

char *named_volume_path(const char *data_dir, const char *name) {
        return xasprintf("%s/volumes/%s", data_dir, name);
}

static char *directory(const char *data_dir) {
        return xasprintf("%s/volumes", data_dir);
}

int named_volumes_list(const char *data_dir, char ***ret) {
        _cleanup_free_ char *path = directory(data_dir);
        _cleanup_strv_ char **entries = NULL;
        char **names = strv_copy(NULL);
        int r = list_directory_at(AT_FDCWD, path, &entries);
        if (r < 0 && r != -ENOENT) {
                strv_free(names);
                return log_error_errno(r, "%s", path);
        }
        STRV_FOREACH (e, entries)
                if (volume_name_is_valid(*e))
                        strv_add(&names, *e);
        *ret = names;
        return 0;
}

void named_volume_uses_done(NamedVolumeUses *u) {
        for (size_t i = 0; i < u->n; i++)
                free(u->items[i].volume);
        free(u->items);
        strv_free(u->unreadable);
        *u = (NamedVolumeUses){};
}

static void add_use(NamedVolumeUses *u, const Pod *p, const Volume *v) {
        if (!v || v->kind != VOLUME_NAMED)
                return;
        for (size_t i = u->n; i > 0 && streq(u->items[i - 1].uuid, p->uuid); i--)
                if (streq(u->items[i - 1].volume, v->source))
                        return;
        xgrow(&u->items, u->n);
        NamedVolumeUse *use = &u->items[u->n++];
        use->volume = xstrdup(v->source);
        snprintf(use->uuid, sizeof(use->uuid), "%s", p->uuid);
}

static int look_at_pod(Pod *p, void *userdata) {
        NamedVolumeUses *u = userdata;
        _cleanup_pod_manifest_ PodManifest *m = NULL;
        _cleanup_free_ char *error = NULL;
        if (p->state != POD_PREPARING && p->state != POD_PREPARED && p->state != POD_RUNNING)
                return 0;
        int r = pod_manifest_load_at(p->fd, "pod", &m, &error);
        if (r < 0) {
                strv_add(&u->unreadable, p->uuid);
                return 0;
        }
        for (size_t i = 0; i < m->n_volumes; i++)
                add_use(u, p, &m->volumes[i]);
        for (size_t i = 0; i < m->n_apps; i++)
                for (size_t j = 0; j < m->apps[i].n_mounts; j++)
                        add_use(u, p, m->apps[i].mounts[j].app_volume);
        return 0;
}

int named_volume_uses_read(const char *data_dir, NamedVolumeUses *ret) {
        NamedVolumeUses u = {};
        int r = pods_foreach(data_dir, PLACES, look_at_pod, &u);
        if (r < 0) {
                named_volume_uses_done(&u);
                return log_error_errno(r, "cannot look through the pods in %s/pods", data_dir);
        }
        *ret = u;
        return 0;
}

int named_volume_create(const char *data_dir, const char *name, mode_t mode, uid_t uid, gid_t gid) {
        _cleanup_free_ char *parent = directory(data_dir), *path = named_volume_path(data_dir, name);
        int r = mkdir_parents_at(AT_FDCWD, parent, 0750);
        if (r >= 0)
                r = mkdir_owned_at(AT_FDCWD, path, mode, uid, gid);
        if (r == -EEXIST)
                log_error("there is a volume \"%s\" already", name);
        else if (r < 0)
                log_error_errno(r, "volume \"%s\": cannot create %s", name, path);
        return r;
}

static int check_unused(const char *data_dir, const char *name) {
        _cleanup_named_volume_uses_ NamedVolumeUses u = {};
        _cleanup_strv_ char **users = NULL;
        int r = named_volume_uses_read(data_dir, &u);
        if (r < 0)
                return r;
        for (size_t i = 0; i < u.n; i++)
                if (streq(u.items[i].volume, name))
                        strv_add(&users, u.items[i].uuid);
        if (!users && !u.unreadable)
                return 0;
        _cleanup_free_ char *joined = strv_join(users ?: u.unreadable, ", ");
        if (users)
                log_error("volume \"%s\" is in use by the pod %s", name, joined);
        else
                log_error("volume \"%s\" may be in use: cannot read the manifest of the pod %s", name,
                                joined);
        return -EBUSY;
}

/* What was interrupted: whoever removes a volume holds the lock. */
static void remove_leftovers(int fd) {
        _cleanup_strv_ char **entries = NULL;
        if (list_directory_at(fd, ".", &entries) < 0)
                return;
        STRV_FOREACH (e, entries)
                if (startswith(*e, GONE))
                        remove_tree_at(fd, *e, true);
}

int named_volume_remove(const char *data_dir, const char *name) {
        _cleanup_free_ char *path = directory(data_dir);
        /* a pod that is being prepared has no manifest yet that could be looked at */
        _cleanup_close_ int lock = prepare_lock(LOCK_MODE_EXCLUSIVE);
        if (lock < 0)
                return lock;
        _cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0 && errno != ENOENT)
                return log_error_errno(errno, "%s", path);
        if (fd < 0 || faccessat(fd, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0) {
                log_error("there is no volume \"%s\"", name);
                return -ENOENT;
        }
        int r = check_unused(data_dir, name);
        if (r < 0)
                return r;
        remove_leftovers(fd);
        _cleanup_free_ char *gone = xasprintf(GONE "%s", name);
        if (renameat(fd, name, fd, gone) < 0)
                return log_error_errno(errno, "volume \"%s\": cannot remove %s/%s", name, path, name);
        r = remove_tree_at(fd, gone, true);
        return r < 0 ? log_error_errno(r, "volume \"%s\": removing %s/%s", name, path, gone) : 0;
}
