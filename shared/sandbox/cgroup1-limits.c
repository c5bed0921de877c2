/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the files of cgroup2 mean in those of v1: as systemd translates the properties of units where both
 * have something, and by the kernel's documentation where systemd has no property. */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>

#include "alloc.h"
#include "cgroup1.h"
#include "cgroup2.h"
#include "file.h"
#include "option.h"
#include "strv.h"

static const struct {
        const char *controller; /* cgroup2's name */
        Cgroup1Hierarchy hierarchy;
} controllers[] = {
        { "cpu", CGROUP1_CPU },
        { "memory", CGROUP1_MEMORY },
        { "pids", CGROUP1_PIDS },
        { "io", CGROUP1_BLKIO },
};

bool cgroup1_has(const Cgroup1 *c, const char *controller) {
        for (size_t i = 0; i < ELEMENTSOF(controllers); i++)
                if (streq(controllers[i].controller, controller))
                        return c->fds[controllers[i].hierarchy] >= 0;
        return false;
}

static int set(const Cgroup1 *c, Cgroup1Hierarchy h, const char *file, const char *value) {
        return c->fds[h] < 0 ? -ENOENT : cgroup2_write(c->fds[h], file, value);
}

static int set_number(const Cgroup1 *c, Cgroup1Hierarchy h, const char *file, uint64_t value) {
        char text[24];
        snprintf(text, sizeof(text), "%" PRIu64, value);
        return set(c, h, file, text);
}

static int set_memory(const Cgroup1 *c, const char *value) {
        return set(c, CGROUP1_MEMORY, "memory.limit_in_bytes", value);
}

/* v1 limits memory and swap together, and only where memory has a limit: no other number says how much of
 * it is swap. */
static int set_swap(const Cgroup1 *c, const char *value) {
        _cleanup_free_ char *text = NULL;
        uint64_t memory, swap;
        if (c->fds[CGROUP1_MEMORY] < 0)
                return -ENOENT;
        int r = read_line_at(c->fds[CGROUP1_MEMORY], "memory.limit_in_bytes", &text);
        if (r < 0 || (r = parse_uint(text, INT64_MAX, &memory)) < 0 ||
                        (r = parse_uint(value, INT64_MAX, &swap)) < 0)
                return r;
        return memory > INT64_MAX - swap || memory >= INT64_MAX / 4096 * 4096
                               ? -EOPNOTSUPP
                               : set_number(c, CGROUP1_MEMORY, "memory.memsw.limit_in_bytes", memory + swap);
}

/* "QUOTA PERIOD" */
static int set_cpu_quota(const Cgroup1 *c, const char *value) {
        _cleanup_strv_ char **words = strv_split(value, ' ');
        if (strv_length(words) != 2)
                return -EINVAL;
        int r = set(c, CGROUP1_CPU, "cpu.cfs_period_us", words[1]);
        if (r >= 0)
                r = set(c, CGROUP1_CPU, "cpu.cfs_quota_us", words[0]);
        /* v1 takes none that is more than that of the cgroup above, which is the limit then */
        return r == -EINVAL ? 0 : r;
}

/* The inverse of what the isolator's shares have been made to. */
static int set_cpu_weight(const Cgroup1 *c, const char *value) {
        uint64_t weight;
        int r = parse_uint(value, 10000, &weight);
        return r < 0 || weight < 1 ? -EINVAL
                                   : set_number(c, CGROUP1_CPU, "cpu.shares",
                                                     2 + ((weight - 1) * 262142 + 9998) / 9999);
}

static int set_processes(const Cgroup1 *c, const char *value) {
        return set(c, CGROUP1_PIDS, "pids.max", value);
}

/* Only the scheduler BFQ weighs. */
static int set_io_weight(const Cgroup1 *c, const char *value) {
        uint64_t weight;
        int r = parse_uint(value, 10000, &weight);
        return r < 0 ? r
                     : set_number(c, CGROUP1_BLKIO, "blkio.bfq.weight",
                                       weight <= 100 ? MAX(weight, 1u)
                                                     : 100 + (weight - 100) * (1000 - 100) / (10000 - 100));
}

/* "MAJOR:MINOR KEY=NUMBER …" */
static int set_io_max(const Cgroup1 *c, const char *value) {
        static const struct {
                const char *key, *file;
        } files[] = {
                { "rbps=", "blkio.throttle.read_bps_device" },
                { "wbps=", "blkio.throttle.write_bps_device" },
                { "riops=", "blkio.throttle.read_iops_device" },
                { "wiops=", "blkio.throttle.write_iops_device" },
        };
        _cleanup_strv_ char **words = strv_split(value, ' ');
        int r = 0;
        for (size_t i = 1; i < strv_length(words); i++)
                for (size_t j = 0; j < ELEMENTSOF(files) && r >= 0; j++) {
                        const char *number = startswith(words[i], files[j].key);
                        _cleanup_free_ char *line = number ? xasprintf("%s %s", words[0], number) : NULL;
                        if (line)
                                r = set(c, CGROUP1_BLKIO, files[j].file, line);
                }
        return r;
}

static const struct {
        const char *file;
        int (*set)(const Cgroup1 *c, const char *value);
        /* what tells whether a unit has set it: how the file begins if not; "": it is empty */
        Cgroup1Hierarchy hierarchy;
        const char *mirror, *untouched;
} limits[] = {
        { "memory.max", set_memory, CGROUP1_MEMORY, "memory.limit_in_bytes", "92233720368547" },
        { "memory.swap.max", set_swap, CGROUP1_MEMORY, "memory.memsw.limit_in_bytes", "92233720368547" },
        { "cpu.max", set_cpu_quota, CGROUP1_CPU, "cpu.cfs_quota_us", "-1" },
        { "cpu.weight", set_cpu_weight, CGROUP1_CPU, "cpu.shares", "1024" },
        { "pids.max", set_processes, CGROUP1_PIDS, "pids.max", "max" },
        { "io.weight", set_io_weight, CGROUP1_BLKIO, "blkio.bfq.weight", "100" },
        { "io.max", set_io_max, CGROUP1_BLKIO, "blkio.throttle.read_bps_device", "" },
};

int cgroup1_limit(const Cgroup1 *c, const char *file, const char *value) {
        for (size_t i = 0; i < ELEMENTSOF(limits); i++)
                if (streq(limits[i].file, file))
                        return limits[i].set(c, value);
        return -ENOENT;
}

bool cgroup1_is_untouched(const Cgroup1 *c, const char *file) {
        for (size_t i = 0; i < ELEMENTSOF(limits); i++) {
                _cleanup_free_ char *text = NULL;
                if (!streq(limits[i].file, file))
                        continue;
                int fd = c->fds[limits[i].hierarchy];
                const char *untouched = limits[i].untouched;
                return fd < 0 || read_line_at(fd, limits[i].mirror, &text) < 0 ||
                       (*untouched ? startswith(text, untouched) != NULL : *text == 0);
        }
        return true;
}
