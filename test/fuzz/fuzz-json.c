/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "json-locate.h"
#include "json-reader.h"
#include "json.h"
#include "strv.h"

static bool is_ascii(const char *text, size_t size) {
        for (size_t i = 0; i < size; i++)
                if ((unsigned char) text[i] >= 0x80)
                        return false;
        return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        const char *text = (const char *) data;
        _cleanup_json_context_ JsonContext c, again;

        /* also for text that json-c refuses: it must only stay inside */
        json_locate_member(text, size, 0, "a");
        json_locate_element(text, size, 0, 3);

        JsonReader r = { .text = text, .size = size };
        bool strict = json_reader_skip(&r) && json_reader_end(&r);
        if (json_context_parse(&c, "input", text, size) < 0) {
                fuzz_assert(c.error);
                fuzz_assert(!strict || !is_ascii(text, size)); /* the reader leaves UTF-8 alone */
                again = (JsonContext){};
                return 0;
        }
        _cleanup_free_ char *first = json_to_text(c.root, size % 2);
        fuzz_assert(json_context_parse(&again, "output", first, strlen(first)) >= 0);
        _cleanup_free_ char *second = json_to_text(again.root, size % 2);
        fuzz_assert(streq(first, second));

        char **l = NULL;
        if (json_object_is_type(c.root, json_type_object)) {
                json_get_strv(&c, c.root, "a", JSON_OPTIONAL, &l);
                strv_free(l);
        }
        if (!c.error)
                json_fail(&c, "at %s", "the end");
        return 0;
}
