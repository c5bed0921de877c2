/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Inside of isolator.c: how the value of each kind of isolator is read. The current value is the isolator's;
 * i->type is set. -EINVAL with the context's error. */

#include "isolator.h"

int isolator_parse_resource(JsonContext *c, json_object *value, Isolator *i);
int isolator_parse_bandwidth(JsonContext *c, json_object *value, Isolator *i);
int isolator_parse_capabilities(JsonContext *c, json_object *value, Isolator *i);
int isolator_parse_seccomp(JsonContext *c, json_object *value, Isolator *i);
int isolator_parse_flag(JsonContext *c, json_object *value, Isolator *i);
int isolator_parse_number(JsonContext *c, json_object *value, Isolator *i);
int isolator_parse_selinux(JsonContext *c, json_object *value, Isolator *i);
int isolator_parse_apparmor(JsonContext *c, json_object *value, Isolator *i);
int isolator_parse_sysctl(JsonContext *c, json_object *value, Isolator *i);
int isolator_parse_limit(JsonContext *c, json_object *value, Isolator *i);
int isolator_parse_cpuset(JsonContext *c, json_object *value, Isolator *i);
int isolator_parse_rlimits(JsonContext *c, json_object *value, Isolator *i);
