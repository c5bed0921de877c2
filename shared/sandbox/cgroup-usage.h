/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the processes of a cgroup, and of those below it, have used, from the kernel's files
 * (Documentation/admin-guide/cgroup-v2.rst). */

#include <stdint.h>

/* Bytes or numbers; -1: not counted here, because the cgroup has not got the controller. */
typedef struct CgroupUsage {
        int64_t cpu_usec;
        int64_t memory;
        int64_t tasks; /* processes and threads */
        int64_t io_read, io_written;
        /* The share of the last ten seconds in which something waited for it, in percent; -1: not counted.
         */
        double pressure_cpu, pressure_memory, pressure_io;
} CgroupUsage;

/* cgroup is a descriptor of its directory. -ENODEV, -ENOENT when the cgroup has gone. */
int cgroup_usage_read(int cgroup, CgroupUsage *ret);
