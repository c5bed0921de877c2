/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "detach-keys.h"

#include <ctype.h>
#include <errno.h>

#include "macro.h"
#include "strv.h"

static int parse_key(const char *text, char *ret) {
        const char *control = startswith(text, "ctrl-");
        const char *key = control && *control ? control : text;
        if (strlen(key) != 1 || !isgraph((unsigned char) *key))
                return -EINVAL;
        if (key == text) {
                *ret = *key;
                return 0;
        }
        int letter = toupper((unsigned char) *key);
        if (letter < '@' || letter > '_')
                return -EINVAL;
        *ret = (char) (letter - '@');
        return 0;
}

int detach_keys_parse(const char *text, DetachKeys *ret) {
        DetachKeys k = {};
        if (*text) {
                _cleanup_strv_ char **words = strv_split(text, ',');
                if (strv_length(words) > DETACH_KEYS_MAX)
                        return -EINVAL;
                STRV_FOREACH (word, words) {
                        int r = parse_key(*word, &k.keys[k.n++]);
                        if (r < 0)
                                return r;
                }
        }
        *ret = k;
        return 0;
}

/* The sequence may begin again inside of itself: after "a a b" failed at its third key, the second and the
 * third may be its beginning. How many keys of `all`, which did not match, are a beginning. */
static size_t longest_beginning(const DetachKeys *k, const char *all, size_t n) {
        for (size_t length = MIN(n, k->n); length > 0; length--)
                if (memcmp(k->keys, all + n - length, length) == 0)
                        return length;
        return 0;
}

bool detach_keys_filter(DetachKeys *k, const char *typed, size_t size, char *out, size_t *ret_size) {
        size_t n = 0;
        for (size_t i = 0; i < size; i++) {
                char held[DETACH_KEYS_MAX + 1];
                size_t n_held = k->typed + 1;
                memcpy(held, k->keys, k->typed);
                held[k->typed] = typed[i];
                k->typed = longest_beginning(k, held, n_held);
                memcpy(out + n, held, n_held - k->typed);
                n += n_held - k->typed;
                if (k->n > 0 && k->typed == k->n) {
                        *ret_size = n;
                        return true;
                }
        }
        *ret_size = n;
        return false;
}
