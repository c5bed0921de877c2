/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What rkt top sees at one moment. */

#include "cgroup-usage.h"
#include "uuid.h"

typedef struct TopRow {
        char uuid[UUID_STRING_SIZE];
        char *app; /* NULL: of all the pod */
        CgroupUsage usage;
        double cpu_percent; /* of one processor, since the sample before; -1: not known */
} TopRow;

typedef struct TopSample {
        TopRow *rows; /* a pod's, then its apps' */
        size_t n;
        uint64_t taken; /* monotonic ns */
} TopSample;

/* Of running pods; uuids, beginnings of UUIDs, choose some; empty: all. Logs; -ENOENT if one of them is no
 * pod. */
int top_sample_take(char *const *uuids, TopSample *ret);
/* Fills in the use of processors. */
void top_sample_compare(const TopSample *before, TopSample *now);
void top_sample_done(TopSample *s);
