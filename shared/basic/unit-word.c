/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The words of a unit's values, as systemd.syntax(7) has them under "Quoting". */

#include <ctype.h>
#include <errno.h>

#include "alloc.h"
#include "strv.h"
#include "unit-file.h"

#define SPACE " \t"
/* What needs no quotes in a command line of a unit. */
#define PLAIN "-_./=:,@%+^~"

static const struct {
        char letter, meaning;
} escapes[] = {
        { 'a', '\a' },
        { 'b', '\b' },
        { 'f', '\f' },
        { 'n', '\n' },
        { 'r', '\r' },
        { 't', '\t' },
        { 'v', '\v' },
        { '\\', '\\' },
        { '"', '"' },
        { '\'', '\'' },
        { 's', ' ' },
};

static size_t put_utf8(uint32_t c, char *to) {
        if (c < 0x80) {
                to[0] = (char) c;
                return 1;
        }
        size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        for (size_t i = n - 1; i > 0; i--, c >>= 6)
                to[i] = (char) (0x80 | (c & 0x3f));
        to[0] = (char) (0xf00 >> n | c);
        return n;
}

/* A character by its number. Returns how many letters that took, 0 if it is none that can be in a word. */
static size_t read_number(const char *s, size_t digits, unsigned base, bool unicode, char **to) {
        uint32_t c = 0;
        for (size_t i = 0; i < digits; i++) {
                char digit[2] = { s[i], 0 }, *end;
                unsigned long value = strtoul(digit, &end, (int) base);
                if (!isxdigit((unsigned char) s[i]) || *end)
                        return 0;
                c = c * base + (uint32_t) value;
        }
        if (c == 0 || (!unicode && c > 0xff) || c > 0x10ffff || (unicode && c >= 0xd800 && c < 0xe000))
                return 0;
        if (unicode)
                *to += put_utf8(c, *to);
        else
                *(*to)++ = (char) c;
        return digits;
}

/* s: behind the backslash. Returns how many letters belong to it, 0 if it means nothing. */
static size_t read_escape(const char *s, char **to) {
        for (size_t i = 0; i < ELEMENTSOF(escapes); i++)
                if (*s == escapes[i].letter) {
                        *(*to)++ = escapes[i].meaning;
                        return 1;
                }
        size_t n = 0;
        switch (*s) {
        case 'x': n = read_number(s + 1, 2, 16, false, to); break;
        case 'u': n = read_number(s + 1, 4, 16, true, to); break;
        case 'U': n = read_number(s + 1, 8, 16, true, to); break;
        case '0' ... '7': return read_number(s, 3, 8, false, to);
        }
        return n > 0 ? n + 1 : 0;
}

/* One word into to, which has room for all of it. Returns where it ends, NULL after setting *ret_error. */
static const char *read_word(const char *s, char *to, char **ret_error) {
        const char *begin = s;
        char quote = 0;
        while (*s && (quote || !strchr(SPACE, *s))) {
                if (*s == '\\') {
                        size_t n = read_escape(s + 1, &to);
                        if (n == 0) {
                                *ret_error = xasprintf("\"%s\": the backslash means nothing here", begin);
                                return NULL;
                        }
                        s += 1 + n;
                } else if (quote && *s == quote) {
                        quote = 0;
                        s++;
                } else if (!quote && (*s == '"' || *s == '\''))
                        quote = *s++;
                else
                        *to++ = *s++;
        }
        *to = 0;
        if (!quote)
                return s;
        *ret_error = xasprintf("\"%s\": no closing %c", begin, quote);
        return NULL;
}

int unit_words_split(const char *value, char ***ret, char **ret_error) {
        _cleanup_strv_ char **words = strv_copy(NULL);
        _cleanup_free_ char *word = xmalloc(strlen(value) + 1);
        for (const char *s = value + strspn(value, SPACE); *s; s += strspn(s, SPACE)) {
                s = read_word(s, word, ret_error);
                if (!s)
                        return -EINVAL;
                strv_add(&words, word);
        }
        *ret = TAKE_PTR(words);
        return 0;
}

char *unit_word_quote(const char *word) {
        bool plain = *word;
        for (const char *c = word; *c && plain; c++)
                plain = isalnum((unsigned char) *c) || strchr(PLAIN, *c);
        if (plain)
                return xstrdup(word);
        char *quoted = xmalloc(strlen(word) * 4 + 3), *to = quoted;
        *to++ = '"';
        for (const char *c = word; *c; c++) {
                if (*c == '"' || *c == '\\')
                        to += sprintf(to, "\\%c", *c);
                else if ((unsigned char) *c < ' ' || (unsigned char) *c >= 0x7f)
                        to += sprintf(to, "\\x%02x", (unsigned char) *c);
                else
                        *to++ = *c;
        }
        *to++ = '"';
        *to = 0;
        return quoted;
}

char *unit_word_escape_variables(const char *word) {
        char *escaped = xmalloc(strlen(word) * 2 + 1), *to = escaped;
        for (const char *c = word; *c; c++) {
                *to++ = *c;
                if (*c == '$')
                        *to++ = '$';
        }
        *to = 0;
        return escaped;
}
