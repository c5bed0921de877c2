/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kind-files.h"

#include <errno.h>
#include <fcntl.h>

#include "alloc.h"
#include "file.h"
#include "log.h"
#include "secret.h"
#include "strv.h"

#define CONFIG_FILE_MAX (1024 * 1024)

static const KindReader *find_reader(const KindDirectory *kind, const char *name) {
        for (const KindReader *r = kind->readers; r->kind; r++)
                if (streq(r->kind, name))
                        return r;
        return NULL;
}

static char *kinds_expected(const KindDirectory *kind) {
        _cleanup_strv_ char **names = strv_copy(NULL);
        for (const KindReader *r = kind->readers; r->kind; r++)
                strv_push(&names, xasprintf("\"%s\"", r->kind));
        return strv_join(names, " or ");
}

static int read_document(const KindDirectory *kind, JsonContext *c, void *userdata) {
        const char *name = NULL, *version = NULL;
        if (json_expect(c, c->root, json_type_object) < 0 ||
                        json_get_string(c, c->root, "rktKind", JSON_REQUIRED, &name) < 0 ||
                        json_get_string(c, c->root, "rktVersion", JSON_REQUIRED, &version) < 0)
                return -EINVAL;
        const KindReader *reader = find_reader(kind, name);
        if (!reader) {
                _cleanup_free_ char *expected = kinds_expected(kind);
                return json_fail(c, "rktKind is \"%s\", expected %s in %s", name, expected, kind->name);
        }
        if (!streq(version, "v1"))
                return json_fail(c, "rktVersion is \"%s\", expected \"v1\"", version);
        return reader->read(c, userdata);
}

int kind_text_read(const KindDirectory *kind, const char *path, const char *text, size_t size,
                void *userdata, char **ret_error) {
        _cleanup_json_context_ JsonContext c;
        int r = json_context_parse(&c, path, text, size);
        if (r >= 0)
                r = read_document(kind, &c, userdata);
        if (r < 0)
                *ret_error = TAKE_PTR(c.error);
        if (kind->secret)
                secret_wipe_json(c.root);
        return r;
}

/* That root's secrets are not for other users is no reason for them to give up. */
static int cannot_read(const KindDirectory *kind, const char *path, int error) {
        if (!kind->secret || error != EACCES || geteuid() == 0)
                return log_error_errno(error, "%s", path);
        log_warning_errno(error, "%s is passed over", path);
        return 0;
}

static int read_file(
                const KindDirectory *kind, int dirfd, const char *path, const char *name, void *userdata) {
        _cleanup_secret_ char *text = NULL;
        _cleanup_free_ char *label = xasprintf("%s/%s", path, name), *error = NULL;
        size_t size;
        _cleanup_close_ int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        if (fd < 0)
                return cannot_read(kind, label, errno);
        int r = kind->secret ? secret_file_check(fd, dirfd, label, true) : 0;
        if (r < 0)
                return r;
        r = read_fd(fd, CONFIG_FILE_MAX, &text, &size);
        if (r < 0)
                return log_error_errno(r, "%s", label);
        r = kind_text_read(kind, label, text, size, userdata, &error);
        if (r < 0)
                log_error("%s", error ?: label);
        return r;
}

int kind_directory_read(const KindDirectory *kind, const char *directory, void *userdata) {
        _cleanup_free_ char *path = xasprintf("%s/%s", directory, kind->name);
        _cleanup_close_ int dirfd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (dirfd < 0)
                return errno == ENOENT ? 0 : cannot_read(kind, path, errno);

        _cleanup_strv_ char **names = NULL;
        int r = list_directory_at(dirfd, ".", &names);
        if (r < 0)
                return log_error_errno(r, "%s", path);
        STRV_FOREACH (n, names) {
                struct stat st;
                if (!endswith(*n, ".json") || fstatat(dirfd, *n, &st, 0) < 0 || !S_ISREG(st.st_mode))
                        continue;
                r = read_file(kind, dirfd, path, *n, userdata);
                if (r < 0)
                        return r;
        }
        return 0;
}
