/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Users and groups of an app, as its image knows them: in the order of rkt, "root" is 0 without a look at
 * any file, then numbers, then "/path" (the owner of that file in the image), then names in the image's
 * /etc/passwd and /etc/group. */

#include <sys/types.h>

#include "macro.h"
#include "user-namespace.h"

typedef struct User {
        uid_t uid;
        gid_t gid;
        char *name, *home, *shell; /* from passwd; NULL: the user is not in it */
        gid_t *gids;               /* supplementary groups, if the user's own are wanted */
        size_t n_gids;
} User;

void user_done(User *u);
#define _cleanup_user_ _cleanup_(user_done)

/* Looks both up below rootfd. -ENOENT (no such name, or no such file) and other errors come with *ret_error
 * (allocated): which of the two, and where it was looked for. A group that is named as the user and not in
 * the image's /etc/group is the user's number: images converted from Docker say so. With an empty group, it
 * is the user's in /etc/passwd, else 0, and the user's groups in /etc/group come with it. outside: the range
 * of the pod's user namespace if the process is not in it, but sees owners as the host does; else NULL. */
int user_resolve(int rootfd, const char *user, const char *group, const IdRange *outside, User *ret,
                char **ret_error);

/* The same in the text of a passwd(5) or group(5) file: by name, or by number if name is NULL. Lines that
 * are none are passed over, and so are those with the highest number, which means "unchanged" to
 * setresuid(2). */
bool users_find(const char *passwd, size_t size, const char *name, uid_t uid, User *u);
bool groups_find(const char *group, size_t size, const char *name, gid_t *ret);
/* Appends the groups that name u->name as a member. */
void groups_of_member(const char *group, size_t size, User *u);
