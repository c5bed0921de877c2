/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a stage1 leaves in the pod directory for others to read, and makes in it before the start. */

#include "plan.h"
#include "run-options.h"

/* The empty volumes, once. Logs. */
int pod_files_make_volumes(const Plan *p, int pod);
/* Filters other than the default: for enter, which must not depend on a cache. Logs. */
int pod_files_write_filters(const Plan *p, int stage1);
/* rkt/plan.json and runtime-config. Logs. */
int pod_files_write(const Plan *p, const RunOptions *o, int pod, int stage1);
/* The link by which the host's journalctl -m finds the pod's journal, if the host keeps one. */
void pod_files_link_journal(const Plan *p, const char *stage1_path);
