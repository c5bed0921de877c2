/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oom-score.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>

#include "alloc.h"
#include "file.h"
#include "option.h"

#define PATH       "/proc/self/oom_score_adj"
#define SUPERVISOR (-999)

int oom_score_get(int *ret) {
        _cleanup_free_ char *line = NULL;
        int64_t value;
        int r = read_line_at(AT_FDCWD, PATH, &line);
        if (r < 0 || (r = parse_int(line, -1000, 1000, &value)) < 0)
                return r;
        *ret = (int) value;
        return 0;
}

int oom_score_set(int value) {
        char text[16];
        snprintf(text, sizeof(text), "%d", value);
        _cleanup_close_ int fd = open(PATH, O_WRONLY | O_CLOEXEC);
        if (fd < 0 && errno == EACCES) {
                /* In a user namespace, the files of a process that nobody may look into are the host's
                 * root's. For a moment, whoever has all of its capabilities, and in the same namespace, may.
                 */
                prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
                fd = open(PATH, O_WRONLY | O_CLOEXEC);
                prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
        }
        return fd < 0 || write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

void oom_score_protect_supervisor(void) {
        int now;
        if (oom_score_get(&now) >= 0 && now > SUPERVISOR)
                oom_score_set(SUPERVISOR);
}
