/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "users.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <sys/stat.h>

#include "alloc.h"
#include "file.h"
#include "option.h"
#include "strv.h"

/* A passwd file is the image's: what is behind this many bytes is not read. */
#define DATABASE_MAX (4 * 1024 * 1024)

void user_done(User *u) {
        free(u->name);
        free(u->home);
        free(u->shell);
        free(u->gids);
        *u = (User){};
}

/* Reads a database of the image: a device or a pipe in its place must not be able to hang us. */
static bool read_database(int rootfd, const char *path, char **ret, size_t *ret_size) {
        _cleanup_close_ int fd = openat_in_root(rootfd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
        struct stat st;
        return fd >= 0 && fstat(fd, &st) >= 0 && S_ISREG(st.st_mode) &&
               read_fd(fd, DATABASE_MAX, ret, ret_size) >= 0;
}

static FILE *open_text(const char *text, size_t size) {
        return size > 0 ? fmemopen((char *) text, size, "r") : NULL;
}

static bool is_id(id_t id) {
        return id != (id_t) -1;
}

bool users_find(const char *passwd, size_t size, const char *name, uid_t uid, User *u) {
        _cleanup_fclose_ FILE *f = open_text(passwd, size);
        struct passwd *p;
        while (f && (p = fgetpwent(f))) {
                if (!is_id(p->pw_uid) || !is_id(p->pw_gid) ||
                                (name ? !streq(p->pw_name, name) : p->pw_uid != uid))
                        continue;
                u->uid = p->pw_uid;
                u->gid = p->pw_gid;
                u->name = xstrdup(p->pw_name);
                u->home = isempty(p->pw_dir) ? NULL : xstrdup(p->pw_dir);
                u->shell = isempty(p->pw_shell) ? NULL : xstrdup(p->pw_shell);
                return true;
        }
        return false;
}

bool groups_find(const char *group, size_t size, const char *name, gid_t *ret) {
        _cleanup_fclose_ FILE *f = open_text(group, size);
        struct group *g;
        while (f && (g = fgetgrent(f)))
                if (is_id(g->gr_gid) && streq(g->gr_name, name)) {
                        *ret = g->gr_gid;
                        return true;
                }
        return false;
}

void groups_of_member(const char *group, size_t size, User *u) {
        _cleanup_fclose_ FILE *f = open_text(group, size);
        struct group *g;
        while (f && u->n_gids < NGROUPS_MAX && (g = fgetgrent(f)))
                if (is_id(g->gr_gid) && strv_contains(g->gr_mem, u->name)) {
                        xgrow(&u->gids, u->n_gids);
                        u->gids[u->n_gids++] = g->gr_gid;
                }
}

static bool find_user(int rootfd, const char *name, uid_t uid, User *u) {
        _cleanup_free_ char *text = NULL;
        size_t size = 0;
        return read_database(rootfd, "/etc/passwd", &text, &size) && users_find(text, size, name, uid, u);
}

static bool find_group(int rootfd, const char *name, gid_t *ret) {
        _cleanup_free_ char *text = NULL;
        size_t size = 0;
        return read_database(rootfd, "/etc/group", &text, &size) && groups_find(text, size, name, ret);
}

/* An owner that the namespace does not have is nobody there: the kernel's overflow ID. */
#define OVERFLOW_ID 65534

static uint32_t id_inside(const IdRange *outside, uint32_t id) {
        if (!outside || outside->count == 0)
                return id;
        return id_range_overlaps(*outside, id, 1) ? id - outside->shift : OVERFLOW_ID;
}

static int stat_in_root(int rootfd, const char *path, struct stat *ret) {
        _cleanup_close_ int fd = openat_in_root(rootfd, path, O_PATH, 0);
        if (fd < 0)
                return fd;
        return fstat(fd, ret) < 0 ? -errno : 0;
}

static int resolve_uid(int rootfd, const char *user, const IdRange *outside, User *u, char **ret_error) {
        uint64_t number;
        struct stat st;
        int r;

        if (parse_uint(user, UINT32_MAX - 1, &number) >= 0)
                u->uid = (uid_t) number;
        else if (streq(user, "root"))
                u->uid = 0;
        else if (user[0] == '/') {
                if ((r = stat_in_root(rootfd, user, &st)) < 0) {
                        *ret_error = xasprintf("user \"%s\": cannot find that file in the image", user);
                        return r;
                }
                u->uid = id_inside(outside, st.st_uid);
        } else if (!find_user(rootfd, user, 0, u)) {
                *ret_error = xasprintf("user \"%s\" is not in the image's /etc/passwd", user);
                return -ENOENT;
        }
        if (!u->name)
                find_user(rootfd, NULL, u->uid, u);
        return 0;
}

static int resolve_gid(int rootfd, const char *group, const char *user, const IdRange *outside, User *u,
                char **ret_error) {
        uint64_t number;
        struct stat st;
        int r;

        if (parse_uint(group, UINT32_MAX - 1, &number) >= 0)
                u->gid = (gid_t) number;
        else if (streq(group, "root"))
                u->gid = 0;
        else if (group[0] == '/') {
                if ((r = stat_in_root(rootfd, group, &st)) < 0) {
                        *ret_error = xasprintf("group \"%s\": cannot find that file in the image", group);
                        return r;
                }
                u->gid = id_inside(outside, st.st_gid);
        } else if (!find_group(rootfd, group, &u->gid)) {
                if (!streq(group, user)) {
                        *ret_error = xasprintf("group \"%s\" is not in the image's /etc/group", group);
                        return -ENOENT;
                }
                u->gid = u->uid;
        }
        return 0;
}

/* Docker's rule. A user that is not in /etc/passwd has group 0, as u says already. */
static void find_own_groups(int rootfd, User *u) {
        _cleanup_free_ char *text = NULL;
        size_t size = 0;
        if (u->name && read_database(rootfd, "/etc/group", &text, &size))
                groups_of_member(text, size, u);
}

int user_resolve(int rootfd, const char *user, const char *group, const IdRange *outside, User *ret,
                char **ret_error) {
        _cleanup_user_ User u = {};
        int r = resolve_uid(rootfd, user, outside, &u, ret_error);
        if (r >= 0 && isempty(group))
                find_own_groups(rootfd, &u);
        else if (r >= 0)
                r = resolve_gid(rootfd, group, user, outside, &u, ret_error);
        if (r < 0)
                return r;
        *ret = u;
        u = (User){};
        return 0;
}
