/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where a value stands in JSON text that json-c has already accepted. json-c keeps no positions; this is
 * only used to word an error, so it may walk the text again. */

#include <stddef.h>

#define JSON_LOCATE_NONE ((size_t) -1)

/* The first character of the value at or behind offset. */
size_t json_locate_value(const char *text, size_t size, size_t offset);
/* Offset of the value of a member, or of an array element; JSON_LOCATE_NONE if it is not there. */
size_t json_locate_member(const char *text, size_t size, size_t offset, const char *key);
size_t json_locate_element(const char *text, size_t size, size_t offset, size_t index);
