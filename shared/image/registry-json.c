/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry-json.h"

#include <errno.h>

#include "alloc.h"
#include "json.h"
#include "strv.h"

#define TOKEN_MAX      65536
#define ERRORS_SHOWN   3
#define ERROR_TEXT_MAX 300

/* It becomes a part of a header field, which a line break would end. */
static int check_token(JsonContext *c, const char *token) {
        size_t n = strlen(token);
        for (size_t i = 0; i < n; i++)
                if (token[i] <= ' ' || token[i] > '~')
                        return json_fail(c, "a token has no spaces, control or other special characters");
        return n == 0 || n > TOKEN_MAX ? json_fail(c, "expected a token of at most %d characters, found %zu",
                                                         TOKEN_MAX, n)
                                       : 0;
}

static int read_token(JsonContext *c, const char **ret) {
        const char *keys[] = { "token", "access_token" };
        *ret = NULL;
        int r = json_expect(c, c->root, json_type_object);
        for (size_t i = 0; r >= 0 && !*ret && i < ELEMENTSOF(keys); i++) {
                r = json_get_string(c, c->root, keys[i], JSON_OPTIONAL, ret);
                if (r < 0 || !*ret)
                        continue;
                size_t mark = json_enter(c, keys[i]);
                r = check_token(c, *ret);
                json_leave(c, mark);
        }
        if (r >= 0 && !*ret)
                r = json_fail(c, "expected a member token or access_token");
        return r;
}

int registry_token_parse(
                const char *name, const char *text, size_t size, char **ret_token, char **ret_error) {
        _cleanup_json_context_ JsonContext c = {};
        const char *token;
        int r = json_context_parse(&c, name, text, size);
        if (r >= 0)
                r = read_token(&c, &token);
        if (r >= 0)
                *ret_token = xstrdup(token);
        else
                *ret_error = TAKE_PTR(c.error);
        return r;
}

/* For a terminal: what could control it is left out. */
static char *shown(const char *code, const char *message) {
        char *s = code && message ? xasprintf("%s: %s", code, message) : xstrdup(code ?: message), *p = s;
        for (; *p; p++)
                if ((unsigned char) *p < 0x20 || *p == 0x7f)
                        *p = ' ';
        if (p - s > ERROR_TEXT_MAX)
                s[ERROR_TEXT_MAX] = 0;
        return s;
}

static void read_errors(JsonContext *c, char ***texts) {
        json_object *errors = NULL;
        if (json_expect(c, c->root, json_type_object) < 0 ||
                        json_get_array(c, c->root, "errors", JSON_REQUIRED, &errors) < 0)
                return;
        for (size_t i = 0; i < json_object_array_length(errors) && i < ERRORS_SHOWN; i++) {
                const char *code = NULL, *message = NULL;
                json_object *o = json_object_array_get_idx(errors, i);
                if (json_expect(c, o, json_type_object) < 0 ||
                                json_get_string(c, o, "code", JSON_OPTIONAL, &code) < 0 ||
                                json_get_string(c, o, "message", JSON_OPTIONAL, &message) < 0)
                        return;
                if (code || message)
                        strv_push(texts, shown(code, message));
        }
}

char *registry_errors_text(const char *text, size_t size) {
        _cleanup_json_context_ JsonContext c = {};
        _cleanup_strv_ char **texts = NULL;
        if (size > 0 && json_context_parse(&c, "errors", text, size) >= 0)
                read_errors(&c, &texts);
        return strv_length(texts) > 0 ? strv_join(texts, "; ") : NULL;
}
