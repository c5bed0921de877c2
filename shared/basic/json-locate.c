/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "json-locate.h"

#include <string.h>

#include "json-reader.h"

size_t json_locate_value(const char *text, size_t size, size_t offset) {
        while (offset < size && strchr(" \t\r\n", text[offset]))
                offset++;
        return offset;
}

size_t json_locate_member(const char *text, size_t size, size_t offset, const char *key) {
        JsonReader r = { .text = text, .size = size, .offset = offset };
        JsonSlice name;
        size_t found = JSON_LOCATE_NONE;
        json_reader_object(&r);
        while (json_reader_member(&r, &name)) {
                if (json_slice_is(&name, key))
                        found = r.offset; /* json-c keeps the last of duplicates */
                json_reader_skip(&r);
        }
        return found;
}

size_t json_locate_element(const char *text, size_t size, size_t offset, size_t index) {
        JsonReader r = { .text = text, .size = size, .offset = offset };
        json_reader_array(&r);
        for (; json_reader_element(&r); index--) {
                if (index == 0)
                        return r.offset;
                json_reader_skip(&r);
        }
        return JSON_LOCATE_NONE;
}
