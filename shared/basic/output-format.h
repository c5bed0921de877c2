/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* --format=json|json-pretty, as list, status and image list take it. */

#include <json-c/json.h>

typedef enum OutputFormat {
        OUTPUT_TEXT,
        OUTPUT_JSON,
        OUTPUT_JSON_PRETTY,
} OutputFormat;

/* For OPTION_CALL: the userdata is the OutputFormat. Logs; -EINVAL. */
int output_format_parse(const char *value, void *userdata);
/* The object and a newline on stdout. -errno after logging when it cannot be written. */
int output_format_print(OutputFormat f, json_object *o);
