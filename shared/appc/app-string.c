/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app-string.h"

#include <errno.h>

#include "alloc.h"
#include "option-json.h"
#include "strv.h"
#include "types.h"

void app_string_done(AppString *a) {
        free(a->name);
        name_values_clear(&a->labels);
        *a = (AppString){};
}

static int add_label(AppString *a, const char *label, char **ret_error) {
        _cleanup_free_ char *name = NULL, *value = NULL;
        if (name_value_split(label, &name, &value) < 0)
                return option_fail(ret_error, "\"%s\" is not a label: expected LABEL=VALUE", label);
        if (!ac_identifier_is_valid(name))
                return option_fail(ret_error, "label \"%s\" is not an AC identifier: expected %s", name,
                                AC_IDENTIFIER_FORM);
        if (streq(name, "name"))
                return option_fail(ret_error, "a label cannot be called \"name\"");
        if (name_values_get(&a->labels, name))
                return option_fail(ret_error, "label \"%s\" is given twice", name);
        name_values_add(&a->labels, name, value);
        return 0;
}

/* Of name[:version]. */
static int take_name(AppString *a, const char *s, char **ret_error) {
        const char *colon = strchr(s, ':');
        if (colon && startswith(colon, "://"))
                return option_fail(ret_error,
                                "\"%.*s://\" is not known: expected docker://, oci://, http://, https:// or "
                                "file://",
                                (int) (colon - s), s);
        a->name = colon ? xstrndup(s, colon - s) : xstrdup(s);
        if (!ac_identifier_is_valid(a->name))
                return option_fail(ret_error, "image name \"%s\" is not an AC identifier: expected %s",
                                a->name, AC_IDENTIFIER_FORM);
        if (!colon)
                return 0;
        if (!colon[1])
                return option_fail(ret_error,
                                "nothing stands behind the colon of \"%s\": expected a version", s);
        if (strchr(colon + 1, ':'))
                return option_fail(ret_error, "\"%s\" has more than one colon: expected NAME:VERSION", s);
        name_values_add(&a->labels, "version", colon + 1);
        return 0;
}

int app_string_parse(const char *s, AppString *ret, char **ret_error) {
        _cleanup_app_string_ AppString a = {};
        _cleanup_strv_ char **parts = strv_split(s, ',');
        int r = take_name(&a, parts[0], ret_error);
        for (size_t i = 1; r >= 0 && parts[i]; i++)
                r = add_label(&a, parts[i], ret_error);
        if (r < 0)
                return r;
        *ret = a;
        a = (AppString){};
        return 0;
}

char *app_string_format(const char *name, const NameValueList *labels) {
        const char *version = name_values_get(labels, "version");
        if (isempty(version) || strchr(version, ':'))
                version = NULL; /* only a label can hold it */
        _cleanup_strv_ char **parts = strv_copy(NULL);
        strv_push(&parts, xasprintf("%s%s%s", name, version ? ":" : "", version ? version : ""));
        for (size_t i = 0; i < labels->n; i++)
                if (!version || !streq(labels->items[i].name, "version"))
                        strv_push(&parts, xasprintf("%s=%s", labels->items[i].name, labels->items[i].value));
        return strv_join(parts, ",");
}
