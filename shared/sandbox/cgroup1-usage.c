/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>

#include "alloc.h"
#include "cgroup1.h"
#include "file.h"
#include "option.h"
#include "strv.h"

#define FILE_MAX (1024 * 1024)

static int64_t read_number(const Cgroup1 *c, Cgroup1Hierarchy h, const char *file) {
        _cleanup_free_ char *line = NULL;
        int64_t n;
        if (c->fds[h] < 0 || read_line_at(c->fds[h], file, &line) < 0)
                return -1;
        return parse_int(line, 0, INT64_MAX, &n) < 0 ? -1 : n;
}

static char *read_text(const Cgroup1 *c, Cgroup1Hierarchy h, const char *file) {
        char *text = NULL;
        return c->fds[h] < 0 || read_file_at(c->fds[h], file, FILE_MAX, &text, NULL) < 0 ? NULL : text;
}

/* The sum over the lines that hold KEY in front of their number: "oom_kill 2", "8:0 Read 4096". -1: none. */
static int64_t sum_keyed(const char *text, const char *key) {
        int64_t sum = -1;
        _cleanup_strv_ char **lines = strv_split(text, '\n');
        STRV_FOREACH (line, lines) {
                _cleanup_strv_ char **words = strv_split(*line, ' ');
                size_t n = strv_length(words);
                int64_t number;
                if (n >= 2 && streq(words[n - 2], key) &&
                                parse_int(words[n - 1], 0, INT64_MAX, &number) >= 0)
                        sum = MAX(sum, 0) + number;
        }
        return sum;
}

int64_t cgroup1_oom_kills(const Cgroup1 *c) {
        _cleanup_free_ char *text = read_text(c, CGROUP1_MEMORY, "memory.oom_control");
        return text ? sum_keyed(text, "oom_kill") : -1;
}

/* Nothing is listed before something was read or written. */
static void add_io(const Cgroup1 *c, CgroupUsage *usage) {
        _cleanup_free_ char *text = read_text(c, CGROUP1_BLKIO, "blkio.throttle.io_service_bytes_recursive");
        if (!text || usage->io_read >= 0)
                return;
        usage->io_read = MAX(sum_keyed(text, "Read"), 0);
        usage->io_written = MAX(sum_keyed(text, "Write"), 0);
}

void cgroup1_usage_add(const Cgroup1 *c, CgroupUsage *usage) {
        int64_t cpu_ns = usage->cpu_usec < 0 ? read_number(c, CGROUP1_CPUACCT, "cpuacct.usage") : -1,
                tasks = read_number(c, CGROUP1_PIDS, "pids.current");
        if (cpu_ns >= 0)
                usage->cpu_usec = cpu_ns / 1000;
        if (usage->memory < 0)
                usage->memory = read_number(c, CGROUP1_MEMORY, "memory.usage_in_bytes");
        if (tasks >= 0)
                usage->tasks = tasks;
        add_io(c, usage);
}
