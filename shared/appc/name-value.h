/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Lists of names with values: labels, annotations, environment, user annotations and user labels. Order is
 * kept; names are unique in all of them. */

#include "json.h"
#include "macro.h"

typedef struct NameValue {
        char *name;
        char *value;
} NameValue;

typedef struct NameValueList {
        NameValue *items;
        size_t n;
} NameValueList;

void name_values_clear(NameValueList *l); /* frees what is in it; the list stays usable */
#define _cleanup_name_values_ _cleanup_(name_values_clear)

const char *name_values_get(const NameValueList *l, const char *name); /* NULL if it is not there */
void name_values_set(
                NameValueList *l, const char *name, const char *value); /* replaces in place or appends */
void name_values_add(NameValueList *l, const char *name, const char *value); /* appends, no look at names */
bool name_values_remove(NameValueList *l, const char *name);                 /* whether it was there */
void name_values_copy(NameValueList *dest, const NameValueList *src);        /* dest is cleared first */
/* Sets each of src in dest: src wins. */
void name_values_merge(NameValueList *dest, const NameValueList *src);
/* Whether l holds every name of wanted with the same value. */
bool name_values_match(const NameValueList *l, const NameValueList *wanted);
/* "NAME=VALUE" split at the first "=". -EINVAL without one or with an empty name. Both results allocated. */
int name_value_split(const char *s, char **ret_name, char **ret_value);

/* What the names must be, and what the values of some of them. */
typedef enum NameValueKind {
        NAME_VALUE_LABELS,      /* AC identifiers but "name"; os and arch from the appc table */
        NAME_VALUE_ANNOTATIONS, /* AC identifiers; created a date, homepage and documentation URLs */
        NAME_VALUE_ENVIRONMENT,
} NameValueKind;

/* Member `key` of o: an array of {"name", "value"}. Absent gives an empty list. */
int name_values_parse(
                JsonContext *c, json_object *o, const char *key, NameValueKind kind, NameValueList *ret);
json_object *name_values_to_json(const NameValueList *l);
/* Member `key` of o: an object of strings. Written with the names sorted, as Go does. */
int string_map_parse(JsonContext *c, json_object *o, const char *key, NameValueList *ret);
json_object *string_map_to_json(const NameValueList *l);
