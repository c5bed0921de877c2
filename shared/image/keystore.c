/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "keystore.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sys/stat.h>

#include "alloc.h"
#include "file.h"
#include "log.h"
#include "strv.h"
#include "types.h"

#define ROOT_DIRECTORY   "trustedkeys/root.d"
#define PREFIX_DIRECTORY "trustedkeys/prefix.d"

void trusted_keys_clear(TrustedKeys *l) {
        for (size_t i = 0; i < l->n; i++) {
                free(l->items[i].fingerprint);
                free(l->items[i].path);
                free(l->items[i].prefix);
        }
        free(l->items);
        *l = (TrustedKeys){};
}

const TrustedKey *trusted_keys_find(const TrustedKeys *l, const char *fingerprint) {
        for (size_t i = 0; i < l->n; i++)
                if (streq(l->items[i].fingerprint, fingerprint))
                        return &l->items[i];
        return NULL;
}

static void remove_key(TrustedKeys *l, const char *fingerprint) {
        TrustedKey *k = (TrustedKey *) trusted_keys_find(l, fingerprint);
        if (!k)
                return;
        free(k->fingerprint);
        free(k->path);
        free(k->prefix);
        *k = l->items[--l->n];
}

static void add_key(TrustedKeys *l, const char *fingerprint, const char *path, const char *prefix) {
        remove_key(l, fingerprint);
        xgrow(&l->items, l->n);
        l->items[l->n++] = (TrustedKey){ xstrdup(fingerprint), xstrdup(path), xstrdup(prefix) };
}

bool keystore_prefix_covers(const char *prefix, const char *name) {
        const char *rest = startswith(name, prefix);
        return !*prefix || (rest && (*rest == 0 || *rest == '/'));
}

/* 160 bits in version 4 of the format, 256 in later ones. */
static bool is_fingerprint(const char *s) {
        size_t n = strspn(s, "0123456789abcdef");
        return !s[n] && (n == 40 || n == 64);
}

/* A file of the name that keystore_add writes to before it renames. */
static bool is_temporary(const char *name) {
        return name[0] == '.' || strstr(name, ".tmp-");
}

static int take_file(
                int dirfd, const char *directory, const char *name, const char *prefix, TrustedKeys *l) {
        struct stat st;
        _cleanup_free_ char *path = xasprintf("%s/%s", directory, name);
        if (fstatat(dirfd, name, &st, 0) < 0)
                return log_error_errno(errno, "trusted key %s", path);
        if (S_ISDIR(st.st_mode) || is_temporary(name))
                return 0; /* a longer prefix */
        if (!S_ISREG(st.st_mode) || !is_fingerprint(name)) {
                log_error("%s does not belong there: expected files that are named by the fingerprint of a "
                          "key, "
                          "in lower case",
                                path);
                return -EINVAL;
        }
        if (st.st_size == 0)
                remove_key(l, name);
        else
                add_key(l, name, path, prefix);
        return 0;
}

static int take_directory(const char *directory, const char *prefix, TrustedKeys *l) {
        _cleanup_close_ int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_strv_ char **names = NULL;
        if (fd < 0)
                return errno == ENOENT || errno == ENOTDIR || errno == ENAMETOOLONG
                                       ? 0
                                       : log_error_errno(errno, "trusted keys in %s", directory);
        int r = list_directory_at(fd, ".", &names);
        if (r < 0)
                return log_error_errno(r, "trusted keys in %s", directory);
        STRV_FOREACH (name, names) {
                r = take_file(fd, directory, *name, prefix, l);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int take_root(const char *base, TrustedKeys *l) {
        _cleanup_free_ char *directory = xasprintf("%s/" ROOT_DIRECTORY, base);
        return take_directory(directory, "", l);
}

/* The prefixes of a/b/c are a, a/b and a/b/c. */
static int take_prefixes(const char *base, const char *name, TrustedKeys *l) {
        int r = 0;
        for (const char *end = name; r >= 0 && *end; end += *end != 0) {
                end += strcspn(end, "/");
                _cleanup_free_ char *prefix = xstrndup(name, end - name);
                _cleanup_free_ char *directory = xasprintf("%s/" PREFIX_DIRECTORY "/%s", base, prefix);
                r = take_directory(directory, prefix, l);
        }
        return r;
}

static int load(const Keystore *k, const char *name, TrustedKeys *ret) {
        TrustedKeys l = {};
        int r = take_root(k->system, &l);
        if (r >= 0)
                r = take_root(k->local, &l);
        if (r >= 0)
                r = take_prefixes(k->system, name, &l);
        if (r >= 0)
                r = take_prefixes(k->local, name, &l);
        if (r < 0) {
                trusted_keys_clear(&l);
                return r;
        }
        *ret = l;
        return 0;
}

int keystore_load(const Keystore *k, const char *name, TrustedKeys *ret) {
        /* A name becomes a path: an identifier has neither "." nor ".." in it. */
        if (!ac_identifier_is_valid(name)) {
                log_error("\"%s\" is not the name of an image: expected %s", name, AC_IDENTIFIER_FORM);
                return -EINVAL;
        }
        return load(k, name, ret);
}

int keystore_has_prefix(const Keystore *k, const char *name) {
        _cleanup_trusted_keys_ TrustedKeys keys = {};
        int r = keystore_load(k, name, &keys);
        for (size_t i = 0; r >= 0 && i < keys.n; i++)
                if (*keys.items[i].prefix)
                        return 1;
        return r;
}

/* The directories below base/prefix, with it, as prefixes. */
static int find_prefixes(const char *base, const char *prefix, unsigned depth, char ***prefixes) {
        _cleanup_free_ char *directory =
                        xasprintf("%s/" PREFIX_DIRECTORY "%s%s", base, *prefix ? "/" : "", prefix);
        _cleanup_strv_ char **names = NULL;
        int r = list_directory_at(AT_FDCWD, directory, &names);
        if (r == -ENOENT || r == -ENOTDIR || depth == 0)
                return 0;
        if (r < 0)
                return log_error_errno(r, "trusted keys in %s", directory);
        STRV_FOREACH (name, names) {
                _cleanup_free_ char *child = xasprintf("%s%s%s", prefix, *prefix ? "/" : "", *name);
                if (is_fingerprint(*name) || !ac_identifier_is_valid(child))
                        continue;
                if (!strv_contains(*prefixes, child))
                        strv_add(prefixes, child);
                r = find_prefixes(base, child, depth - 1, prefixes);
                if (r < 0)
                        return r;
        }
        return 0;
}

#define PREFIX_DEPTH_MAX 32

int keystore_load_all(const Keystore *k, TrustedKeys *ret) {
        _cleanup_strv_ char **prefixes = strv_copy(NULL);
        TrustedKeys all = {};
        strv_add(&prefixes, "");
        int r = find_prefixes(k->system, "", PREFIX_DEPTH_MAX, &prefixes);
        if (r >= 0)
                r = find_prefixes(k->local, "", PREFIX_DEPTH_MAX, &prefixes);
        for (size_t i = 0; r >= 0 && prefixes[i]; i++) {
                _cleanup_trusted_keys_ TrustedKeys some = {};
                r = load(k, prefixes[i], &some);
                for (size_t j = 0; j < some.n; j++)
                        if (!trusted_keys_find(&all, some.items[j].fingerprint))
                                add_key(&all, some.items[j].fingerprint, some.items[j].path,
                                                some.items[j].prefix);
        }
        if (r < 0) {
                trusted_keys_clear(&all);
                return r;
        }
        *ret = all;
        return 0;
}

/* Who made it, if that is we, may have it belong to the group that may change it. */
static int make_directory(const char *path) {
        if (mkdir(path, 0775) < 0)
                return errno == EEXIST ? 0 : -errno;
        const struct group *group = geteuid() == 0 ? getgrnam("rkt-admin") : NULL;
        if (group && chown(path, -1, group->gr_gid) < 0)
                return -errno;
        return chmod(path, 0775 | S_ISGID) < 0 ? -errno : 0;
}

static int make_directories(const char *base, const char *path) {
        _cleanup_free_ char *whole = xasprintf("%s/%s", base, path);
        for (char *p = whole + strlen(base) + 1; *p; p++) {
                if (*p != '/')
                        continue;
                *p = 0;
                int r = make_directory(whole);
                *p = '/';
                if (r < 0)
                        return r;
        }
        return make_directory(whole);
}

int keystore_add(const Keystore *k, const char *prefix, const char *fingerprint, const char *key,
                size_t size, char **ret_path) {
        _cleanup_free_ char *directory =
                        *prefix ? xasprintf(PREFIX_DIRECTORY "/%s", prefix) : xstrdup(ROOT_DIRECTORY);
        _cleanup_free_ char *path = xasprintf("%s/%s/%s", k->local, directory, fingerprint);
        if (mkdir_parents_at(AT_FDCWD, k->local, 0755) < 0 && access(k->local, F_OK) < 0)
                return log_error_errno(errno, "cannot make %s", k->local);
        int r = make_directories(k->local, directory);
        if (r < 0)
                return log_error_errno(r, "cannot make %s/%s", k->local, directory);
        r = replace_file_at(AT_FDCWD, path, key, size, 0644, true);
        if (r < 0)
                return log_error_errno(r, "cannot write %s", path);
        *ret_path = TAKE_PTR(path);
        return 0;
}
