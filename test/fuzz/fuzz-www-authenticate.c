/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "www-authenticate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = fuzz_string(data, size);
        _cleanup_challenges_ ChallengeList l = {};
        if (challenges_parse(&l, text) < 0)
                fuzz_assert(l.n == 0);
        for (size_t i = 0; i < l.n; i++) {
                const Challenge *c = &l.items[i];
                fuzz_assert(*c->scheme && challenges_find(&l, c->scheme));
                fuzz_assert(!c->token68 || c->parameters.n == 0);
                for (size_t k = 0; k < c->parameters.n; k++)
                        fuzz_assert(challenge_get(c, c->parameters.items[k].name) ==
                                        c->parameters.items[k].value);
        }
        return 0;
}
