/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "meta-tags.h"

/* The page, and its tags as templates. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static NameValue values[] = { { "name", "example.com/app" }, { "version", "1 2" },
                { "ext", "aci" } };
        NameValueList vars = { values, ELEMENTSOF(values) };
        _cleanup_free_ char *text = fuzz_string(data, size);
        _cleanup_name_values_ NameValueList tags = {};
        meta_tags_parse(text, size, META_DISCOVERY, &tags);
        for (size_t i = 0; i < tags.n; i++) {
                fuzz_assert(*tags.items[i].name && *tags.items[i].value);
                fuzz_assert(!strpbrk(tags.items[i].value, " \t\n\f\r"));
                _cleanup_free_ char *url = meta_template_render(tags.items[i].value, &vars);
                fuzz_assert(!url || !strpbrk(url, " {}"));
        }
        return 0;
}
