/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Documentation/admin-guide/cgroup-v1/devices.rst: lists of exceptions, a line at a time. */

#include <errno.h>
#include <stdio.h>

#include "cgroup2.h"
#include "devices.h"

static int allow(int cgroup, const DeviceRule *rule) {
        char minor[16] = "*", line[64];
        if (rule->minor != DEVICE_ANY_MINOR)
                snprintf(minor, sizeof(minor), "%u", rule->minor);
        snprintf(line, sizeof(line), "%c %u:%s %s", rule->block ? 'b' : 'c', rule->major, minor,
                        rule->write ? "rw" : "r");
        return cgroup2_write(cgroup, "devices.allow", line);
}

int device_policy_write(const DeviceRule *rules, size_t n, int cgroup) {
        int r = cgroup < 0 ? -ENODATA : cgroup2_write(cgroup, "devices.deny", "a");
        /* making a node is harmless: opening it is what is asked about below */
        if (r >= 0)
                r = cgroup2_write(cgroup, "devices.allow", "c *:* m");
        if (r >= 0)
                r = cgroup2_write(cgroup, "devices.allow", "b *:* m");
        for (size_t i = 0; i < DEVICES_COMMON && r >= 0; i++)
                r = allow(cgroup, &devices_common[i]);
        for (size_t i = 0; i < n && r >= 0; i++)
                r = allow(cgroup, &rules[i]);
        return r;
}
