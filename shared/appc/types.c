/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "types.h"

#include <ctype.h>
#include <errno.h>

#include "alloc.h"
#include "build-config.h"

static bool is_lower_alphanumeric(char ch) {
        return (ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9');
}

/* Runs of letters and digits with one of separators between each two. */
static bool words_are_valid(const char *s, const char *separators) {
        if (!is_lower_alphanumeric(*s))
                return false;
        for (; *s; s++)
                if (!is_lower_alphanumeric(*s) && (!strchr(separators, *s) || !is_lower_alphanumeric(s[1])))
                        return false;
        return true;
}

bool ac_name_is_valid(const char *s) {
        return words_are_valid(s, "-");
}

bool ac_identifier_is_valid(const char *s) {
        return words_are_valid(s, "-._~/");
}

static char *words_sanitize(const char *s, const char *separators, char replacement) {
        _cleanup_free_ char *result = xcalloc(strlen(s) + 1, 1);
        char separator = 0, *p = result;
        for (; *s; s++) {
                char ch = tolower((unsigned char) *s);
                if (is_lower_alphanumeric(ch)) {
                        if (separator && p > result)
                                *p++ = separator;
                        separator = 0;
                        *p++ = ch;
                } else if (!separator) {
                        separator = strchr(separators, ch) ? ch : replacement;
                }
        }
        return p > result ? TAKE_PTR(result) : NULL;
}

char *ac_name_sanitize(const char *s) {
        return words_sanitize(s, "-", '-');
}

char *ac_identifier_sanitize(const char *s) {
        return words_sanitize(s, "-._~/", '_');
}

char *app_name_from_image(const char *image_name) {
        const char *slash = strrchr(image_name, '/');
        return ac_name_sanitize(slash ? slash + 1 : image_name);
}

/* A decimal number without leading zeros. */
static int version_number(const char **p, uint64_t *ret) {
        size_t n = strspn(*p, "0123456789");
        if (n == 0 || n > 18 || (**p == '0' && n > 1))
                return -EINVAL;
        *ret = strtoull(*p, NULL, 10);
        *p += n;
        return 0;
}

/* Identifiers joined by dots: what stands behind "-" (where numbers have no leading zeros) or "+". */
static int version_identifiers(const char **p, bool prerelease) {
        for (;;) {
                size_t n = 0, digits = strspn(*p, "0123456789");
                while (isalnum((unsigned char) (*p)[n]) || (*p)[n] == '-')
                        n++;
                if (n == 0 || (prerelease && n > 1 && digits == n && **p == '0'))
                        return -EINVAL;
                *p += n;
                if (**p != '.')
                        return 0;
                (*p)++;
        }
}

static int parse_version(const char *s, SemanticVersion *ret, bool *ret_prerelease) {
        SemanticVersion v;
        if (version_number(&s, &v.major) < 0 || *s++ != '.' || version_number(&s, &v.minor) < 0 ||
                        *s++ != '.' || version_number(&s, &v.patch) < 0)
                return -EINVAL;
        bool prerelease = *s == '-';
        if (prerelease && (s++, version_identifiers(&s, true)) < 0)
                return -EINVAL;
        if (*s == '+' && (s++, version_identifiers(&s, false)) < 0)
                return -EINVAL;
        if (*s)
                return -EINVAL;
        *ret = v;
        *ret_prerelease = prerelease;
        return 0;
}

int semantic_version_parse(const char *s, SemanticVersion *ret) {
        bool prerelease;
        return parse_version(s, ret, &prerelease);
}

const char *ac_version_problem(const char *s) {
        SemanticVersion v, ours;
        bool prerelease;
        if (parse_version(s, &v, &prerelease) < 0)
                return "expected a semantic version such as \"" APPC_VERSION "\"";
        if (v.major == 0 && v.minor == 0 && v.patch == 0 && !prerelease)
                return "0.0.0 is not a version of the specification";
        if (semantic_version_parse(APPC_VERSION, &ours) >= 0 && v.major > ours.major)
                return "is of a later specification than the " APPC_VERSION " understood here";
        return NULL;
}

/* The digits of an ID and how many there may be at most; NULL if it has no known algorithm in front. */
static const char *image_id_digits(const char *s, size_t *ret_max) {
        const char *digits = startswith(s, "sha512-");
        *ret_max = digits ? 128 : 64;
        return digits ? digits : startswith(s, "sha256-");
}

bool image_id_is_meant(const char *s) {
        size_t max;
        return image_id_digits(s, &max);
}

bool image_id_is_valid(const char *s) {
        size_t max, n;
        const char *digits = image_id_digits(s, &max);
        if (!digits)
                return false;
        n = strspn(digits, "0123456789abcdef");
        return digits[n] == 0 && n >= IMAGE_ID_MIN_DIGITS && n <= max;
}

bool image_id_has_prefix(const char *id, const char *prefix) {
        return image_id_is_valid(prefix) && startswith(id, prefix);
}

/* Exactly n digits. Moves behind them. */
static bool date_number(const char **p, size_t n, unsigned min, unsigned max, unsigned *ret) {
        unsigned v = 0;
        for (size_t i = 0; i < n; i++) {
                if (!isdigit((unsigned char) (*p)[i]))
                        return false;
                v = v * 10 + ((*p)[i] - '0');
        }
        *p += n;
        *ret = v;
        return v >= min && v <= max;
}

static bool date_character(const char **p, const char *set) {
        if (!**p || !strchr(set, **p))
                return false;
        (*p)++;
        return true;
}

bool date_is_valid(const char *s) {
        static const unsigned days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
        unsigned year, month, day, x;
        if (!date_number(&s, 4, 0, 9999, &year) || !date_character(&s, "-") ||
                        !date_number(&s, 2, 1, 12, &month) || !date_character(&s, "-") ||
                        !date_number(&s, 2, 1, 31, &day))
                return false;
        bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        if (day > days[month - 1] + (leap && month == 2))
                return false;
        if (!date_character(&s, "T") || !date_number(&s, 2, 0, 23, &x) || !date_character(&s, ":") ||
                        !date_number(&s, 2, 0, 59, &x) || !date_character(&s, ":") ||
                        !date_number(&s, 2, 0, 60, &x))
                return false;
        if (date_character(&s, ".")) {
                size_t n = strspn(s, "0123456789");
                if (n == 0)
                        return false;
                s += n;
        }
        if (streq(s, "Z"))
                return true;
        return date_character(&s, "+-") && date_number(&s, 2, 0, 23, &x) && date_character(&s, ":") &&
               date_number(&s, 2, 0, 59, &x) && !*s;
}

bool url_is_valid(const char *s) {
        const char *rest = startswith(s, "https://");
        if (!rest)
                rest = startswith(s, "http://");
        if (!rest || strchr("/?#:", *rest))
                return false;
        for (const char *p = rest; *p; p++)
                if ((unsigned char) *p <= ' ' || *p == 0x7f)
                        return false;
        return true;
}

bool environment_name_is_valid(const char *s) {
        if (!isalpha((unsigned char) *s) && *s != '_')
                return false;
        for (; *s; s++)
                if (!isalnum((unsigned char) *s) && !strchr("_.-", *s))
                        return false;
        return true;
}

bool path_is_absolute(const char *s) {
        return s[0] == '/';
}

char *path_simplify(const char *s) {
        char *path = xnew(char, strlen(s) + 2), *end = path;
        while (*(s += strspn(s, "/"))) {
                size_t n = strcspn(s, "/");
                if (n != 1 || *s != '.') {
                        *end++ = '/';
                        end = mempcpy(end, s, n);
                }
                s += n;
        }
        if (end == path)
                *end++ = '/';
        *end = 0;
        return path;
}

bool path_equal(const char *a, const char *b) {
        _cleanup_free_ char *x = path_simplify(a), *y = path_simplify(b);
        return streq(x, y);
}

typedef struct Duplicate {
        const char *s;
        size_t index;
} Duplicate;

static int compare_duplicates(const void *a, const void *b) {
        const Duplicate *x = a, *y = b;
        int r = strcmp(x->s, y->s);
        return r ? r : (x->index > y->index) - (x->index < y->index);
}

ssize_t find_duplicate(const char *const *strings, size_t n) {
        if (n < 2)
                return -1;
        _cleanup_free_ Duplicate *sorted = xnew(Duplicate, n);
        for (size_t i = 0; i < n; i++)
                sorted[i] = (Duplicate){ strings[i], i };
        qsort(sorted, n, sizeof(*sorted), compare_duplicates);

        ssize_t first = -1;
        for (size_t i = 1; i < n; i++)
                if (streq(sorted[i - 1].s, sorted[i].s) && (first < 0 || sorted[i].index < (size_t) first))
                        first = sorted[i].index;
        return first;
}
