/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Reading JSON from outside: json-c does the parsing; this adds limits, typed access, and errors that say
 * where: "FILE:LINE:COLUMN: app.exec[0]: expected a string, found a number".
 *
 * A reader walks the document with a JsonContext, entering members as it goes:
 *
 *      size_t mark = json_enter(c, "app");
 *      …json_get_string(c, app, "user", JSON_REQUIRED, &user)…
 *      json_leave(c, mark);
 *
 * The first failure is kept in c->error; every function returns -EINVAL after it and writes no result.
 * A member whose value is null counts as absent, as in Go. Unknown members are ignored (appc spec). */

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "macro.h"

#define JSON_MAX_DEPTH 64
#define JSON_MAX_PATH  32
/* Limits of what a document may hold, since json-c spends up to 800 bytes on a value that takes two. */
#define JSON_MAX_VALUES     1000000
#define JSON_MAX_CONTAINERS 100000

typedef struct JsonContext {
        const char *name; /* of the file or source, for messages */
        const char *text; /* borrowed, must outlive the context */
        size_t size;
        json_object *root;
        char *error; /* NULL while all is well */
        struct {
                const char *key; /* NULL: an array index */
                size_t index;
        } path[JSON_MAX_PATH];
        size_t depth;
} JsonContext;

typedef enum JsonPresence {
        JSON_OPTIONAL,
        JSON_REQUIRED,
} JsonPresence;

/* Parses text into c->root. On failure -EINVAL with c->error set ("FILE:LINE:COLUMN: …"). Strict RFC 8259:
 * valid UTF-8, nothing but white space after the value, at most JSON_MAX_DEPTH levels. Control characters of
 * the document are escaped in error texts, which may go to a terminal. */
int json_context_parse(JsonContext *c, const char *name, const char *text, size_t size);
void json_context_done(JsonContext *c); /* frees root and error; the struct is the caller's */
#define _cleanup_json_context_ _cleanup_(json_context_done)

/* Steps into a member or an element; keys are borrowed. Returns the mark for json_leave. */
size_t json_enter(JsonContext *c, const char *key);
size_t json_enter_index(JsonContext *c, size_t index);
void json_leave(JsonContext *c, size_t mark);

/* Records "…: path: message" with the position of the current path. Returns -EINVAL. */
int json_fail(JsonContext *c, const char *format, ...) _printf_(2, 3);
/* The same at a member of the current value. */
int json_fail_member(JsonContext *c, const char *key, const char *format, ...) _printf_(3, 4);

/* What kind of value it is, for messages: "a string", "null", … */
const char *json_kind(json_object *o);

/* Checks the current value itself. */
int json_expect(JsonContext *c, json_object *o, json_type type);

/* Members of object o. *ret is left alone when an optional member is absent; strings are borrowed from the
 * document. json_get_object and json_get_array give NULL for an absent optional member. */
int json_get_string(JsonContext *c, json_object *o, const char *key, JsonPresence p, const char **ret);
int json_get_bool(JsonContext *c, json_object *o, const char *key, JsonPresence p, bool *ret);
int json_get_int(JsonContext *c, json_object *o, const char *key, JsonPresence p, int64_t min, int64_t max,
                int64_t *ret);
int json_get_object(JsonContext *c, json_object *o, const char *key, JsonPresence p, json_object **ret);
int json_get_array(JsonContext *c, json_object *o, const char *key, JsonPresence p, json_object **ret);
int json_get_strv(JsonContext *c, json_object *o, const char *key, JsonPresence p, char ***ret); /* copies */

/* Writing. Slashes are not escaped. Pretty: tab-indented, as Go's json.MarshalIndent(v, "", "\t").
 * Allocated, no trailing newline. */
char *json_to_text(json_object *o, bool pretty);

static inline void json_object_putp(json_object **o) {
        json_object_put(*o);
}
#define _cleanup_json_ _cleanup_(json_object_putp)
