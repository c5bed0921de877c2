/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reference-cimd.h"

#include "alloc.h"
#include "option-json.h"
#include "option.h"
#include "percent.h"
#include "reference-registry.h"
#include "strv.h"
#include "types.h"

#define CIMD_VERSION 0

/* The path of a file URL (RFC 8089): no host, percent-encoded. NULL if it is none. */
static char *file_url_path(const char *s) {
        s = startswith(s, "localhost/") ? s + strlen("localhost") : s;
        return s[0] == '/' ? percent_decode(s, strcspn(s, "?#"), false) : NULL;
}

int archive_url_parse(const char *url, Reference *r, char **ret_error) {
        const char *rest = startswith(url, "file://");
        r->kind = rest ? REFERENCE_FILE : REFERENCE_URL;
        if (rest && !(r->location = file_url_path(rest)))
                return option_fail(ret_error, "it is not a URL of a file here: expected file:///PATH");
        if (!rest && !url_is_valid(url))
                return option_fail(ret_error,
                                "\"%s\" is not a URL: expected http, https or file, :// and where it is",
                                url);
        if (!rest)
                r->location = xstrdup(url);
        return 0;
}

static int parse_archive(const char *data, Reference *r, char **ret_error) {
        _cleanup_free_ char *url = percent_decode(data, strlen(data), true);
        if (!url)
                return option_fail(ret_error, "the URL in it is not percent-encoded: \"%s\"", data);
        return archive_url_parse(url, r, ret_error);
}

/* The name of an app and, as a query, its labels. They become the short form, which then is parsed. */
static int parse_appc(const char *data, Reference *r, char **ret_error) {
        size_t n = strcspn(data, "?");
        _cleanup_strv_ char **parts = strv_copy(NULL),
                            **labels = data[n] ? strv_split(data + n + 1, '&') : NULL;
        strv_push(&parts, percent_decode(data, n, true) ?: xstrdup("%"));
        STRV_FOREACH (l, labels) {
                char *label = percent_decode(*l, strlen(*l), true);
                if (!label || strchr(label, ',')) {
                        free(label);
                        return option_fail(ret_error,
                                        "\"%s\" in it is not a label: expected LABEL=VALUE, "
                                        "percent-encoded and without a comma",
                                        *l);
                }
                strv_push(&parts, label);
        }
        if (strpbrk(parts[0], ":,"))
                return option_fail(ret_error, "image name \"%s\" is not an AC identifier: expected %s",
                                parts[0], AC_IDENTIFIER_FORM);
        _cleanup_free_ char *joined = strv_join(parts, ",");
        int x = app_string_parse(joined, &r->app, ret_error);
        if (x < 0)
                return x;
        r->kind = REFERENCE_NAME;
        r->location = app_string_format(r->app.name, &r->app.labels);
        return 0;
}

static int parse_docker(const char *data, Reference *r, char **ret_error) {
        r->kind = REFERENCE_REGISTRY;
        return registry_name_parse(data, false, r, ret_error);
}

static const struct {
        const char *type;
        int (*parse)(const char *data, Reference *r, char **ret_error);
} types[] = {
        { "aci-archive", parse_archive },
        { "appc", parse_appc },
        { "docker", parse_docker },
};

int cimd_parse(const char *s, Reference *r, char **ret_error) {
        const char *colon = strchr(s, ':'), *version = colon ? startswith(colon, ":v=") : NULL;
        const char *data = version ? strchr(version, ':') : NULL;
        if (!data)
                return option_fail(ret_error, "it is malformed: expected cimd:TYPE:v=0:DATA");
        _cleanup_free_ char *digits = xstrndup(version, data - version);
        uint64_t v;
        if (parse_uint(digits, UINT32_MAX, &v) < 0 || v != CIMD_VERSION)
                return option_fail(ret_error, "version \"%s\" of cimd is not known: expected 0", digits);
        for (size_t i = 0; i < ELEMENTSOF(types); i++)
                if (strlen(types[i].type) == (size_t) (colon - s) && startswith(s, types[i].type))
                        return types[i].parse(data + 1, r, ret_error);
        return option_fail(ret_error,
                        "type \"%.*s\" of cimd is not known: expected aci-archive, appc or docker",
                        (int) (colon - s), s);
}

static char *appc_uri(const AppString *app) {
        _cleanup_free_ char *name = percent_encode(app->name, "");
        _cleanup_free_ char *head = xasprintf("cimd:appc:v=0:%s", name);
        _cleanup_strv_ char **parts = strv_copy(NULL);
        for (size_t i = 0; i < app->labels.n; i++) {
                _cleanup_free_ char *value = percent_encode(app->labels.items[i].value, "");
                strv_push(&parts, xasprintf("%s=%s", app->labels.items[i].name, value));
        }
        return url_with_query(head, parts);
}

static char *file_url(const char *path) {
        _cleanup_free_ char *cwd = path[0] == '/' ? NULL : getcwd(NULL, 0);
        while (startswith(path, "./"))
                path += 2;
        _cleanup_free_ char *whole = cwd ? xasprintf("%s/%s", cwd, path) : xstrdup(path);
        _cleanup_free_ char *encoded = percent_encode(whole, "/");
        return xasprintf("file://%s", encoded);
}

char *reference_to_cimd(const Reference *r) {
        _cleanup_free_ char *url = NULL;
        switch (r->kind) {
        case REFERENCE_NAME: return appc_uri(&r->app);
        case REFERENCE_REGISTRY:
                return docker_reads_as_host(r->host, strlen(r->host))
                                       ? xasprintf("cimd:docker:v=0:%s", r->location)
                                       : NULL;
        case REFERENCE_FILE: url = file_url(r->location); break;
        case REFERENCE_URL: url = url_sort_query(r->location); break;
        default: return NULL;
        }
        _cleanup_free_ char *encoded = percent_encode(url, "");
        return xasprintf("cimd:aci-archive:v=0:%s", encoded);
}
