/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "json-locate.h"

#include <string.h>

#include "macro.h"

size_t json_locate_value(const char *text, size_t size, size_t offset) {
        while (offset < size && strchr(" \t\r\n", text[offset]))
                offset++;
        return offset;
}

/* Behind the string that begins at offset with a quote. */
static size_t skip_string(const char *text, size_t size, size_t offset) {
        for (offset++; offset < size && text[offset] != '"'; offset++)
                if (text[offset] == '\\')
                        offset++;
        return offset + 1;
}

/* Behind the value that begins at offset: counts brackets, so it needs no stack. */
static size_t skip_value(const char *text, size_t size, size_t offset) {
        size_t depth = 0;
        offset = json_locate_value(text, size, offset);
        while (offset < size) {
                char ch = text[offset];
                if (ch == '"') {
                        offset = skip_string(text, size, offset);
                } else if (ch == '{' || ch == '[') {
                        depth++;
                        offset++;
                } else if (ch == '}' || ch == ']') {
                        if (depth == 0)
                                return offset;
                        depth--;
                        offset++;
                } else if (depth == 0 && strchr(",: \t\r\n", ch)) {
                        return offset;
                } else {
                        offset++;
                        if (depth == 0)
                                continue;
                }
                if (depth == 0 && (ch == '"' || ch == '}' || ch == ']'))
                        return offset;
        }
        return offset;
}

/* From behind one element to the start of the next, or NONE at the closing bracket. */
static size_t next_element(const char *text, size_t size, size_t offset) {
        offset = json_locate_value(text, size, offset);
        if (offset >= size || text[offset] != ',')
                return JSON_LOCATE_NONE;
        return json_locate_value(text, size, offset + 1);
}

/* To the first element of the object or array at offset. */
static size_t first_element(const char *text, size_t size, size_t offset, char open, char shut) {
        offset = json_locate_value(text, size, offset);
        if (offset >= size || text[offset] != open)
                return JSON_LOCATE_NONE;
        offset = json_locate_value(text, size, offset + 1);
        return offset >= size || text[offset] == shut ? JSON_LOCATE_NONE : offset;
}

size_t json_locate_member(const char *text, size_t size, size_t offset, const char *key) {
        size_t length = strlen(key), found = JSON_LOCATE_NONE;
        offset = first_element(text, size, offset, '{', '}');
        while (offset != JSON_LOCATE_NONE && offset < size && text[offset] == '"') {
                size_t end = skip_string(text, size, offset);
                if (end > size)
                        break;
                bool match = end - offset == length + 2 && memcmp(text + offset + 1, key, length) == 0;
                offset = json_locate_value(text, size, end);
                offset = json_locate_value(text, size, offset + 1); /* behind the colon */
                if (match)
                        found = offset; /* json-c keeps the last of duplicates */
                offset = next_element(text, size, skip_value(text, size, offset));
        }
        return found;
}

size_t json_locate_element(const char *text, size_t size, size_t offset, size_t index) {
        offset = first_element(text, size, offset, '[', ']');
        for (; offset != JSON_LOCATE_NONE && index > 0; index--)
                offset = next_element(text, size, skip_value(text, size, offset));
        return offset;
}
