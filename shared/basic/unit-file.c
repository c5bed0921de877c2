/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit-file.h"

#include <errno.h>

#include "alloc.h"
#include "strv.h"

#define SPACE           " \t\r"
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

typedef struct Parser {
        UnitFile *u;
        const char *path;
        char *section; /* NULL: none yet */
        unsigned line; /* where what is being read began */
        char **error;
} Parser;

static int fail(Parser *p, char *message) {
        *p->error = message;
        return -EINVAL;
}

static char *trim(const char *s, size_t n) {
        while (n > 0 && strchr(SPACE, s[n - 1]))
                n--;
        size_t head = 0;
        while (head < n && strchr(SPACE, s[head]))
                head++;
        return xstrndup(s + head, n - head);
}

/* UTF-8 without what is too long, a surrogate or beyond Unicode (RFC 3629), and without control characters.
 */
static bool is_text(const char *s) {
        for (const unsigned char *p = (const unsigned char *) s; *p;) {
                unsigned n = *p < 0x80 ? 1 : *p >= 0xf0 ? 4 : *p >= 0xe0 ? 3 : 2;
                uint32_t c = n == 1 ? *p : *p & (0x7fu >> n);
                if ((*p >= 0x80 && *p < 0xc2) || *p > 0xf4 || (*p < ' ' && *p != '\t') || *p == 0x7f)
                        return false;
                for (unsigned i = 1; i < n; i++) {
                        if ((p[i] & 0xc0) != 0x80)
                                return false;
                        c = c << 6 | (p[i] & 0x3f);
                }
                if ((n == 3 && c < 0x800) || (n == 4 && c < 0x10000) || c > 0x10ffff ||
                                (c >= 0xd800 && c < 0xe000))
                        return false;
                p += n;
        }
        return true;
}

static int take_section(Parser *p, const char *text) {
        size_t n = strlen(text);
        if (n < 3 || text[n - 1] != ']')
                return fail(p, xasprintf("\"%s\": expected [SECTION]", text));
        free(p->section);
        p->section = xstrndup(text + 1, n - 2);
        return 0;
}

static int take_setting(Parser *p, const char *text) {
        const char *equals = strchr(text, '=');
        if (!equals || equals == text)
                return fail(p, xasprintf("\"%s\": expected KEY=VALUE", text));
        if (!p->section)
                return fail(p, xasprintf("\"%s\" stands before the first section", text));
        UnitFile *u = p->u;
        xgrow(&u->items, u->n);
        u->items[u->n++] = (UnitSetting){
                .section = xstrdup(p->section),
                .key = trim(text, (size_t) (equals - text)),
                .value = trim(equals + 1, strlen(equals + 1)),
                .path = p->path,
                .line = p->line,
        };
        return 0;
}

static int take_line(Parser *p, const char *line) {
        _cleanup_free_ char *text = trim(line, strlen(line));
        if (!*text)
                return 0;
        if (!is_text(text))
                return fail(p, xstrdup("not UTF-8, or a control character in it"));
        return *text == '[' ? take_section(p, text) : take_setting(p, text);
}

static bool is_comment(const char *line) {
        line += strspn(line, SPACE);
        return *line == '#' || *line == ';';
}

/* A line that ends with a backslash goes on with the next one, comments between them left out; a space takes
 * its place. */
static int parse_lines(Parser *p, char **lines) {
        _cleanup_free_ char *whole = NULL;
        for (size_t i = 0; lines[i]; i++) {
                if (is_comment(lines[i]))
                        continue;
                size_t n = strlen(lines[i]);
                n -= n > 0 && lines[i][n - 1] == '\r';
                bool goes_on = n > 0 && lines[i][n - 1] == '\\';
                n -= goes_on;
                char *joined = xasprintf("%s%.*s%s", whole ?: "", (int) n, lines[i], goes_on ? " " : "");
                if (!whole)
                        p->line = (unsigned) i + 1;
                free(whole);
                whole = joined;
                if (goes_on)
                        continue;
                int r = take_line(p, whole);
                if (r < 0)
                        return r;
                free(TAKE_PTR(whole));
        }
        return whole ? take_line(p, whole) : 0;
}

int unit_file_parse(UnitFile *u, const char *path, const char *text, size_t size, unsigned *ret_line,
                char **ret_error) {
        strv_add(&u->paths, path);
        Parser p = { .u = u, .path = u->paths[strv_length(u->paths) - 1], .line = 1, .error = ret_error };
        size_t nul = strnlen(text, size);
        int r = 0;
        if (nul < size)
                r = fail(&p, xstrdup("a NUL character: this is not a text file"));
        else {
                _cleanup_free_ char *copy = xstrndup(text, size);
                _cleanup_strv_ char **lines = strv_split(startswith(copy, BYTE_ORDER_MARK) ?: copy, '\n');
                r = parse_lines(&p, lines);
        }
        free(p.section);
        if (r < 0)
                *ret_line = p.line;
        return r;
}

void unit_file_done(UnitFile *u) {
        for (size_t i = 0; i < u->n; i++) {
                free(u->items[i].section);
                free(u->items[i].key);
                free(u->items[i].value);
        }
        free(u->items);
        strv_free(u->paths);
        *u = (UnitFile){};
}

const UnitSetting *unit_file_find(const UnitFile *u, const char *section, const char *key) {
        for (size_t i = u->n; i-- > 0;)
                if (streq(u->items[i].section, section) && streq(u->items[i].key, key))
                        return *u->items[i].value ? &u->items[i] : NULL;
        return NULL;
}
