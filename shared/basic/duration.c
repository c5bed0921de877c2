/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "duration.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>

#include "alloc.h"

static const struct {
        const char *name;
        double ns;
} units[] = {
        { "ns", 1 },   { "us", 1e3 }, { "µs", 1e3 }, { "ms", 1e6 },
        { "s", 1e9 },  { "m", 60e9 }, { "h", 3600e9 },
};

/* The longest unit that s begins with: "ms" and not "m". */
static const char *parse_unit(const char *s, double *ret_ns) {
        size_t longest = 0;
        for (size_t i = 0; i < ELEMENTSOF(units); i++)
                if (startswith(s, units[i].name) && strlen(units[i].name) > longest) {
                        longest = strlen(units[i].name);
                        *ret_ns = units[i].ns;
                }
        return longest ? s + longest : NULL;
}

int duration_parse(const char *s, int64_t *ret_ns) {
        double total = 0;
        int sign = 1;
        if (*s == '-' || *s == '+')
                sign = *s++ == '-' ? -1 : 1;
        if (streq(s, "0")) {
                *ret_ns = 0;
                return 0;
        }
        if (!*s)
                return -EINVAL;
        while (*s) {
                if (!isdigit((unsigned char) *s) && *s != '.')
                        return -EINVAL;
                size_t digits = strspn(s, "0123456789."), dots = 0;
                for (size_t i = 0; i < digits; i++)
                        dots += s[i] == '.';
                if (dots > 1 || dots == digits || digits > 30)
                        return -EINVAL;
                double value = strtod(s, NULL), unit;
                s = parse_unit(s + digits, &unit);
                if (!s)
                        return -EINVAL;
                total += value * unit;
        }
        if (total > 9.2e18)
                return -ERANGE;
        *ret_ns = (int64_t) (sign * total);
        return 0;
}

char *duration_format(int64_t ns) {
        const char *sign = ns < 0 ? "-" : "";
        uint64_t u = ns < 0 ? -(uint64_t) ns : (uint64_t) ns;
        if (u == 0)
                return xstrdup("0s");
        if (u < NSEC_PER_SEC)
                return xasprintf("%s%gms", sign, (double) u / 1e6);
        uint64_t hours = u / (3600 * NSEC_PER_SEC), minutes = u / (60 * NSEC_PER_SEC) % 60;
        double seconds = (double) (u % (60 * NSEC_PER_SEC)) / 1e9;
        if (hours)
                return xasprintf("%s%" PRIu64 "h%" PRIu64 "m%gs", sign, hours, minutes, seconds);
        if (minutes)
                return xasprintf("%s%" PRIu64 "m%gs", sign, minutes, seconds);
        return xasprintf("%s%gs", sign, seconds);
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
                        return xasprintf("%" PRIi64 " %s %s", n, n == 1 ? steps[i].one : steps[i].many, suffix);
                }
}

char *time_absolute(int64_t ns) {
        time_t seconds = ns / (int64_t) NSEC_PER_SEC;
        int milliseconds = ns / (int64_t) NSEC_PER_MSEC % 1000;
        struct tm tm;
        char date[64], zone[64], fraction[8] = "";
        localtime_r(&seconds, &tm);
        strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S", &tm);
        strftime(zone, sizeof(zone), "%z %Z", &tm);
        if (milliseconds > 0) {
                size_t n = snprintf(fraction, sizeof(fraction), ".%03d", milliseconds);
                while (fraction[n - 1] == '0')
                        fraction[--n] = 0;
        }
        return xasprintf("%s%s %s", date, fraction, zone);
}

uint64_t monotonic_ns(void) {
        struct timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        return timespec_ns(t);
}

int64_t realtime_ns(void) {
        struct timespec t;
        clock_gettime(CLOCK_REALTIME, &t);
        return timespec_ns(t);
}
