/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipam-store.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>

#include "alloc.h"
#include "file.h"
#include "lock.h"

#define OWNER_MAX 4096

struct IpamStore {
        int directory, lock;
};

int ipam_store_open(const char *directory, const char *network, IpamStore **ret) {
        _cleanup_ipam_store_ IpamStore *s = xnew(IpamStore, 1);
        s->directory = s->lock = -1;
        _cleanup_free_ char *path = xasprintf("%s/%s", directory ? directory : IPAM_DIRECTORY, network);
        s->directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (s->directory < 0 && errno == ENOENT) {
                int r = mkdir_parents_at(AT_FDCWD, path, 0755);
                if (r < 0)
                        return r;
                s->directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        }
        if (s->directory < 0)
                return -errno;
        s->lock = lock_file_at(s->directory, "lock", LOCK_MODE_EXCLUSIVE, true);
        if (s->lock < 0)
                return s->lock;
        *ret = TAKE_PTR(s);
        return 0;
}

void ipam_store_close(IpamStore *s) {
        if (s->lock >= 0)
                close(s->lock);
        if (s->directory >= 0)
                close(s->directory);
        free(s);
}

/* The name appears with its content, so that a crash leaves no address that is nobody's. */
int ipam_store_reserve(
                IpamStore *s, const char *container_id, const char *ifname, const IpAddress *a, size_t set) {
        char address[IP_TEXT_MAX], last[64];
        ip_format(a, address);
        if (faccessat(s->directory, address, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
                return 0;
        if (errno != ENOENT)
                return -errno;
        _cleanup_free_ char *owner = xasprintf("%s\r\n%s", container_id, ifname);
        int r = replace_file_at(s->directory, address, owner, strlen(owner), 0644, false);
        if (r < 0)
                return r;
        snprintf(last, sizeof(last), "last_reserved_ip.%zu", set);
        r = replace_file_at(s->directory, last, address, strlen(address), 0644, false);
        return r < 0 ? r : 1;
}

bool ipam_store_last(IpamStore *s, size_t set, IpAddress *ret) {
        _cleanup_free_ char *text = NULL;
        char name[64];
        size_t size;
        snprintf(name, sizeof(name), "last_reserved_ip.%zu", set);
        return read_file_at(s->directory, name, IP_TEXT_MAX, &text, &size) >= 0 && ip_parse(text, ret) >= 0;
}

void ipam_owner_parse(char *text, size_t size, IpamOwner *ret) {
        while (size > 0 && isspace((unsigned char) text[size - 1]))
                text[--size] = 0;
        *ret = (IpamOwner){ .container_id = text };
        char *end = strpbrk(text, "\r\n");
        if (end) {
                ret->ifname = end + strspn(end, "\r\n");
                *end = 0;
        }
}

/* -ENOENT for what is no address, too. The owner lies in the text. */
static int read_owner(IpamStore *s, const char *name, IpAddress *address, char **ret_text, IpamOwner *ret) {
        size_t size;
        if (ip_parse(name, address) < 0)
                return -ENOENT;
        int r = read_file_at(s->directory, name, OWNER_MAX, ret_text, &size);
        if (r >= 0)
                ipam_owner_parse(*ret_text, size, ret);
        return r;
}

typedef int (*EachOwner)(IpamStore *s, const char *name, const IpAddress *a, const IpamOwner *o, void *data);

static int each_owner(IpamStore *s, EachOwner each, void *data) {
        int fd = openat(s->directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
        _cleanup_closedir_ DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
        if (!d)
                return -errno;
        for (struct dirent *e; r >= 0 && (e = readdir(d));) {
                _cleanup_free_ char *text = NULL;
                IpamOwner o;
                IpAddress a;
                if (read_owner(s, e->d_name, &a, &text, &o) >= 0)
                        r = each(s, e->d_name, &a, &o, data);
        }
        return r;
}

typedef struct Attachment {
        const char *container_id, *ifname;
        IpAddress *addresses;
        size_t n;
} Attachment;

/* A file of an older version says no interface: it counts for each of the container's. */
static bool is_of(const IpamOwner *o, const Attachment *t) {
        return streq(o->container_id, t->container_id) && (!o->ifname || streq(o->ifname, t->ifname));
}

static int take_address(IpamStore *s, const char *name, const IpAddress *a, const IpamOwner *o, void *data) {
        Attachment *t = data;
        if (is_of(o, t)) {
                xgrow(&t->addresses, t->n);
                t->addresses[t->n++] = *a;
        }
        return 0;
}

int ipam_store_find(
                IpamStore *s, const char *container_id, const char *ifname, IpAddress **ret, size_t *ret_n) {
        Attachment t = { .container_id = container_id, .ifname = ifname };
        int r = each_owner(s, take_address, &t);
        if (r < 0) {
                free(t.addresses);
                return r;
        }
        *ret = t.addresses;
        *ret_n = t.n;
        return 0;
}

static int give_back(IpamStore *s, const char *name) {
        return unlinkat(s->directory, name, 0) < 0 && errno != ENOENT ? -errno : 0;
}

static int release_one(IpamStore *s, const char *name, const IpAddress *a, const IpamOwner *o, void *data) {
        return is_of(o, data) ? give_back(s, name) : 0;
}

int ipam_store_release(IpamStore *s, const char *container_id, const char *ifname) {
        Attachment t = { .container_id = container_id, .ifname = ifname };
        return each_owner(s, release_one, &t);
}

typedef struct Collection {
        IpamStoreKeep keep;
        void *data;
} Collection;

static int collect_one(IpamStore *s, const char *name, const IpAddress *a, const IpamOwner *o, void *data) {
        Collection *c = data;
        return c->keep(o->container_id, o->ifname, c->data) ? 0 : give_back(s, name);
}

int ipam_store_collect(IpamStore *s, IpamStoreKeep keep, void *data) {
        Collection c = { keep, data };
        return each_owner(s, collect_one, &c);
}
