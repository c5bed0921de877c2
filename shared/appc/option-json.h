/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Inside of the layer: what a command line says is turned into the JSON that a manifest would hold and then
 * goes through the manifest's parser, so that both have one set of rules. */

#include "json.h"

typedef enum OptionJsonType {
        OPTION_JSON_STRING,
        OPTION_JSON_BOOL,
        OPTION_JSON_INT,
} OptionJsonType;

typedef struct OptionJsonKey {
        const char *key;    /* on the command line */
        const char *member; /* in the manifest */
        OptionJsonType type;
} OptionJsonKey;

/* KEY=VALUE[,KEY=VALUE…] into members of object; keys ends with a NULL. */
int option_to_json(const char *s, const OptionJsonKey *keys, json_object *object, char **ret_error);

/* Runs parse over value and words its failure without a place in a file, which would mean nothing. Takes
 * value. */
int option_parse_json(json_object *value, int (*parse)(JsonContext *c, json_object *o, void *ret), void *ret,
                char **ret_error);
const char *json_error_without_place(const JsonContext *c);

/* Sets *ret_error, if wanted; returns -EINVAL. */
int option_fail(char **ret_error, const char *format, ...) _printf_(2, 3);
