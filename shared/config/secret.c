/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "secret.h"

#include <errno.h>
#include <sys/stat.h>

#include "log.h"

static bool is_ours(const struct stat *st) {
        return st->st_uid == 0 || st->st_uid == geteuid();
}

/* As members of rkt-admin may put files into /etc/rkt. */
static bool is_of_group(const struct stat *st, int dirfd) {
        struct stat d;
        return dirfd >= 0 && fstat(dirfd, &d) == 0 && is_ours(&d) && (d.st_mode & S_IWGRP) &&
               !(d.st_mode & S_IWOTH) && st->st_gid == d.st_gid;
}

int secret_file_check(int fd, int dirfd, const char *path, bool secrets) {
        struct stat st;
        if (fstat(fd, &st) < 0)
                return log_error_errno(errno, "%s", path);
        if (!is_ours(&st) && !is_of_group(&st, dirfd)) {
                log_error("%s is not used, as it belongs to user %u: what has to do with credentials must "
                          "belong "
                          "to root or to user %u, who runs this; chown mends it",
                                path, st.st_uid, geteuid());
                return -EPERM;
        }
        if (st.st_mode & (S_IWOTH | (secrets ? S_IROTH : 0))) {
                log_error("%s is not used, as it has to do with credentials and everybody can %s it; "
                          "\"chmod o= %s\" mends it",
                                path, st.st_mode & S_IWOTH ? "change" : "read", path);
                return -EPERM;
        }
        return 0;
}

void secret_free(char *s) {
        if (s)
                explicit_bzero(s, strlen(s));
        free(s);
}

void secret_wipe_json(json_object *o) {
        if (json_object_is_type(o, json_type_string)) {
                /* json-c hands out its own buffer */
                explicit_bzero((char *) json_object_get_string(o), json_object_get_string_len(o));
        } else if (json_object_is_type(o, json_type_array)) {
                for (size_t i = 0; i < json_object_array_length(o); i++)
                        secret_wipe_json(json_object_array_get_idx(o, i));
        } else if (json_object_is_type(o, json_type_object)) {
                json_object_object_foreach (o, key, value) {
                        (void) key;
                        secret_wipe_json(value);
                }
        }
}
