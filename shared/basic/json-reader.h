/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Reads JSON text (RFC 8259) from left to right and builds nothing: to look for a few members in thousands
 * of documents, and to find where in a text a value stands. What is passed over is checked for its grammar,
 * but not for UTF-8.
 *
 *      JsonReader r = { .text = text, .size = size };
 *      json_reader_object(&r);
 *      while (json_reader_member(&r, &key))
 *              if (json_slice_is(&key, "name"))
 *                      json_reader_string(&r, &name);
 *              else
 *                      json_reader_skip(&r);
 *      if (json_reader_end(&r)) …
 *
 * Behind each member and each element the reader stands at its value, which must be read. At the first thing
 * that is not right it stops for good: json_reader_end is the one question whether all was well. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct JsonReader {
        const char *text; /* borrowed */
        size_t size, offset;
        unsigned depth;
        bool first; /* an object or array was entered and nothing of it read */
        bool failed;
} JsonReader;

/* A string as it stands in the text, without its quotes. */
typedef struct JsonSlice {
        const char *text; /* no NUL behind it */
        size_t size;
        bool plain; /* ASCII without escapes: what stands there is what it means */
} JsonSlice;

bool json_reader_object(JsonReader *r); /* enters the value, which must be one */
bool json_reader_array(JsonReader *r);
/* To the value of the next member or element; false at the end of the object or array, which is then left.
 */
bool json_reader_member(JsonReader *r, JsonSlice *ret_key);
bool json_reader_element(JsonReader *r);
bool json_reader_string(JsonReader *r, JsonSlice *ret);
bool json_reader_integer(JsonReader *r, int64_t *ret); /* not a fraction, not out of range */
bool json_reader_skip(JsonReader *r);                  /* any value */
/* A plain string, allocated. *value must be NULL before: of a member that is there twice json-c would take
 * the last. */
bool json_reader_copy(JsonReader *r, char **value);
/* Whether the value that was read is all that the text holds, and nothing was wrong. */
bool json_reader_end(JsonReader *r);

static inline bool json_slice_is(const JsonSlice *s, const char *text) {
        return s->size == strlen(text) && memcmp(s->text, text, s->size) == 0;
}
