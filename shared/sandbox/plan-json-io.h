/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where an app's input and output lead, as members of the app in the plan's JSON. */

#include "app-io.h"
#include "json.h"

void plan_io_to_json(json_object *o, const AppIo *io);
int plan_io_from_json(JsonContext *c, json_object *o, AppIo *ret);
