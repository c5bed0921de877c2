/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How a user names an image: name[:version][,label=value…] */

#include "name-value.h"

typedef struct AppString {
        char *name;           /* AC identifier */
        NameValueList labels; /* "version" among them, first, if given */
} AppString;

void app_string_done(AppString *a);
#define _cleanup_app_string_ _cleanup_(app_string_done)

/* -EINVAL with *ret_error (allocated, may be NULL) saying what is wrong. */
int app_string_parse(const char *s, AppString *ret, char **ret_error);
char *app_string_format(const char *name, const NameValueList *labels);
