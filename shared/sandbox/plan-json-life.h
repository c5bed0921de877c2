/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Inside of plan-json.c: how an app begins, goes on and ends. Members of o. */

#include "plan.h"

void plan_life_to_json(json_object *o, const AppLife *l);
int plan_life_from_json(JsonContext *c, json_object *o, AppLife *ret);
