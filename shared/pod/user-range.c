/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "user-range.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "file.h"
#include "lock.h"
#include "log.h"
#include "option.h"

#define SUBIDS_MAX ((size_t) 16 * 1024 * 1024)
#define RANGES     ((USER_RANGE_END - USER_RANGE_FIRST) / USER_RANGE_COUNT)

/* NAME:START:COUNT */
static bool parse_line(const char *line, size_t size, uint64_t *ret_start, uint64_t *ret_count) {
        _cleanup_free_ char *copy = xstrndup(line, size);
        char *start = strchr(copy, ':'), *count = start ? strchr(start + 1, ':') : NULL;
        if (!count)
                return false;
        *count++ = 0;
        count[strcspn(count, " \t\r")] = 0;
        return parse_uint(start + 1, UINT32_MAX, ret_start) >= 0 &&
               parse_uint(count, UINT64_MAX, ret_count) >= 0;
}

bool subids_overlap(const char *text, size_t size, IdRange range) {
        const char *end = text + size;
        while (text < end) {
                const char *newline = memchr(text, '\n', (size_t) (end - text));
                size_t length = (size_t) ((newline ?: end) - text);
                uint64_t start, count;
                if (parse_line(text, length, &start, &count) && id_range_overlaps(range, start, count))
                        return true;
                text += length + 1;
        }
        return false;
}

typedef struct Subids {
        char *text[2];
        size_t size[2];
} Subids;

static void subids_done(Subids *s) {
        free(s->text[0]);
        free(s->text[1]);
}

static int read_subids(Subids *ret) {
        static const char *const paths[] = { "/etc/subuid", "/etc/subgid" };
        for (size_t i = 0; i < ELEMENTSOF(paths); i++) {
                int r = read_file_at(AT_FDCWD, paths[i], SUBIDS_MAX, &ret->text[i], &ret->size[i]);
                if (r < 0 && r != -ENOENT)
                        return log_error_errno(r, "cannot read %s", paths[i]);
        }
        return 0;
}

static bool is_given_away(const Subids *s, IdRange range) {
        for (size_t i = 0; i < ELEMENTSOF(s->text); i++)
                if (s->text[i] && subids_overlap(s->text[i], s->size[i], range))
                        return true;
        return false;
}

/* From the first digits, which are random: two pods hardly ever begin at the same place, and look at one or
 * two ranges. */
static uint32_t first_choice(const char *uuid) {
        return (uint32_t) strtoul(uuid, NULL, 16) % RANGES;
}

int user_range_claim(const char *uuid, IdRange *ret) {
        _cleanup_(subids_done) Subids subids = {};
        int r = mkdir_parents_at(AT_FDCWD, USER_RANGE_LOCKS, 0755);
        if (r < 0)
                return log_error_errno(r, USER_RANGE_LOCKS);
        if ((r = read_subids(&subids)) < 0)
                return r;
        uint32_t first = first_choice(uuid);
        for (uint32_t i = 0; i < RANGES; i++) {
                IdRange range = { USER_RANGE_FIRST + (first + i) % RANGES * USER_RANGE_COUNT,
                        USER_RANGE_COUNT };
                if (is_given_away(&subids, range))
                        continue;
                _cleanup_free_ char *path = xasprintf(USER_RANGE_LOCKS "/%" PRIu32, range.shift);
                int fd = lock_file_at(AT_FDCWD, path, LOCK_MODE_EXCLUSIVE, false);
                if (fd == -EWOULDBLOCK)
                        continue;
                if (fd < 0)
                        return log_error_errno(fd, "%s", path);
                *ret = range;
                return fd;
        }
        log_error("pod %s: every range of users from %u on is taken by a pod, or given away in /etc/subuid "
                  "or "
                  "/etc/subgid",
                        uuid, USER_RANGE_FIRST);
        return -EUSERS;
}
