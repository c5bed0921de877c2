/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oom-scores.h"

#include "oom-score.h"

void oom_scores_set(Plan *p) {
        int own;
        if (oom_score_get(&own) < 0)
                return;
        for (size_t i = 0; i < p->n_apps; i++)
                if (!p->apps[i].has_oom_score_adj) {
                        p->apps[i].has_oom_score_adj = true;
                        p->apps[i].oom_score_adj = own;
                }
}
