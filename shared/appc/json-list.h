/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Inside of the layer: arrays of objects in a manifest become arrays of structs. */

#include "alloc.h"
#include "json.h"

typedef int (*JsonItemParser)(JsonContext *c, json_object *o, void *ret);

/* Member `key` of o: an array of objects, each parsed into a zeroed struct of `size` bytes. *ret_items and
 * *ret_n are set also after a failure (what was not reached is zero), so that their owner frees them. */
int json_get_items(JsonContext *c, json_object *o, const char *key, JsonPresence p, size_t size,
                JsonItemParser parse, void **ret_items, size_t *ret_n);
#define json_get_list(c, o, key, p, parse, ret_items, ret_n)                                                \
        ({                                                                                                  \
                void *_items = NULL;                                                                        \
                int _r = json_get_items(c, o, key, p, sizeof(**(ret_items)), parse, &_items, ret_n);        \
                *(ret_items) = _items;                                                                      \
                _r;                                                                                         \
        })

/* Fails if two of n structs have the same string at offset; the current value is the object with member
 * `key`. */
int json_check_unique(
                JsonContext *c, const char *key, const void *items, size_t n, size_t size, size_t offset);

/* Appends a zeroed struct to an array that grows as with xgrow, and gives its address. */
#define items_append(items, n)                                                                              \
        ({                                                                                                  \
                xgrow(items, *(n));                                                                         \
                memset(&(*(items))[*(n)], 0, sizeof(**(items)));                                            \
                &(*(items))[(*(n))++];                                                                      \
        })

/* Members that are AC names, or absolute paths; copies. */
int json_get_ac_name(JsonContext *c, json_object *o, const char *key, char **ret);
int json_get_ac_identifier(JsonContext *c, json_object *o, const char *key, JsonPresence p, char **ret);
int json_get_absolute_path(JsonContext *c, json_object *o, const char *key, JsonPresence p, char **ret);
int json_get_image_id(JsonContext *c, json_object *o, const char *key, JsonPresence p, char **ret);
/* acKind must be `kind`; acVersion is copied. */
int json_get_kind_and_version(JsonContext *c, json_object *o, const char *kind, char **ret_version);

/* Writing: an array of strings; a member only if the array or object has anything in it (takes value). */
json_object *strv_to_json(char *const *l);
void json_add_if_filled(json_object *o, const char *key, json_object *value);
