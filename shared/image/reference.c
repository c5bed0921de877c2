/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reference.h"

#include <errno.h>
#include <sys/stat.h>

#include "alloc.h"
#include "types.h"

#define ARCHIVE_SUFFIX ".aci"

void reference_done(Reference *r) {
        free(r->location);
        r->location = NULL;
}

static bool is_regular_file(const char *path) {
        struct stat st;
        return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* rkt's rules, in rkt's order. */
static bool is_path(const char *s) {
        if (s[0] == '/' || is_regular_file(s))
                return true;
        if (strchr(s, ':'))
                return false;
        return strstr(s, "./") || endswith(s, ARCHIVE_SUFFIX);
}

/* Whether the path of a URL, without query and fragment, is that of an archive. */
static bool url_is_archive(const char *url) {
        size_t n = strcspn(url, "?#"), m = strlen(ARCHIVE_SUFFIX);
        return n > m && strncmp(url + n - m, ARCHIVE_SUFFIX, m) == 0;
}

static int hex_digit(char c) {
        const char *digits = "0123456789abcdef", *p = c ? strchr(digits, c | 0x20) : NULL;
        return p ? p - digits : -1;
}

/* The path of a file URL (RFC 8089): no host, percent-encoded. NULL if it is none. */
static char *file_url_path(const char *url) {
        const char *s = startswith(url, "file://");
        s = startswith(s, "localhost/") ? s + strlen("localhost") : s;
        if (s[0] != '/')
                return NULL;
        _cleanup_free_ char *path = xmalloc(strlen(s) + 1);
        char *p = path;
        for (; *s && *s != '?' && *s != '#'; s++) {
                if (*s != '%') {
                        *p++ = *s;
                        continue;
                }
                int high = hex_digit(s[1]), low = high < 0 ? -1 : hex_digit(s[2]);
                if (low < 0 || (high == 0 && low == 0))
                        return NULL;
                *p++ = high * 16 + low;
                s += 2;
        }
        *p = 0;
        return TAKE_PTR(path);
}

int reference_parse(const char *s, Reference *ret, char **ret_error) {
        bool file = startswith(s, "file://"), http = startswith(s, "http://") || startswith(s, "https://");
        _cleanup_free_ char *path = NULL;
        if (isempty(s)) {
                *ret_error = xstrdup("the name of an image cannot be empty");
                return -EINVAL;
        }
        if ((file || http) && !url_is_archive(s)) {
                *ret_error = xasprintf(
                                "\"%s\" is not an image: the path of a URL must end in " ARCHIVE_SUFFIX, s);
                return -EINVAL;
        }
        if (file && !(path = file_url_path(s))) {
                *ret_error = xasprintf("\"%s\" is not a URL of a file here: expected file:///PATH", s);
                return -EINVAL;
        }
        if (http && !url_is_valid(s)) {
                *ret_error = xasprintf("\"%s\" is not a URL", s);
                return -EINVAL;
        }
        ReferenceKind kind = file                       ? REFERENCE_FILE
                             : http                     ? REFERENCE_URL
                             : startswith(s, "docker:") ? REFERENCE_DOCKER
                             : startswith(s, "cimd:")   ? REFERENCE_CIMD
                             : image_id_is_meant(s)     ? REFERENCE_ID
                             : is_path(s)               ? REFERENCE_FILE
                                                        : REFERENCE_NAME;
        *ret = (Reference){ kind, path ? TAKE_PTR(path) : xstrdup(s) };
        return 0;
}
