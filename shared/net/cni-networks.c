/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The networks of the configuration directories. */

#include <errno.h>
#include <fcntl.h>

#include "alloc.h"
#include "cni-config.h"
#include "file.h"
#include "log.h"
#include "strv.h"

#define CONFIG_FILE_MAX (1024 * 1024)

static const char *base_name(const char *path) {
        return strrchr(path, '/') + 1;
}

static bool is_config(const char *name) {
        return name[0] != '.' &&
               (endswith(name, ".conf") || endswith(name, ".json") || endswith(name, ".conflist"));
}

static int read_network(int directory, const char *path, CniNetwork *ret) {
        _cleanup_free_ char *text = NULL, *error = NULL;
        size_t size;
        int r = read_file_at(directory, base_name(path), CONFIG_FILE_MAX, &text, &size);
        if (r < 0)
                return log_error_errno(r, "cannot read the network in %s", path);
        r = cni_network_parse(path, text, size, ret, &error);
        if (r < 0)
                log_error("%s", error);
        return r;
}

/* first: how many of the list come from other directories, whose networks may be replaced. */
static void take(CniNetworks *l, size_t first, CniNetwork *n) {
        CniNetwork *same = cni_networks_find(l, n->name);
        if (!same) {
                xgrow(&l->items, l->n);
                l->items[l->n++] = *n;
                return;
        }
        if (same >= l->items + first) {
                log_warning("ignoring the network \"%s\" of %s: %s has one of that name", n->name, n->path,
                                same->path);
                cni_network_done(n);
                return;
        }
        log_debug("overriding \"%s\" network with one from %s", n->name, n->path);
        cni_network_done(same);
        *same = *n;
}

static int read_directory(const char *path, CniNetworks *l) {
        _cleanup_close_ int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_strv_ char **names = NULL;
        if (directory < 0)
                return errno == ENOENT ? 0 : log_error_errno(errno, "cannot open %s", path);
        int r = list_directory_at(directory, ".", &names);
        if (r < 0)
                return log_error_errno(r, "cannot list %s", path);
        size_t first = l->n;
        STRV_FOREACH (name, names) {
                if (!is_config(*name))
                        continue;
                _cleanup_free_ char *file = xasprintf("%s/%s", path, *name);
                CniNetwork n;
                if ((r = read_network(directory, file, &n)) < 0)
                        return r;
                take(l, first, &n);
        }
        return 0;
}

static int compare_files(const void *a, const void *b) {
        const CniNetwork *x = a, *y = b;
        return strcmp(base_name(x->path), base_name(y->path));
}

int cni_networks_read(const char *system, const char *local, CniNetworks *ret) {
        /* those that units have put there are neither the vendor's nor the administrator's */
        const char *directories[] = { system, CNI_NETWORKS_RUNTIME, local };
        _cleanup_cni_networks_ CniNetworks l = {};
        for (size_t i = 0; i < ELEMENTSOF(directories); i++) {
                if (!directories[i])
                        continue;
                _cleanup_free_ char *path = xasprintf("%s/net.d", directories[i]);
                int r = read_directory(path, &l);
                if (r < 0)
                        return r;
        }
        if (l.n > 0)
                qsort(l.items, l.n, sizeof(*l.items), compare_files);
        *ret = l;
        l = (CniNetworks){};
        return 0;
}

CniNetwork *cni_networks_find(const CniNetworks *l, const char *name) {
        for (size_t i = 0; i < l->n; i++)
                if (streq(l->items[i].name, name))
                        return &l->items[i];
        return NULL;
}

void cni_networks_done(CniNetworks *l) {
        for (size_t i = 0; i < l->n; i++)
                cni_network_done(&l->items[i]);
        free(l->items);
        *l = (CniNetworks){};
}

int cni_network_lock(const CniNetwork *n, LockMode mode) {
        _cleanup_close_ int fd = open(n->path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        int r = lock_fd(fd, mode, true);
        return r < 0 ? r : TAKE_FD(fd);
}
