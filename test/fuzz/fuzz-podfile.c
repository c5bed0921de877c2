/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "json.h"
#include "podfile.h"
#include "strv.h"

static const PodfilePrograms programs = { "/usr/bin/rkt", "/usr/lib/generator" };

/* What becomes a unit is one that can be read, and has one command, which is ours. */
static void check_unit(const Podfile *p) {
        _cleanup_unit_file_ UnitFile u = {};
        _cleanup_free_ char *error = NULL;
        unsigned line, commands = 0;
        fuzz_assert(unit_file_parse(&u, "unit", p->unit, strlen(p->unit), &line, &error) >= 0);
        for (size_t i = 0; i < u.n; i++) {
                if (!streq(u.items[i].section, "Service") || !streq(u.items[i].key, "ExecStart"))
                        continue;
                _cleanup_strv_ char **words = NULL;
                commands++;
                fuzz_assert(unit_words_split(u.items[i].value, &words, &error) >= 0);
                fuzz_assert(streq_ptr(words[0], programs.rkt) || streq_ptr(words[0], programs.generator));
        }
        fuzz_assert(commands == 1);
        STRV_FOREACH (link, p->links)
                fuzz_assert(**link != '/' && !startswith(*link, "../") && !strstr(*link, "/../"));
}

/* All kinds, each beside one of every kind that it may name. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static const char *const paths[] = { "/p/x.pod", "/p/x.image", "/p/x.net", "/p/x.volume",
                "/p/t@.pod" };
        _cleanup_free_ char *text = xmalloc(size + 1);
        if (size)
                memcpy(text, data, size);
        _cleanup_podfiles_ Podfiles l = { .items = xnew(Podfile, ELEMENTSOF(paths)) };
        for (; l.n < ELEMENTSOF(paths); l.n++)
                podfile_parse(paths[l.n], text, size, &l.items[l.n]);
        for (size_t i = 0; i < l.n; i++) {
                podfile_translate(&l.items[i], &l, &programs);
                if (l.items[i].n_problems == 0)
                        check_unit(&l.items[i]);
        }
        return 0;
}
