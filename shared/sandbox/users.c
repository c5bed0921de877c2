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

/* Reads a database of the image into memory: a device or a pipe in its place must not be able to hang us. */
static FILE *open_database(int rootfd, const char *path, char **ret_text) {
        _cleanup_close_ int fd = openat_in_root(rootfd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
        struct stat st;
        size_t size;
        if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
                        read_fd(fd, DATABASE_MAX, ret_text, &size) < 0 || size == 0)
                return NULL;
        return fmemopen(*ret_text, size, "r");
}

/* The highest number means "unchanged" to setresuid(2), which would leave the app root. */
static bool is_id(id_t id) {
        return id != (id_t) -1;
}

/* By name, or by number if name is NULL. */
static bool find_user(int rootfd, const char *name, uid_t uid, User *u) {
        _cleanup_free_ char *text = NULL;
        _cleanup_fclose_ FILE *f = open_database(rootfd, "/etc/passwd", &text);
        struct passwd *p;
        while (f && (p = fgetpwent(f))) {
                if (!is_id(p->pw_uid) || (name ? !streq(p->pw_name, name) : p->pw_uid != uid))
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

static bool find_group(int rootfd, const char *name, gid_t *ret) {
        _cleanup_free_ char *text = NULL;
        _cleanup_fclose_ FILE *f = open_database(rootfd, "/etc/group", &text);
        struct group *g;
        while (f && (g = fgetgrent(f)))
                if (is_id(g->gr_gid) && streq(g->gr_name, name)) {
                        *ret = g->gr_gid;
                        return true;
                }
        return false;
}

static int stat_in_root(int rootfd, const char *path, struct stat *ret) {
        _cleanup_close_ int fd = openat_in_root(rootfd, path, O_PATH, 0);
        if (fd < 0)
                return fd;
        return fstat(fd, ret) < 0 ? -errno : 0;
}

static int resolve_uid(int rootfd, const char *user, User *u, char **ret_error) {
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
                u->uid = st.st_uid;
        } else if (!find_user(rootfd, user, 0, u)) {
                *ret_error = xasprintf("user \"%s\" is not in the image's /etc/passwd", user);
                return -ENOENT;
        }
        if (!u->name)
                find_user(rootfd, NULL, u->uid, u);
        return 0;
}

static int resolve_gid(int rootfd, const char *group, const char *user, User *u, char **ret_error) {
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
                u->gid = st.st_gid;
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
        _cleanup_fclose_ FILE *f = u->name ? open_database(rootfd, "/etc/group", &text) : NULL;
        struct group *g;
        while (f && u->n_gids < NGROUPS_MAX && (g = fgetgrent(f)))
                if (is_id(g->gr_gid) && strv_contains(g->gr_mem, u->name)) {
                        xgrow(&u->gids, u->n_gids);
                        u->gids[u->n_gids++] = g->gr_gid;
                }
}

int user_resolve(int rootfd, const char *user, const char *group, User *ret, char **ret_error) {
        _cleanup_user_ User u = {};
        int r = resolve_uid(rootfd, user, &u, ret_error);
        if (r >= 0 && isempty(group))
                find_own_groups(rootfd, &u);
        else if (r >= 0)
                r = resolve_gid(rootfd, group, user, &u, ret_error);
        if (r < 0)
                return r;
        *ret = u;
        u = (User){};
        return 0;
}
