/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base64.h"

#include <errno.h>

#include "alloc.h"

static int digit(char c) {
        static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        const char *p = c ? strchr(digits, c) : NULL;
        return p ? (int) (p - digits) : -1;
}

int base64_decode(const char *s, char **ret, size_t *ret_size) {
        size_t n = strlen(s), digits = n;
        while (digits > 0 && s[digits - 1] == '=')
                digits--;
        if (digits % 4 == 1 || n - digits > 2 || (n != digits && n % 4 != 0))
                return -EINVAL;

        char *decoded = xmalloc(digits / 4 * 3 + 3), *p = decoded;
        uint32_t bits = 0;
        for (size_t i = 0; i < digits; i++) {
                int d = digit(s[i]);
                if (d < 0) {
                        explicit_bzero(decoded, p - decoded);
                        free(decoded);
                        return -EINVAL;
                }
                bits = bits << 6 | (uint32_t) d;
                if (i % 4 != 0)
                        *p++ = (char) (bits >> (6 - i % 4 * 2));
        }
        *p = 0;
        *ret = decoded;
        *ret_size = p - decoded;
        return 0;
}
