/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "name-directory.h"

#include <errno.h>
#include <fcntl.h>

#include "alloc.h"
#include "file.h"
#include "lock.h"
#include "strv.h"

#define HOSTS_MAX (1024 * 1024)

static int open_lock(const char *path) {
        _cleanup_free_ char *lock = xasprintf("%s.lock", path);
        int r, tries = 0;
        do { /* the last of another network may have removed the directory just now */
                r = mkdir_parents_at(AT_FDCWD, NAME_DIRECTORY, 0755);
                if (r >= 0)
                        r = lock_file_at(AT_FDCWD, lock, LOCK_MODE_EXCLUSIVE, true);
        } while (r == -ENOENT && tries++ < 10);
        return r;
}

int name_directory_open(const char *network, NameDirectory *ret) {
        NameDirectory d = { .path = xasprintf(NAME_DIRECTORY "/%s", network) };
        d.hosts = xasprintf("%s/hosts", d.path);
        d.lock = open_lock(d.path);
        int r = d.lock < 0 ? d.lock : mkdir_parents_at(AT_FDCWD, d.hosts, 0755);
        *ret = d;
        if (r < 0)
                name_directory_close(ret);
        return r;
}

void name_directory_close(NameDirectory *d) {
        if (d->lock >= 0) {
                if (name_directory_is_empty(d)) {
                        _cleanup_free_ char *lock = xasprintf("%s.lock", d->path);
                        remove_tree_at(AT_FDCWD, d->path, true);
                        unlink(lock);
                        rmdir(NAME_DIRECTORY); /* unless there are other networks */
                }
                close(TAKE_FD(d->lock));
        }
        free(d->path);
        free(d->hosts);
        *d = (NameDirectory){ .lock = -1 };
}

static char *file_of(const NameDirectory *d, const char *container_id, const char *ifname) {
        return xasprintf("%s/%s:%s", d->hosts, container_id, ifname);
}

/* By way of the directory above: dnsmasq would read an unfinished one, too. */
int name_directory_write(
                const NameDirectory *d, const char *container_id, const char *ifname, const char *text) {
        _cleanup_free_ char *path = file_of(d, container_id, ifname),
                            *temporary = xasprintf("%s/new", d->path);
        int r = write_string_at(AT_FDCWD, temporary, text, 0644);
        if (r >= 0 && chmod(temporary, 0644) < 0) /* whatever the umask: dnsmasq is not root */
                r = -errno;
        if (r >= 0 && rename(temporary, path) < 0)
                r = -errno;
        return r;
}

bool name_directory_has(
                const NameDirectory *d, const char *container_id, const char *ifname, const char *text) {
        _cleanup_free_ char *path = file_of(d, container_id, ifname), *found = NULL;
        size_t size;
        return read_file_at(AT_FDCWD, path, HOSTS_MAX, &found, &size) >= 0 && streq(found, text);
}

int name_directory_remove(const NameDirectory *d, const char *container_id, const char *ifname) {
        _cleanup_free_ char *path = file_of(d, container_id, ifname);
        return unlink(path) < 0 && errno != ENOENT ? -errno : 0;
}

int name_directory_collect(const NameDirectory *d, const CniCall *c) {
        _cleanup_strv_ char **files = NULL;
        int first = 0, r = list_directory_at(AT_FDCWD, d->hosts, &files);
        if (r < 0)
                return r;
        STRV_FOREACH (f, files) {
                char *ifname = strchr(*f, ':');
                if (!ifname)
                        continue;
                *ifname++ = 0;
                if (!cni_call_is_valid_attachment(c, *f, ifname))
                        r = name_directory_remove(d, *f, ifname);
                if (r < 0 && first == 0)
                        first = r;
        }
        return first;
}

bool name_directory_is_empty(const NameDirectory *d) {
        _cleanup_strv_ char **files = NULL;
        int r = list_directory_at(AT_FDCWD, d->hosts, &files);
        return r == -ENOENT || (r >= 0 && !*files);
}
