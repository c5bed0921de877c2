/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image-output.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "alloc.h"
#include "file.h"
#include "log.h"
#include "uuid.h"

/* Without trailing slashes; -EINVAL for the root, ".", and "..", which cannot be replaced. */
static int prepare(const char *path, const char *what, bool overwrite, ImageOutput *o) {
        struct stat st, root;
        char uuid[UUID_STRING_SIZE];
        o->fd = -1;
        o->overwrite = overwrite;
        o->path = xstrdup(path);
        for (size_t n = strlen(o->path); n > 1 && o->path[n - 1] == '/'; n--)
                o->path[n - 1] = 0;
        const char *name = strrchr(o->path, '/') ? strrchr(o->path, '/') + 1 : o->path;
        if (stat(o->path, &st) == 0 && stat("/", &root) == 0 && st.st_ino == root.st_ino &&
                        st.st_dev == root.st_dev) {
                log_error("%s \"%s\" is the root directory, which would be replaced", what, path);
                return -EINVAL;
        }
        if (!*name || streq(name, ".") || streq(name, "..")) {
                log_error("%s \"%s\" must have a name of its own", what, path);
                return -EINVAL;
        }
        if (!overwrite && lstat(o->path, &st) == 0) {
                log_error("%s \"%s\" exists (try --overwrite)", what, path);
                return -EEXIST;
        }
        uuid_new(uuid);
        o->temporary = xasprintf("%.*s.%s.%s", (int) (name - o->path), o->path, name, uuid);
        return 0;
}

int image_output_file(const char *path, const char *what, bool overwrite, ImageOutput *ret) {
        int r = prepare(path, what, overwrite, ret);
        if (r < 0)
                return r;
        ret->fd = open(ret->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
        return ret->fd < 0 ? log_error_errno(errno, "unable to create %s \"%s\"", what, path) : 0;
}

int image_output_directory(const char *path, const char *what, bool overwrite, ImageOutput *ret) {
        int r = prepare(path, what, overwrite, ret);
        if (r < 0)
                return r;
        if (mkdir(ret->temporary, 0755) < 0)
                return log_error_errno(errno, "unable to create %s \"%s\"", what, path);
        ret->fd = open(ret->temporary, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        return ret->fd < 0 ? log_error_errno(errno, "unable to open %s \"%s\"", what, path) : 0;
}

/* What some file systems cannot do at once (NFS; overlayfs with a directory of its lower layer) is done one
 * after the other. */
static int replace_slowly(ImageOutput *o) {
        int r = o->overwrite ? remove_tree_at(AT_FDCWD, o->path, true) : 0;
        if (r < 0)
                return r;
        return rename(o->temporary, o->path) < 0 ? -errno : 1;
}

/* 1: done; 0: what was there is now under the temporary name. */
static int put_in_place(ImageOutput *o) {
        if (renameat2(AT_FDCWD, o->temporary, AT_FDCWD, o->path, RENAME_NOREPLACE) == 0)
                return 1;
        if (errno == EINVAL)
                return replace_slowly(o);
        if (errno != EEXIST || !o->overwrite)
                return -errno;
        if (renameat2(AT_FDCWD, o->temporary, AT_FDCWD, o->path, RENAME_EXCHANGE) == 0)
                return 0;
        return errno == EINVAL || errno == EXDEV ? replace_slowly(o) : -errno;
}

int image_output_commit(ImageOutput *o) {
        int r = put_in_place(o);
        if (r < 0)
                return log_error_errno(r, "cannot put \"%s\" in place", o->path);
        if (r == 0 && (r = remove_tree_at(AT_FDCWD, o->temporary, true)) < 0)
                return log_error_errno(r, "cannot remove the old \"%s\", which is now \"%s\"", o->path,
                                o->temporary);
        free(o->temporary);
        o->temporary = NULL;
        return 0;
}

void image_output_done(ImageOutput *o) {
        if (o->fd >= 0)
                close(o->fd);
        if (o->temporary)
                remove_tree_at(AT_FDCWD, o->temporary, true);
        free(o->temporary);
        free(o->path);
}
