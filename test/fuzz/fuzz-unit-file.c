/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "strv.h"
#include "unit-file.h"

/* A word that is quoted is the same word when it is read, and the only one. */
static void words_survive(const char *value) {
        _cleanup_strv_ char **words = NULL;
        _cleanup_free_ char *error = NULL;
        if (unit_words_split(value, &words, &error) < 0) {
                fuzz_assert(error);
                return;
        }
        STRV_FOREACH (word, words) {
                _cleanup_free_ char *quoted = unit_word_quote(*word);
                _cleanup_strv_ char **again = NULL;
                fuzz_assert(unit_words_split(quoted, &again, &error) >= 0);
                fuzz_assert(strv_length(again) == 1 && streq(again[0], *word));
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_unit_file_ UnitFile u = {};
        _cleanup_free_ char *error = NULL;
        unsigned line = 0;
        if (unit_file_parse(&u, "file", (const char *) data, size, &line, &error) < 0)
                fuzz_assert(error && line > 0);
        for (size_t i = 0; i < u.n; i++) {
                const UnitSetting *s = &u.items[i];
                fuzz_assert(*s->section && *s->key && s->value && s->line > 0);
                fuzz_assert(!strchr(s->key, '\n') && !strchr(s->value, '\n') && !strchr(s->section, '\n'));
                words_survive(s->value);
        }
        return 0;
}
