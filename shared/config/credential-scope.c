/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "credential-scope.h"

#include <ctype.h>

#include "alloc.h"

#define DOCKER_HOST "docker.io"

static void cut_suffix(char *s, const char *suffix) {
        const char *end = endswith(s, suffix);
        if (end && end > s)
                s[end - s] = 0;
}

char *credential_scope(const char *s, bool registry) {
        static const char *const docker_names[] = { DOCKER_HOST, "index." DOCKER_HOST,
                "registry-1." DOCKER_HOST };
        const char *rest = startswith(s, "https://") ?: startswith(s, "http://") ?: s;
        const char *slash = strchr(rest, '/') ?: rest + strlen(rest);
        _cleanup_free_ char *host = xstrndup(rest, slash - rest), *path = xstrdup(slash);
        for (char *p = host; *p; p++)
                *p = (char) tolower((unsigned char) *p);
        cut_suffix(host, ":443");
        for (size_t i = 0; registry && i < ELEMENTSOF(docker_names); i++)
                if (streq(host, docker_names[i])) {
                        free(host);
                        host = xstrdup(DOCKER_HOST);
                        break;
                }
        for (size_t n = strlen(path); n > 0 && path[n - 1] == '/'; n--)
                path[n - 1] = 0;
        if (registry && (streq(path, "/v1") || streq(path, "/v2")))
                *path = 0;
        return xasprintf("%s%s", host, path);
}

static bool is_host_character(char c) {
        return isalnum((unsigned char) c) || strchr("-._[]:", c);
}

bool credential_scope_is_valid(const char *scope, bool path) {
        size_t n = 0;
        while (scope[n] && is_host_character(scope[n]))
                n++;
        if (n == 0 || *scope == ':' || strstr(scope, "//") ||
                        (scope[n] && (!path || scope[n] != '/' || !scope[n + 1])))
                return false;
        for (const char *p = scope + n; *p; p++)
                if ((unsigned char) *p <= ' ' || *p == 0x7f)
                        return false;
        return true;
}

bool credential_scope_widen(char *scope) {
        char *slash = strrchr(scope, '/');
        if (slash)
                *slash = 0;
        return slash;
}

char *aws_region_of_host(const char *host) {
        _cleanup_free_ char *name = xstrndup(host, strcspn(host, ":/"));
        cut_suffix(name, ".cn");
        if (!endswith(name, ".amazonaws.com"))
                return xstrdup("us-east-1");
        cut_suffix(name, ".amazonaws.com");
        const char *s = startswith(name, "s3") ? name : strstr(name, ".s3");
        s = s ? startswith(s, ".s3") ?: startswith(s, "s3") : NULL;
        s = s && *s ? s + 1 : s; /* "-" or "." */
        s = s ? startswith(s, "dualstack.") ?: s : NULL;
        return xstrdup(isempty(s) || streq(s, "external-1") ? "us-east-1" : s);
}
