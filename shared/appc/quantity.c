/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "quantity.h"

#include <errno.h>

#include "alloc.h"
#include "macro.h"

typedef unsigned __int128 uint128;

#define NANO  1000000000
#define LIMIT ((uint128) INT64_MAX * NANO)

/* A natural number long enough for every quantity: DIGITS_MAX digits, times 2^60. */
#define LIMBS      7
#define DIGITS_MAX 100

static void multiply_add(uint64_t x[static LIMBS], uint64_t factor, uint64_t carry) {
        for (size_t i = 0; i < LIMBS; i++) {
                uint128 t = (uint128) x[i] * factor + carry;
                x[i] = (uint64_t) t;
                carry = (uint64_t) (t >> 64);
        }
}

static uint64_t divide(uint64_t x[static LIMBS], uint64_t divisor) {
        uint64_t remainder = 0;
        for (size_t i = LIMBS; i-- > 0;) {
                uint128 t = (uint128) remainder << 64 | x[i];
                x[i] = (uint64_t) (t / divisor);
                remainder = (uint64_t) (t % divisor);
        }
        return remainder;
}

static bool is_zero(const uint64_t x[static LIMBS]) {
        for (size_t i = 0; i < LIMBS; i++)
                if (x[i])
                        return false;
        return true;
}

static bool is_above_limit(const uint64_t x[static LIMBS]) {
        for (size_t i = 2; i < LIMBS; i++)
                if (x[i])
                        return true;
        return ((uint128) x[1] << 64 | x[0]) > LIMIT;
}

/* Digits with at most one point: their number goes to x, *ret_exponent is minus the digits behind the point.
 * NULL if there is no digit or too many, else what follows. */
static const char *parse_digits(const char *s, uint64_t x[static LIMBS], int64_t *ret_exponent) {
        size_t digits = 0, significant = 0;
        int64_t exponent = 0;
        bool point = false;
        for (;; s++) {
                if (*s == '.' && !point) {
                        point = true;
                        continue;
                }
                if (*s < '0' || *s > '9')
                        break;
                digits++;
                if (*s != '0' || significant)
                        significant++;
                if (significant > DIGITS_MAX)
                        return NULL;
                multiply_add(x, 10, *s - '0');
                if (point)
                        exponent--;
        }
        *ret_exponent = exponent;
        return digits ? s : NULL;
}

/* What stands behind the number: adds to the exponent of ten, or gives one of two. */
static int parse_suffix(const char *s, int64_t *exponent, unsigned *ret_shift, QuantityFormat *ret_format) {
        static const char decimal[] = "num kMGTPE", binary[] = "KMGTPE";
        *ret_shift = 0;
        *ret_format = QUANTITY_DECIMAL;
        if (!*s)
                return 0;

        const char *p;
        if (s[1] == 'i' && !s[2] && (p = strchr(binary, *s))) {
                *ret_shift = 10 * (unsigned) (p - binary + 1);
                *ret_format = QUANTITY_BINARY;
                return 0;
        }
        if (!s[1] && *s != ' ' && (p = strchr(decimal, *s))) {
                *exponent += 3 * (p - decimal) - 9;
                return 0;
        }
        if (*s != 'e' && *s != 'E')
                return -EINVAL;

        bool negative = *++s == '-';
        s += negative || *s == '+';
        size_t n = strspn(s, "0123456789");
        if (n == 0 || n > 9 || s[n])
                return -EINVAL;
        int64_t e = strtoll(s, NULL, 10);
        *exponent += negative ? -e : e;
        *ret_format = QUANTITY_EXPONENT;
        return 0;
}

int quantity_parse(const char *s, Quantity *ret) {
        uint64_t x[LIMBS] = {};
        int64_t exponent;
        unsigned shift;
        QuantityFormat format;

        bool negative = *s == '-';
        s += negative || *s == '+';
        s = parse_digits(s, x, &exponent);
        if (!s || parse_suffix(s, &exponent, &shift, &format) < 0)
                return -EINVAL;

        bool inexact = false;
        multiply_add(x, UINT64_C(1) << shift, 0);
        for (exponent += 9; exponent < 0 && !is_zero(x); exponent++)
                inexact |= divide(x, 10) != 0;
        for (; exponent > 0 && !is_zero(x) && !is_above_limit(x); exponent--)
                multiply_add(x, 10, 0);

        uint128 nano = is_above_limit(x) ? LIMIT : ((uint128) x[1] << 64 | x[0]);
        if (inexact && nano < LIMIT)
                nano++;
        *ret = (Quantity){ .nano = negative ? -(__int128) nano : (__int128) nano, .format = format };
        return 0;
}

/* a / b, away from zero, cut to what fits. */
static int64_t divide_up(__int128 a, int64_t b) {
        __int128 q = a / b;
        if (a % b)
                q += a < 0 ? -1 : 1;
        return q > INT64_MAX ? INT64_MAX : q < INT64_MIN ? INT64_MIN : (int64_t) q;
}

int64_t quantity_value(Quantity q) {
        return divide_up(q.nano, NANO);
}

int64_t quantity_milli(Quantity q) {
        return divide_up(q.nano, NANO / 1000);
}

/* What is left of n after dividing by 1000 (or 1024) as often as it goes, at most max times. */
static char *reduced(__int128 n, int base, unsigned max, unsigned *ret_times) {
        unsigned times = 0;
        for (; times < max && n % base == 0; times++)
                n /= base;
        *ret_times = times;

        char text[41], *p = text + sizeof(text);
        uint128 m = n < 0 ? -(uint128) n : (uint128) n;
        *--p = 0;
        do {
                *--p = '0' + (char) (m % 10);
                m /= 10;
        } while (m);
        if (n < 0)
                *--p = '-';
        return xstrdup(p);
}

char *quantity_format(Quantity q) {
        static const char *const decimal[] = { "n", "u", "m", "", "k", "M", "G", "T", "P", "E" };
        static const char *const binary[] = { "", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei" };
        if (q.nano == 0)
                return xstrdup("0");

        unsigned times;
        __int128 whole = q.nano / NANO;
        if (q.format == QUANTITY_BINARY && q.nano % NANO == 0 && (whole >= 1024 || whole <= -1024)) {
                _cleanup_free_ char *digits = reduced(whole, 1024, ELEMENTSOF(binary) - 1, &times);
                return xasprintf("%s%s", digits, binary[times]);
        }
        _cleanup_free_ char *digits = reduced(q.nano, 1000, ELEMENTSOF(decimal) - 1, &times);
        int exponent = 3 * (int) times - 9;
        if (q.format == QUANTITY_EXPONENT && exponent != 0)
                return xasprintf("%se%d", digits, exponent);
        return xasprintf("%s%s", digits, decimal[times]);
}
