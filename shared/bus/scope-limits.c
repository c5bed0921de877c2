/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scope-limits.h"

#include "macro.h"

#define USEC_PER_SEC UINT64_C(1000000)
#define NUMBERS_MAX  8192 /* processors that a kernel can have */

/* Files with one number whose properties take the same. */
static const struct {
        const char *file, *property;
} limit_properties[] = {
        { "memory.max", "MemoryMax" },
        { "memory.high", "MemoryHigh" },
        { "memory.swap.max", "MemorySwapMax" },
        { "pids.max", "TasksMax" },
        { "cpu.weight", "CPUWeight" },
        { "io.weight", "IOWeight" },
};

/* "0-3,8" as systemd has it: a bit for each number, the lowest first. */
static int append_numbers(sd_bus_message *m, const char *property, const char *list) {
        uint8_t bits[NUMBERS_MAX / 8] = {};
        size_t size = 0;
        while (*list) {
                char *end;
                unsigned long first = strtoul(list, &end, 10),
                              last = *end == '-' ? strtoul(end + 1, &end, 10) : first;
                for (unsigned long i = first; i <= last && i < NUMBERS_MAX; i++) {
                        bits[i / 8] |= (uint8_t) (1 << i % 8);
                        size = MAX(size, i / 8 + 1);
                }
                if (*end != ',')
                        break;
                list = end + 1;
        }
        int r = sd_bus_message_open_container(m, 'r', "sv");
        if (r >= 0)
                r = sd_bus_message_append(m, "s", property);
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'v', "ay");
        if (r >= 0)
                r = sd_bus_message_append_array(m, 'y', bits, size);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static bool is_file(const char *file, size_t n, const char *name) {
        return strlen(name) == n && strncmp(name, file, n) == 0;
}

/* What systemd does not know is left to the caller, who finds it not set. */
static int append_limit(sd_bus_message *m, const char *file, size_t n, const char *value) {
        unsigned long long number = strtoull(value, NULL, 10);
        for (size_t i = 0; i < ELEMENTSOF(limit_properties); i++)
                if (is_file(file, n, limit_properties[i].file))
                        return sd_bus_message_append(
                                        m, "(sv)", limit_properties[i].property, "t", (uint64_t) number);
        if (is_file(file, n, "cpuset.cpus"))
                return append_numbers(m, "AllowedCPUs", value);
        if (is_file(file, n, "cpuset.mems"))
                return append_numbers(m, "AllowedMemoryNodes", value);
        unsigned long long quota, period;
        if (is_file(file, n, "cpu.max") && sscanf(value, "%llu %llu", &quota, &period) == 2 && period > 0)
                return sd_bus_message_append(m, "(sv)", "CPUQuotaPerSecUSec", "t",
                                (uint64_t) (quota * (USEC_PER_SEC / period)));
        return 0;
}

int scope_limits_append(sd_bus_message *m, char *const *limits, bool *ret_tasks) {
        int r = 0;
        *ret_tasks = false;
        for (char *const *l = limits; l && *l && r >= 0; l++) {
                const char *value = strchr(*l, '=');
                if (!value)
                        continue;
                *ret_tasks |= startswith(*l, "pids.max=") != NULL;
                r = append_limit(m, *l, (size_t) (value - *l), value + 1);
        }
        return r;
}
