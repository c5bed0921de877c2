/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "uuid.h"

#include <ctype.h>
#include <errno.h>
#include <sys/random.h>

#include "log.h"
#include "macro.h"

static void format_uuid(const unsigned char b[static 16], char *ret) {
        static const char hex[] = "0123456789abcdef";
        for (int i = 0; i < 16; i++) {
                if (i == 4 || i == 6 || i == 8 || i == 10)
                        *ret++ = '-';
                *ret++ = hex[b[i] >> 4];
                *ret++ = hex[b[i] & 15];
        }
        *ret = 0;
}

void uuid_new(char ret[static UUID_STRING_SIZE]) {
        unsigned char b[16];
        if (getrandom(b, sizeof(b), 0) != sizeof(b)) {
                log_error_errno(errno, "getrandom");
                _exit(EXIT_RKT_FAILURE);
        }
        b[6] = (b[6] & 0x0f) | 0x40;
        b[8] = (b[8] & 0x3f) | 0x80;
        format_uuid(b, ret);
}

int uuid_normalize(const char *s, char ret[static UUID_STRING_SIZE]) {
        unsigned char b[16] = {};
        int digits = 0;
        for (; *s; s++) {
                if (*s == '-')
                        continue;
                if (!isxdigit((unsigned char) *s) || digits == 32)
                        return -EINVAL;
                int v = isdigit((unsigned char) *s) ? *s - '0' : tolower((unsigned char) *s) - 'a' + 10;
                b[digits / 2] |= digits % 2 ? v : v << 4;
                digits++;
        }
        if (digits != 32)
                return -EINVAL;
        format_uuid(b, ret);
        return 0;
}

bool uuid_is_valid(const char *s) {
        char normal[UUID_STRING_SIZE];
        return uuid_normalize(s, normal) == 0 && strcasecmp(s, normal) == 0;
}

void uuid_machine_id(const char *uuid, char ret[static 33]) {
        int n = 0;
        for (; *uuid && n < 32; uuid++)
                if (*uuid != '-')
                        ret[n++] = *uuid;
        ret[n] = 0;
}
