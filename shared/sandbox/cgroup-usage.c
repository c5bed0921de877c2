/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgroup-usage.h"

#include <errno.h>
#include <fcntl.h>

#include "alloc.h"
#include "file.h"
#include "option.h"
#include "strv.h"

#define FILE_MAX   (1024 * 1024)
#define LEVELS_MAX 32

/* Decimal up to what is no digit; -1 if there is none, or too many. */
static int64_t leading_number(const char *text) {
        _cleanup_free_ char *digits = xstrndup(text, strspn(text, "0123456789"));
        int64_t n;
        return parse_int(digits, 0, INT64_MAX, &n) < 0 ? -1 : n;
}

static int64_t read_number(int cgroup, const char *file) {
        _cleanup_free_ char *line = NULL;
        return read_line_at(cgroup, file, &line) < 0 ? -1 : leading_number(line);
}

/* "KEY NUMBER" lines. */
static int64_t read_keyed(int cgroup, const char *file, const char *key) {
        _cleanup_free_ char *text = NULL;
        if (read_file_at(cgroup, file, FILE_MAX, &text, NULL) < 0)
                return -1;
        _cleanup_strv_ char **lines = strv_split(text, '\n');
        STRV_FOREACH (line, lines) {
                const char *rest = startswith(*line, key);
                if (rest && *rest == ' ')
                        return leading_number(rest + 1);
        }
        return -1;
}

/* "MAJOR:MINOR rbytes=NUMBER wbytes=NUMBER …" for each device. An empty file says that nothing was read. */
static void read_io(int cgroup, CgroupUsage *u) {
        _cleanup_free_ char *text = NULL;
        if (read_file_at(cgroup, "io.stat", FILE_MAX, &text, NULL) < 0)
                return;
        u->io_read = u->io_written = 0;
        for (char *p = text; *p; p++)
                if (*p == '\n')
                        *p = ' ';
        _cleanup_strv_ char **words = strv_split(text, ' ');
        STRV_FOREACH (word, words) {
                const char *read = startswith(*word, "rbytes="), *written = startswith(*word, "wbytes=");
                if (read)
                        u->io_read += MAX(leading_number(read), 0);
                else if (written)
                        u->io_written += MAX(leading_number(written), 0);
        }
}

/* "some avg10=0.12 avg60=…" */
static double read_pressure(int cgroup, const char *file) {
        _cleanup_free_ char *line = NULL;
        if (read_line_at(cgroup, file, &line) < 0)
                return -1;
        const char *value = startswith(line, "some avg10=");
        return value ? strtod(value, NULL) : -1;
}

/* Where the kernel does not count them: those of the cgroup and of the cgroups below, as they are now. */
static int64_t count_tasks(int cgroup, unsigned level) {
        _cleanup_strv_ char **names = NULL;
        _cleanup_free_ char *text = NULL;
        int64_t n = 0;
        if (level > LEVELS_MAX || read_file_at(cgroup, "cgroup.threads", FILE_MAX, &text, NULL) < 0)
                return 0;
        for (const char *p = text; *p; p++)
                n += *p == '\n';
        if (list_directory_at(cgroup, ".", &names) < 0)
                return n;
        STRV_FOREACH (name, names) {
                _cleanup_close_ int below =
                                openat(cgroup, *name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
                if (below >= 0)
                        n += count_tasks(below, level + 1);
        }
        return n;
}

int cgroup_usage_read(int cgroup, CgroupUsage *ret) {
        if (faccessat(cgroup, "cgroup.procs", F_OK, 0) < 0)
                return -errno;
        CgroupUsage u = {
                .cpu_usec = read_keyed(cgroup, "cpu.stat", "usage_usec"),
                .memory = read_number(cgroup, "memory.current"),
                .tasks = read_number(cgroup, "pids.current"),
                .io_read = -1,
                .io_written = -1,
                .pressure_cpu = read_pressure(cgroup, "cpu.pressure"),
                .pressure_memory = read_pressure(cgroup, "memory.pressure"),
                .pressure_io = read_pressure(cgroup, "io.pressure"),
        };
        if (u.tasks < 0)
                u.tasks = count_tasks(cgroup, 0);
        read_io(cgroup, &u);
        *ret = u;
        return 0;
}
