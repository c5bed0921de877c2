/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Who is killed first when memory is out: proc(5), oom_score_adj, -1000 (never) to 1000. Of this process,
 * and of those that it forks. */

int oom_score_get(int *ret);
/* Lowering needs CAP_SYS_RESOURCE: -EACCES. */
int oom_score_set(int value);

/* For supervisors: they share the pod's limit of memory, and the pod would end without a word if the kernel
 * chose one of them instead of an app. They go last, but do go: nothing that the pod holds may outlast its
 * limit. A host that does not allow it is no error. */
void oom_score_protect_supervisor(void);
