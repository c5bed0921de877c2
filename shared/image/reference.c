/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reference.h"

#include <ctype.h>
#include <errno.h>
#include <sys/stat.h>

#include "alloc.h"
#include "option-json.h"
#include "reference-cimd.h"
#include "reference-registry.h"
#include "types.h"

#define ARCHIVE_SUFFIX ".aci"

void reference_done(Reference *r) {
        free(r->text);
        free(r->location);
        app_string_done(&r->app);
        free(r->host);
        free(r->repository);
        free(r->tag);
        free(r->digest);
        free(r->ref);
        *r = (Reference){};
}

static bool is_regular_file(const char *path) {
        struct stat st;
        return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* Whether a URL's scheme is in front, known or not: "my-app:v1.0" is the name of an image, not a path. */
static bool has_scheme(const char *s) {
        size_t n = 0;
        while (isalnum((unsigned char) s[n]) || (n > 0 && s[n] && strchr("+-.", s[n])))
                n++;
        return n > 0 && s[n] == ':' && !isdigit((unsigned char) s[0]);
}

/* rkt's rules, in rkt's order. */
static bool is_path(const char *s) {
        if (s[0] == '/')
                return true;
        if (has_scheme(s))
                return false;
        return is_regular_file(s) || (!strchr(s, ':') && (strstr(s, "./") || endswith(s, ARCHIVE_SUFFIX))) ||
               startswith(s, "./") || startswith(s, "../");
}

static int parse_id(const char *s, Reference *r, char **ret_error) {
        if (!image_id_is_valid(s))
                return option_fail(ret_error, "it is not an image ID: expected " IMAGE_ID_FORM);
        r->kind = REFERENCE_ID;
        r->location = xstrdup(s);
        return 0;
}

static int parse_name(const char *s, Reference *r, char **ret_error) {
        int x = app_string_parse(s, &r->app, ret_error);
        if (x < 0)
                return x;
        r->kind = REFERENCE_NAME;
        r->location = xstrdup(s);
        return 0;
}

static int parse_path(const char *s, Reference *r) {
        r->kind = REFERENCE_FILE;
        r->location = xstrdup(s);
        return 0;
}

/* Whether the path of a URL, without query and fragment, is that of an archive. */
static bool url_is_archive(const char *url) {
        size_t n = strcspn(url, "?#"), m = strlen(ARCHIVE_SUFFIX);
        return n > m && strncmp(url + n - m, ARCHIVE_SUFFIX, m) == 0;
}

static int parse_url(const char *s, Reference *r, char **ret_error) {
        if (!url_is_archive(s))
                return option_fail(ret_error,
                                "it is not an image: the path of a URL must end in " ARCHIVE_SUFFIX);
        return archive_url_parse(s, r, ret_error);
}

static int parse_docker(const char *s, Reference *r, char **ret_error) {
        r->kind = REFERENCE_REGISTRY;
        return registry_name_parse(startswith(s, "//") ? s + 2 : s, false, r, ret_error);
}

static int parse_oci_registry(const char *s, Reference *r, char **ret_error) {
        r->kind = REFERENCE_REGISTRY;
        return registry_name_parse(s, true, r, ret_error);
}

/* Takes "@ALGORITHM:HEX" off the end of s. */
static int take_digest(char *s, Reference *r, char **ret_error) {
        char *at = strrchr(s, '@'), *p = at ? at + 1 : NULL;
        if (!at || !(*p >= 'a' && *p <= 'z'))
                return 0;
        p += strspn(p, "abcdefghijklmnopqrstuvwxyz0123456789");
        if (*p != ':' || strspn(p + 1, "0123456789abcdef") < 32)
                return 0; /* a name may hold an @, too */
        r->digest = xstrdup(at + 1);
        *at = 0;
        return reference_check_digest(r->digest, ret_error);
}

static int take_location(const char *s, const char *what, Reference *r, char **ret_error) {
        size_t n = strcspn(s, ":");
        r->location = xstrndup(s, n);
        if (n == 0)
                return option_fail(ret_error, "the path is empty: expected %s, and :NAME or nothing", what);
        if (s[n])
                r->ref = xstrdup(s + n + 1);
        return 0;
}

static int parse_layout(const char *s, Reference *r, char **ret_error) {
        _cleanup_free_ char *path = xstrdup(s);
        int x = take_digest(path, r, ret_error);
        if (x >= 0)
                x = take_location(path, r->kind == REFERENCE_OCI_LAYOUT ? "a directory" : "a file", r,
                                ret_error);
        if (x >= 0 && r->ref)
                x = reference_check_ref_name(r->ref, ret_error);
        return x;
}

static int parse_oci_layout(const char *s, Reference *r, char **ret_error) {
        r->kind = REFERENCE_OCI_LAYOUT;
        return parse_layout(s, r, ret_error);
}

static int parse_oci_archive(const char *s, Reference *r, char **ret_error) {
        r->kind = REFERENCE_OCI_ARCHIVE;
        return parse_layout(s, r, ret_error);
}

static int parse_docker_archive(const char *s, Reference *r, char **ret_error) {
        r->kind = REFERENCE_DOCKER_ARCHIVE;
        int x = take_location(s, "a file", r, ret_error);
        if (x < 0 || !r->ref)
                return x;
        _cleanup_reference_ Reference name = {};
        x = registry_name_parse(r->ref, false, &name, ret_error);
        if (x < 0)
                return x;
        if (name.digest)
                return option_fail(ret_error,
                                "images of a docker-archive have no digest: expected REPOSITORY[:TAG]");
        r->host = TAKE_PTR(name.host);
        r->repository = TAKE_PTR(name.repository);
        r->tag = TAKE_PTR(name.tag);
        free(r->ref);
        r->ref = TAKE_PTR(name.location);
        return 0;
}

typedef struct Form {
        const char *prefix;
        bool with_prefix; /* is part of what is parsed */
        int (*parse)(const char *s, Reference *r, char **ret_error);
} Form;

/* In order: the longer of two that begin alike comes first. */
static const Form forms[] = {
        { "file://", true, parse_url },
        { "http://", true, parse_url },
        { "https://", true, parse_url },
        { "docker:", false, parse_docker },
        { "oci://", false, parse_oci_registry },
        { "oci:", false, parse_oci_layout },
        { "oci-archive:", false, parse_oci_archive },
        { "docker-archive:", false, parse_docker_archive },
        { "cimd:", false, cimd_parse },
        { "sha512-", true, parse_id },
        { "sha256-", true, parse_id },
};

static const Form *find_form(const char *s) {
        for (size_t i = 0; i < ELEMENTSOF(forms); i++)
                if (startswith(s, forms[i].prefix))
                        return &forms[i];
        return NULL;
}

static int parse(const char *s, Reference *r, char **ret_error) {
        const Form *form = find_form(s);
        if (form)
                return form->parse(form->with_prefix ? s : s + strlen(form->prefix), r, ret_error);
        return is_path(s) ? parse_path(s, r) : parse_name(s, r, ret_error);
}

int reference_parse(const char *s, Reference *ret, char **ret_error) {
        _cleanup_reference_ Reference r = {};
        _cleanup_free_ char *error = NULL;
        if (isempty(s))
                return option_fail(ret_error, "the name of an image cannot be empty");
        int x = parse(s, &r, &error);
        if (x < 0) {
                *ret_error = xasprintf("image \"%s\": %s", s, error);
                return x;
        }
        r.text = xstrdup(s);
        *ret = r;
        r = (Reference){};
        return 0;
}

int reference_parse_registry(const char *s, Reference *ret, char **ret_error) {
        _cleanup_reference_ Reference r = { .text = xstrdup(s) };
        int x = parse_docker(s, &r, ret_error);
        if (x < 0)
                return x;
        *ret = r;
        r = (Reference){};
        return 0;
}

/* rkt's order: version (which is in front), os, arch, then the others by name. */
static int label_rank(const char *name) {
        return streq(name, "os") ? 0 : streq(name, "arch") ? 1 : 2;
}

static int compare_labels(const void *a, const void *b) {
        const NameValue *x = a, *y = b;
        int d = label_rank(x->name) - label_rank(y->name);
        return d != 0 ? d : strcmp(x->name, y->name);
}

/* The short form, unless it would be read as something else. */
static char *name_to_text(const Reference *r) {
        const AppString *app = &r->app;
        _cleanup_name_values_ NameValueList labels = {};
        name_values_copy(&labels, &app->labels);
        if (labels.n > 0)
                qsort(labels.items, labels.n, sizeof(NameValue), compare_labels);
        _cleanup_free_ char *text = app_string_format(app->name, &labels);
        return find_form(text) || is_path(text) ? reference_to_cimd(r) : TAKE_PTR(text);
}

/* In front of a path that might be read as something else. */
static const char *path_prefix(const char *path) {
        return path[0] == '/' || startswith(path, "./") || startswith(path, "../") ? "" : "./";
}

/* oci:// takes for a host what docker:// does not. */
static char *registry_to_text(const Reference *r) {
        const char *scheme = docker_reads_as_host(r->host, strlen(r->host)) ? "docker" : "oci";
        if (r->digest && r->tag)
                return xasprintf("%s://%s/%s:%s@%s", scheme, r->host, r->repository, r->tag, r->digest);
        return xasprintf("%s://%s", scheme, r->location);
}

static char *layout_to_text(const char *scheme, const Reference *r) {
        return xasprintf("%s:%s%s%s%s%s", scheme, r->location, r->ref ? ":" : "", r->ref ?: "",
                        r->digest ? "@" : "", r->digest ?: "");
}

char *reference_to_text(const Reference *r) {
        switch (r->kind) {
        case REFERENCE_NAME: return name_to_text(r);
        case REFERENCE_FILE: return xasprintf("%s%s", path_prefix(r->location), r->location);
        case REFERENCE_REGISTRY: return registry_to_text(r);
        case REFERENCE_OCI_LAYOUT: return layout_to_text("oci", r);
        case REFERENCE_OCI_ARCHIVE: return layout_to_text("oci-archive", r);
        case REFERENCE_DOCKER_ARCHIVE: return layout_to_text("docker-archive", r);
        case REFERENCE_URL: return url_is_archive(r->location) ? xstrdup(r->location) : reference_to_cimd(r);
        case REFERENCE_ID: break;
        }
        return xstrdup(r->location);
}

bool reference_equal(const Reference *a, const Reference *b) {
        _cleanup_free_ char *x = reference_to_cimd(a) ?: reference_to_text(a);
        _cleanup_free_ char *y = reference_to_cimd(b) ?: reference_to_text(b);
        return streq(x, y);
}
