/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "metadata-route.h"

#include <errno.h>
#include <string.h>

#include "macro.h"
#include "percent.h"
#include "types.h"

/* Paths below /TOKEN/acMetadata/v1; behind a "*" stands the rest, which is the name of an annotation. */
static const struct {
        const char *path;
        MetadataEndpoint endpoint;
        bool of_app; /* the path is below apps/APP */
} endpoints[] = {
        { "pod/annotations", METADATA_POD_ANNOTATIONS, false },
        { "pod/annotations/*", METADATA_POD_ANNOTATION, false },
        { "pod/manifest", METADATA_POD_MANIFEST, false },
        { "pod/uuid", METADATA_POD_UUID, false },
        { "pod/hmac/sign", METADATA_HMAC_SIGN, false },
        { "pod/hmac/verify", METADATA_HMAC_VERIFY, false },
        { "annotations", METADATA_APP_ANNOTATIONS, true },
        { "annotations/*", METADATA_APP_ANNOTATION, true },
        { "image/manifest", METADATA_APP_MANIFEST, true },
        { "image/id", METADATA_APP_IMAGE_ID, true },
};

bool metadata_token_is_valid(const char *s) {
        return strlen(s) == METADATA_TOKEN_SIZE - 1 &&
               strspn(s, "0123456789abcdef") == METADATA_TOKEN_SIZE - 1;
}

/* Decodes the n bytes into a buffer. False if they are no text or too many. */
static bool decode(const char *s, size_t n, char *ret, size_t size) {
        _cleanup_free_ char *text = percent_decode(s, n, false);
        if (!text || strlen(text) >= size)
                return false;
        strcpy(ret, text);
        return true;
}

static bool decode_app(const char *s, size_t n, char *ret) {
        return decode(s, n, ret, NAME_MAX + 1) && ac_name_is_valid(ret) && strlen(ret) <= APP_NAME_MAX;
}

static bool matches(const char *pattern, const char *path, MetadataRoute *r) {
        size_t n = strlen(pattern);
        if (pattern[n - 1] != '*')
                return streq(pattern, path);
        return strncmp(pattern, path, n - 1) == 0 && path[n - 1] &&
               decode(path + n - 1, strlen(path + n - 1), r->name, sizeof(r->name));
}

int metadata_route_parse(const char *path, MetadataRoute *ret) {
        MetadataRoute r = {};
        if (*path++ != '/')
                return -ENOENT;
        size_t n = strcspn(path, "/");
        if (!decode(path, n, r.token, sizeof(r.token)) || !metadata_token_is_valid(r.token))
                r.token[0] = 0;
        path = startswith(path + n, "/acMetadata/v1/");
        if (!path)
                return -ENOENT;
        const char *of_app = startswith(path, "apps/");
        if (of_app) {
                n = strcspn(of_app, "/");
                if (!of_app[n] || !decode_app(of_app, n, r.app))
                        return -ENOENT;
                path = of_app + n + 1;
        }
        for (size_t i = 0; i < ELEMENTSOF(endpoints); i++)
                if (endpoints[i].of_app == !!of_app && matches(endpoints[i].path, path, &r)) {
                        r.endpoint = endpoints[i].endpoint;
                        *ret = r;
                        return 0;
                }
        return -ENOENT;
}

int metadata_registration_parse(const char *path, MetadataRegistration *ret) {
        MetadataRegistration r = {};
        char uuid[64];
        path = startswith(path, "/pods/");
        if (!path)
                return -ENOENT;
        size_t n = strcspn(path, "/");
        if (!decode(path, n, uuid, sizeof(uuid)) || uuid_normalize(uuid, r.uuid) < 0)
                return -EINVAL;
        if (path[n]) {
                const char *app = path + n + 1;
                if (strchr(app, '/'))
                        return -ENOENT;
                if (!decode_app(app, strlen(app), r.app))
                        return -EINVAL;
        }
        *ret = r;
        return 0;
}
