/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "json-reader.h"

#include <errno.h>

#include "alloc.h"
#include "json.h"

static bool fail(JsonReader *r) {
        r->failed = true;
        return false;
}

/* NUL, which no JSON text holds outside of strings, at the end. */
static char peek(const JsonReader *r) {
        return r->offset < r->size ? r->text[r->offset] : 0;
}

static char peek_token(JsonReader *r) {
        char ch;
        while ((ch = peek(r)) == ' ' || ch == '\t' || ch == '\r' || ch == '\n')
                r->offset++;
        return ch;
}

static bool take(JsonReader *r, char ch) {
        if (r->failed || peek_token(r) != ch)
                return fail(r);
        r->offset++;
        return true;
}

static bool enter(JsonReader *r, char open) {
        if (r->depth >= JSON_MAX_DEPTH || !take(r, open))
                return fail(r);
        r->depth++;
        r->first = true;
        return true;
}

bool json_reader_object(JsonReader *r) {
        return enter(r, '{');
}

bool json_reader_array(JsonReader *r) {
        return enter(r, '[');
}

static bool next(JsonReader *r, char shut) {
        bool first = r->first;
        r->first = false;
        if (r->failed)
                return false;
        if (peek_token(r) == shut) {
                r->offset++;
                r->depth--;
                return false;
        }
        if (!first && !take(r, ','))
                return false;
        peek_token(r);
        return true;
}

bool json_reader_element(JsonReader *r) {
        return next(r, ']');
}

bool json_reader_member(JsonReader *r, JsonSlice *ret_key) {
        if (!next(r, '}') || !json_reader_string(r, ret_key) || !take(r, ':'))
                return false;
        peek_token(r);
        return true;
}

static bool is_hex(char ch) {
        return (ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'f') || (ch >= 'A' && ch <= 'F');
}

static bool skip_escape(JsonReader *r) {
        char ch = peek(r);
        if (!ch || !strchr("\"\\/bfnrtu", ch))
                return fail(r);
        r->offset++;
        for (int i = 0; ch == 'u' && i < 4; i++) {
                if (!is_hex(peek(r)))
                        return fail(r);
                r->offset++;
        }
        return true;
}

/* To the first character that is not plain: this is where a list of many images spends its time. */
static void skip_plain(JsonReader *r) {
        static const bool plain[256] = { [' ' ... '!'] = true, ['#' ... '['] = true, [']' ... 0x7f] = true };
        const char *p = r->text + r->offset, *end = r->text + r->size;
        while (p < end && plain[(unsigned char) *p])
                p++;
        r->offset = p - r->text;
}

bool json_reader_string(JsonReader *r, JsonSlice *ret) {
        if (!take(r, '"'))
                return false;
        JsonSlice s = { .text = r->text + r->offset, .plain = true };
        for (;;) {
                skip_plain(r);
                char ch = peek(r);
                if ((unsigned char) ch < ' ') /* the end, too */
                        return fail(r);
                r->offset++;
                if (ch == '"')
                        break;
                s.plain = false;
                if (ch == '\\' && !skip_escape(r))
                        return false;
        }
        s.size = r->text + r->offset - 1 - s.text;
        *ret = s;
        return true;
}

bool json_reader_copy(JsonReader *r, char **value) {
        JsonSlice s;
        if (*value || !json_reader_string(r, &s) || !s.plain)
                return fail(r);
        *value = xstrndup(s.text, s.size);
        return true;
}

static bool skip_literal(JsonReader *r) {
        static const char *const literals[] = { "true", "false", "null" };
        for (size_t i = 0; i < ELEMENTSOF(literals); i++) {
                size_t n = strlen(literals[i]);
                if (r->size - r->offset >= n && memcmp(r->text + r->offset, literals[i], n) == 0) {
                        r->offset += n;
                        return true;
                }
        }
        return fail(r);
}

static bool skip_digits(JsonReader *r) {
        size_t from = r->offset;
        while (peek(r) >= '0' && peek(r) <= '9')
                r->offset++;
        return r->offset > from || fail(r);
}

static bool skip_number(JsonReader *r) {
        r->offset += peek(r) == '-';
        bool zero = peek(r) == '0';
        size_t from = r->offset;
        if (!skip_digits(r) || (zero && r->offset > from + 1))
                return fail(r);
        if (peek(r) == '.') {
                r->offset++;
                if (!skip_digits(r))
                        return false;
        }
        if (peek(r) != 'e' && peek(r) != 'E')
                return true;
        r->offset++;
        r->offset += peek(r) == '-' || peek(r) == '+';
        return skip_digits(r);
}

bool json_reader_integer(JsonReader *r, int64_t *ret) {
        char digits[24], *end; /* a copy, with an end that strtoll(3) sees */
        if (r->failed)
                return false;
        peek_token(r);
        size_t from = r->offset, n;
        if (!skip_number(r) || (n = r->offset - from) >= sizeof(digits))
                return fail(r);
        memcpy(digits, r->text + from, n);
        digits[n] = 0;
        errno = 0;
        int64_t value = strtoll(digits, &end, 10);
        if (*end || errno != 0)
                return fail(r);
        *ret = value;
        return true;
}

/* Recursion is as deep as the document, which enter() limits. */
bool json_reader_skip(JsonReader *r) {
        JsonSlice s;
        if (r->failed)
                return false;
        char ch = peek_token(r);
        switch (ch) {
        case '{':
                json_reader_object(r);
                while (json_reader_member(r, &s))
                        json_reader_skip(r);
                return !r->failed;
        case '[':
                json_reader_array(r);
                while (json_reader_element(r))
                        json_reader_skip(r);
                return !r->failed;
        case '"': return json_reader_string(r, &s);
        default: return ch == '-' || (ch >= '0' && ch <= '9') ? skip_number(r) : skip_literal(r);
        }
}

bool json_reader_end(JsonReader *r) {
        if (r->failed || r->depth > 0)
                return false;
        peek_token(r);
        return r->offset == r->size;
}
