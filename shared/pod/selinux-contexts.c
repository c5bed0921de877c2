/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "selinux-contexts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "macro.h"
#include "security-module.h"

#define BLANKS " \t\r"

void selinux_contexts_done(SelinuxContexts *c) {
        free(c->process);
        free(c->file);
        *c = (SelinuxContexts){};
}

/* Cuts blanks off, and a pair of quotes. */
static char *value_of(char *s) {
        s += strspn(s, BLANKS);
        size_t n = strlen(s);
        while (n > 0 && strchr(BLANKS, s[n - 1]))
                s[--n] = 0;
        if (n >= 2 && *s == '"' && s[n - 1] == '"') {
                s[n - 1] = 0;
                s++;
        }
        return s;
}

/* What is in it becomes an option of mounts: nothing that quotes or separates those. */
static bool is_context(const char *s) {
        size_t words = 0;
        for (;;) {
                size_t n = strcspn(s, ":");
                words++;
                if (n == 0)
                        return false;
                if (!s[n])
                        return words >= 3;
                s += n + 1;
        }
}

static bool has_only_context_characters(const char *s) {
        static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                      "_.:,-";
        return !s[strspn(s, allowed)];
}

static void take_line(char *line, SelinuxContexts *c) {
        line += strspn(line, BLANKS);
        char *equals = *line == '#' || *line == ';' ? NULL : strchr(line, '=');
        if (!equals)
                return;
        *equals = 0;
        line[strcspn(line, BLANKS)] = 0;
        char **target = streq(line, "process") ? &c->process : streq(line, "file") ? &c->file : NULL;
        if (!target)
                return;
        free(*target);
        *target = xstrdup(value_of(equals + 1));
}

static int check(const char *name, const char *key, const char *value, char **ret_error) {
        if (value && is_context(value) && has_only_context_characters(value))
                return 0;
        *ret_error = value ? xasprintf("%s: %s: \"%s\" is not a context: expected USER:ROLE:TYPE:RANGE",
                                             name, key, value)
                           : xasprintf("%s: it has no %s", name, key);
        return -EINVAL;
}

int selinux_contexts_parse(
                const char *name, const char *text, size_t size, SelinuxContexts *ret, char **ret_error) {
        _cleanup_selinux_contexts_ SelinuxContexts c = {};
        _cleanup_free_ char *copy = xstrndup(text, size);
        for (char *line = copy, *next; line; line = next) {
                next = strchr(line, '\n');
                if (next)
                        *next++ = 0;
                take_line(line, &c);
        }
        int r = check(name, "process", c.process, ret_error);
        if (r < 0 || (r = check(name, "file", c.file, ret_error)) < 0)
                return r;
        *ret = c;
        c = (SelinuxContexts){};
        return 0;
}

void selinux_pair(uint32_t n, unsigned *ret_low, unsigned *ret_high) {
        unsigned low = 0;
        for (; n >= SELINUX_CATEGORIES - 1 - low; low++)
                n -= SELINUX_CATEGORIES - 1 - low;
        *ret_low = low;
        *ret_high = low + 1 + n;
}

char *selinux_context_with_pair(const char *context, unsigned low, unsigned high) {
        const char *range = selinux_range(context);
        if (!range)
                return xstrdup(context);
        _cleanup_free_ char *own = xasprintf("%.*s:c%u,c%u", (int) strcspn(range, "-:"), range, low, high);
        return selinux_with_range(context, own);
}
