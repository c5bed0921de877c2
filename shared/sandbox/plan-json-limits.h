/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Inside of plan-json.c: limits. Members of o. */

#include "plan.h"

void plan_limits_to_json(json_object *o, const PlanLimits *l); /* "cgroup": [{isolator, file, value}] */
int plan_limits_from_json(JsonContext *c, json_object *o, PlanLimits *ret);
void plan_rlimits_to_json(json_object *o, const PlanApp *a); /* "rlimits": {"nofile": "1024:2048"} */
int plan_rlimits_from_json(JsonContext *c, json_object *o, PlanApp *a);
