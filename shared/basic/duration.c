/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "duration.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>

#include "alloc.h"
#include "option.h"

static const struct {
        const char *name;
        uint64_t ns;
} units[] = {
        { "ns", 1 },
        { "us", 1000 },
        { "µs", 1000 },
        { "ms", NSEC_PER_MSEC },
        { "s", NSEC_PER_SEC },
        { "m", 60 * NSEC_PER_SEC },
        { "h", 3600 * NSEC_PER_SEC },
};

/* The longest unit that s begins with: "ms" and not "m". */
static const char *parse_unit(const char *s, uint64_t *ret_ns) {
        size_t longest = 0;
        for (size_t i = 0; i < ELEMENTSOF(units); i++)
                if (startswith(s, units[i].name) && strlen(units[i].name) > longest) {
                        longest = strlen(units[i].name);
                        *ret_ns = units[i].ns;
                }
        return longest ? s + longest : NULL;
}

/* One number with its unit, cut to whole nanoseconds. 2^63 stands for everything beyond it. */
static const char *parse_part(const char *s, unsigned __int128 *ret_ns) {
        const uint64_t limit = UINT64_C(1) << 63;
        uint64_t whole = 0, fraction = 0, scale = 1, unit;
        const char *start = s;
        for (; isdigit((unsigned char) *s); s++)
                whole = whole > limit / 10 ? limit : MIN(whole * 10 + (uint64_t) (*s - '0'), limit);
        size_t digits = s - start;
        if (*s == '.')
                for (s++; isdigit((unsigned char) *s); s++, digits++)
                        if (scale < UINT64_C(1000000000000000)) { /* finer than a nanosecond of an hour */
                                fraction = fraction * 10 + (uint64_t) (*s - '0');
                                scale *= 10;
                        }
        s = digits ? parse_unit(s, &unit) : NULL;
        if (s)
                *ret_ns = (unsigned __int128) whole * unit + (unsigned __int128) fraction * unit / scale;
        return s;
}

int duration_parse(const char *s, int64_t *ret_ns) {
        unsigned __int128 total = 0, part, limit = (unsigned __int128) 1 << 63;
        bool negative = *s == '-';
        if (negative || *s == '+')
                s++;
        if (streq(s, "0")) {
                *ret_ns = 0;
                return 0;
        }
        if (!*s)
                return -EINVAL;
        while (*s) {
                s = parse_part(s, &part);
                if (!s)
                        return -EINVAL;
                total = MIN(total + part, limit + 1);
        }
        if (total > limit - !negative)
                return -ERANGE;
        *ret_ns = negative ? (int64_t) - (uint64_t) total : (int64_t) total;
        return 0;
}

/* n / 10^places without trailing zeros behind the point. */
static char *format_decimal(uint64_t n, unsigned places) {
        uint64_t scale = 1;
        for (unsigned i = 0; i < places; i++)
                scale *= 10;
        char *text = places ? xasprintf("%" PRIu64 ".%0*" PRIu64, n / scale, (int) places, n % scale)
                            : xasprintf("%" PRIu64, n);
        size_t length = strlen(text);
        while (places && text[length - 1] == '0')
                text[--length] = 0;
        if (places && text[length - 1] == '.')
                text[length - 1] = 0;
        return text;
}

char *duration_format(int64_t ns) {
        const char *sign = ns < 0 ? "-" : "";
        uint64_t u = ns < 0 ? -(uint64_t) ns : (uint64_t) ns;
        if (u == 0)
                return xstrdup("0s");
        if (u < NSEC_PER_SEC) {
                unsigned places = u < 1000 ? 0 : u < NSEC_PER_MSEC ? 3 : 6;
                _cleanup_free_ char *number = format_decimal(u, places);
                return xasprintf("%s%s%s", sign, number, places == 0 ? "ns" : places == 3 ? "µs" : "ms");
        }
        uint64_t hours = u / (3600 * NSEC_PER_SEC), minutes = u / (60 * NSEC_PER_SEC) % 60;
        _cleanup_free_ char *seconds = format_decimal(u % (60 * NSEC_PER_SEC), 9);
        if (hours)
                return xasprintf("%s%" PRIu64 "h%" PRIu64 "m%ss", sign, hours, minutes, seconds);
        if (minutes)
                return xasprintf("%s%" PRIu64 "m%ss", sign, minutes, seconds);
        return xasprintf("%s%ss", sign, seconds);
}

int duration_parse_wait(const char *s, int64_t *ret_ns) {
        bool b;
        if (parse_bool(s, &b) >= 0) {
                *ret_ns = b ? DURATION_FOREVER : 0;
                return 0;
        }
        int r = duration_parse(s, ret_ns);
        if (r >= 0 && *ret_ns < 0)
                *ret_ns = DURATION_FOREVER;
        return r;
}

char *time_ago(time_t when, time_t now) {
        static const struct {
                int64_t below, unit;
                const char *one, *many;
        } steps[] = {
                { 60, 1, "second", "seconds" },
                { 3600, 60, "minute", "minutes" },
                { 24 * 3600, 3600, "hour", "hours" },
                { 7 * 24 * 3600, 24 * 3600, "day", "days" },
                { 30 * 24 * 3600, 7 * 24 * 3600, "week", "weeks" },
                { 365 * 24 * 3600, 30 * 24 * 3600, "month", "months" },
                { INT64_MAX, 365 * 24 * 3600, "year", "years" },
        };
        int64_t diff = (int64_t) now - (int64_t) when;
        const char *suffix = diff < 0 ? "from now" : "ago";
        if (diff < 0)
                diff = -diff;
        if (diff == 0)
                return xstrdup("just now");
        for (size_t i = 0;; i++)
                if (diff < steps[i].below) {
                        int64_t n = diff / steps[i].unit;
                        return xasprintf("%" PRIi64 " %s %s", n, n == 1 ? steps[i].one : steps[i].many,
                                        suffix);
                }
}

char *time_absolute(int64_t ns) {
        time_t seconds = ns / (int64_t) NSEC_PER_SEC;
        int milliseconds = ns / (int64_t) NSEC_PER_MSEC % 1000;
        struct tm tm;
        char date[64], zone[64], fraction[16] = "";
        localtime_r(&seconds, &tm);
        strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S", &tm);
        strftime(zone, sizeof(zone), "%z %Z", &tm);
        if (milliseconds > 0) {
                int digits = 3;
                for (; milliseconds % 10 == 0; digits--)
                        milliseconds /= 10;
                snprintf(fraction, sizeof(fraction), ".%0*d", digits, milliseconds);
        }
        return xasprintf("%s%s %s", date, fraction, zone);
}

_waiting_ uint64_t monotonic_ns(void) {
        struct timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        return timespec_ns(t);
}

int64_t realtime_ns(void) {
        struct timespec t;
        clock_gettime(CLOCK_REALTIME, &t);
        return timespec_ns(t);
}
