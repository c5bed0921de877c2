/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Pod identifiers: RFC 9562 version 4 UUIDs, written in lower case with dashes. */

#include <stdbool.h>

#define UUID_STRING_SIZE 37

void uuid_new(char ret[static UUID_STRING_SIZE]);
bool uuid_is_valid(const char *s); /* 36 characters with dashes, either case */
/* Accepts 32 hex digits with or without dashes (appc "UUID" type), writes the usual form. -EINVAL. */
int uuid_normalize(const char *s, char ret[static UUID_STRING_SIZE]);
void uuid_machine_id(const char *uuid, char ret[static 33]); /* the UUID without its dashes */
