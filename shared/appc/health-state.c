/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "health-state.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "alloc.h"
#include "option.h"

static const char *const status_names[] = {
        [HEALTH_STARTING] = "starting",
        [HEALTH_HEALTHY] = "healthy",
        [HEALTH_UNHEALTHY] = "unhealthy",
};

const char *health_status_name(HealthStatus s) {
        return status_names[s];
}

char *health_state_format(const HealthState *s, const char *output, size_t n_output, size_t *ret_size) {
        _cleanup_free_ char *head = xasprintf("status=%s\nfailing=%" PRIu64 "\nchecked=%" PRId64
                                              "\nexit=%d\ntimed-out=%d\n\n",
                        status_names[s->status], s->failing, s->checked_at, s->exit_code, s->timed_out);
        size_t n = strlen(head);
        char *text = xnew(char, n + n_output + 1);
        memcpy(text, head, n);
        if (n_output > 0)
                memcpy(text + n, output, n_output);
        *ret_size = n + n_output;
        return text;
}

/* How many bytes the character at s has; 0: it is none that may be shown. RFC 3629. */
static size_t character_size(const unsigned char *s, size_t n) {
        static const struct {
                unsigned char mask, lead;
                uint32_t least;
        } forms[] = { { 0xe0, 0xc0, 0x80 }, { 0xf0, 0xe0, 0x800 }, { 0xf8, 0xf0, 0x10000 } };
        if (*s < 0x80)
                return (*s >= ' ' && *s != 0x7f) || *s == '\n' || *s == '\t';
        for (size_t i = 0; i < ELEMENTSOF(forms); i++) {
                size_t size = i + 2;
                if ((*s & forms[i].mask) != forms[i].lead)
                        continue;
                if (n < size)
                        return 0;
                uint32_t c = *s & (unsigned char) ~forms[i].mask;
                for (size_t k = 1; k < size; k++) {
                        if ((s[k] & 0xc0) != 0x80)
                                return 0;
                        c = c << 6 | (s[k] & 0x3f);
                }
                bool surrogate = c >= 0xd800 && c <= 0xdfff;
                return c < forms[i].least || c > 0x10ffff || surrogate || c < 0xa0 ? 0 : size;
        }
        return 0;
}

char *health_output_clean(const char *text, size_t size) {
        char *result = xnew(char, size + 1);
        size_t n = 0, i = 0;
        /* the cut may have gone through a character */
        while (i < size && i < 3 && ((unsigned char) text[i] & 0xc0) == 0x80)
                i++;
        while (i < size) {
                size_t length = character_size((const unsigned char *) text + i, size - i);
                if (length == 0) {
                        result[n++] = '?';
                        i++;
                        continue;
                }
                memcpy(result + n, text + i, length);
                n += length;
                i += length;
        }
        result[n] = 0;
        return result;
}

static int parse_status(const char *value, HealthState *s) {
        for (HealthStatus i = 0; i < _HEALTH_STATUS_MAX; i++)
                if (streq(value, status_names[i])) {
                        s->status = i;
                        return 0;
                }
        return -EBADMSG;
}

static int parse_line(const char *line, HealthState *s) {
        const char *value;
        int64_t n = 0;
        if ((value = startswith(line, "status=")))
                return parse_status(value, s);
        if ((value = startswith(line, "failing=")))
                return parse_uint(value, UINT32_MAX, &s->failing) < 0 ? -EBADMSG : 0;
        if ((value = startswith(line, "checked=")))
                return parse_int(value, 0, INT64_MAX, &s->checked_at) < 0 ? -EBADMSG : 0;
        if ((value = startswith(line, "exit="))) {
                if (parse_int(value, 0, 255, &n) < 0)
                        return -EBADMSG;
                s->exit_code = (int) n;
        } else if ((value = startswith(line, "timed-out=")))
                s->timed_out = streq(value, "1");
        return 0; /* later versions may have more to say */
}

int health_state_parse(const char *text, size_t size, HealthState *ret) {
        HealthState s = { .status = _HEALTH_STATUS_MAX };
        const char *end = text + size;
        for (;;) {
                const char *newline = memchr(text, '\n', (size_t) (end - text));
                if (!newline)
                        return -EBADMSG;
                if (newline == text)
                        break;
                _cleanup_free_ char *line = xstrndup(text, (size_t) (newline - text));
                int r = parse_line(line, &s);
                if (r < 0)
                        return r;
                text = newline + 1;
        }
        if (s.status == _HEALTH_STATUS_MAX)
                return -EBADMSG;
        s.output = health_output_clean(text + 1, (size_t) (end - text - 1));
        *ret = s;
        return 0;
}

void health_state_done(HealthState *s) {
        free(s->output);
        *s = (HealthState){};
}

char *health_output_last_line(const char *clean) {
        size_t end = strlen(clean);
        while (end > 0 && strchr("\n\t ", clean[end - 1]))
                end--;
        size_t start = end;
        while (start > 0 && clean[start - 1] != '\n')
                start--;
        return xstrndup(clean + start, end - start);
}
