/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "entry-path.h"

#include <stddef.h>

#include "alloc.h"
#include "macro.h"

#define QUOTED_MAX 512

const char *entry_path_normalize(const char *path, char ret[static PATH_MAX]) {
        size_t out = 0;
        if (path[0] == 0)
                return "its path is empty";
        if (path[0] == '/')
                return "its path is absolute";
        while (*path) {
                size_t n = strcspn(path, "/");
                if (n == 2 && path[0] == '.' && path[1] == '.')
                        return "its path has \"..\" in it";
                if (n > NAME_MAX)
                        return "its path has a component of more than 255 bytes";
                if (n > 0 && !(n == 1 && path[0] == '.')) {
                        if (out + n + 2 > PATH_MAX)
                                return "its path is longer than 4095 bytes";
                        if (out > 0)
                                ret[out++] = '/';
                        memcpy(ret + out, path, n);
                        out += n;
                }
                path += n + (path[n] == '/');
        }
        ret[out] = 0;
        return NULL;
}

bool entry_link_escapes(const char *path, const char *target) {
        size_t depth = 0;
        if (target[0] != '/')
                for (const char *p = path; (p = strchr(p, '/')); p++)
                        depth++;
        while (*target) {
                size_t n = strcspn(target, "/");
                if (n == 2 && target[0] == '.' && target[1] == '.') {
                        if (depth == 0)
                                return true;
                        depth--;
                } else if (n > 0 && !(n == 1 && target[0] == '.'))
                        depth++;
                target += n + (target[n] == '/');
        }
        return false;
}

char *entry_path_quote(const char *path) {
        char *quoted = xmalloc(QUOTED_MAX + 16), *p = quoted;
        *p++ = '"';
        for (; *path; path++) {
                unsigned char c = *path;
                if (p - quoted > QUOTED_MAX) {
                        p = stpcpy(p, "...");
                        break;
                }
                if (c < ' ' || c == 0x7f || (c >= 0x80 && c < 0xa0))
                        p += snprintf(p, 5, "\\x%02x", c);
                else {
                        if (c == '"' || c == '\\')
                                *p++ = '\\';
                        *p++ = c;
                }
        }
        *p++ = '"';
        *p = 0;
        return quoted;
}
