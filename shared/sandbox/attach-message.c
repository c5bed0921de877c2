/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "attach-message.h"

#include <errno.h>
#include <string.h>

#include "alloc.h"
#include "macro.h"
#include "strv.h"

/* What stands behind the first byte. */
typedef enum Body {
        BODY_NONE,
        BODY_DATA,
        BODY_CHANNELS, /* a byte, and data */
        BODY_WINDOW,
        BODY_NUMBER,
} Body;

static const struct {
        AttachKind kind;
        bool from_client;
        Body body;
} kinds[] = {
        { ATTACH_HELLO, true, BODY_CHANNELS },
        { ATTACH_INPUT, true, BODY_DATA },
        { ATTACH_EOF, true, BODY_NONE },
        { ATTACH_WINDOW, true, BODY_WINDOW },
        { ATTACH_WELCOME, false, BODY_CHANNELS },
        { ATTACH_REFUSAL, false, BODY_DATA },
        { ATTACH_OUTPUT, false, BODY_DATA },
        { ATTACH_ERROR, false, BODY_DATA },
        { ATTACH_DROPPED, false, BODY_NUMBER },
        { ATTACH_ENDED, false, BODY_NUMBER },
};

static int parse_body(Body body, const char *p, size_t size, AttachMessage *m) {
        switch (body) {
        case BODY_NONE: return size == 0 ? 0 : -EBADMSG;
        case BODY_CHANNELS:
                if (size < 1 || ((unsigned char) *p & ~ATTACH_ALL))
                        return -EBADMSG;
                m->channels = (unsigned char) *p++;
                size--;
                __attribute__((fallthrough));
        case BODY_DATA:
                m->data = p;
                m->size = size;
                return 0;
        case BODY_WINDOW:
                if (size != 2 * sizeof(uint16_t))
                        return -EBADMSG;
                memcpy(&m->rows, p, sizeof(m->rows));
                memcpy(&m->columns, p + sizeof(m->rows), sizeof(m->columns));
                return 0;
        case BODY_NUMBER:
                if (size != sizeof(m->number))
                        return -EBADMSG;
                memcpy(&m->number, p, sizeof(m->number));
                return 0;
        }
        return -EBADMSG;
}

int attach_message_parse(const void *message, size_t size, bool from_client, AttachMessage *ret) {
        const char *p = message;
        if (size < 1 || size > ATTACH_MESSAGE_MAX)
                return -EBADMSG;
        for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
                if ((char) kinds[i].kind == *p && kinds[i].from_client == from_client) {
                        *ret = (AttachMessage){ .kind = kinds[i].kind };
                        return parse_body(kinds[i].body, p + 1, size - 1, ret);
                }
        return -EBADMSG;
}

size_t attach_message_write(const AttachMessage *m, char *buffer) {
        char *p = buffer;
        Body body = BODY_NONE;
        for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
                if (kinds[i].kind == m->kind)
                        body = kinds[i].body;
        *p++ = (char) m->kind;
        if (body == BODY_CHANNELS)
                *p++ = (char) m->channels;
        if (body == BODY_CHANNELS || body == BODY_DATA)
                p = mempcpy(p, m->data ?: "", MIN(m->size, (size_t) (buffer + ATTACH_MESSAGE_MAX - p)));
        if (body == BODY_WINDOW) {
                p = mempcpy(p, &m->rows, sizeof(m->rows));
                p = mempcpy(p, &m->columns, sizeof(m->columns));
        }
        if (body == BODY_NUMBER)
                p = mempcpy(p, &m->number, sizeof(m->number));
        return (size_t) (p - buffer);
}

unsigned attach_channels_from_name(const char *name) {
        static const struct {
                const char *name;
                unsigned channels;
        } names[] = {
                { "stdin", ATTACH_STDIN },
                { "stdout", ATTACH_STDOUT },
                { "stderr", ATTACH_STDERR },
                { "tty-in", ATTACH_TTY_IN },
                { "tty-out", ATTACH_TTY_OUT },
                { "tty", ATTACH_TTY_IN | ATTACH_TTY_OUT },
        };
        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (streq(names[i].name, name))
                        return names[i].channels;
        return 0;
}

int attach_channels_parse(const char *list, unsigned *ret, char **ret_error) {
        const unsigned tty = ATTACH_TTY_IN | ATTACH_TTY_OUT;
        unsigned all = 0;
        if (streq(list, "auto")) {
                *ret = 0;
                return 0;
        }
        _cleanup_strv_ char **names = strv_split(list, ',');
        STRV_FOREACH (name, names) {
                unsigned channels = attach_channels_from_name(*name);
                if (channels == 0) {
                        *ret_error = xasprintf(
                                        "\"%s\": expected stdin, stdout, stderr, tty, tty-in or tty-out",
                                        *name);
                        return -EINVAL;
                }
                all |= channels;
        }
        if ((all & tty) && (all & ~tty)) {
                *ret_error = xasprintf("\"%s\": an app has either streams or a tty", list);
                return -EINVAL;
        }
        *ret = all;
        return 0;
}
