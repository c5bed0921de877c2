/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "http-url.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <strings.h>

#include "alloc.h"

#define LONG_VALUE 20 /* of a query: it may be a secret */

DEFINE_CLEANUP(CURLU *, curl_url_cleanup)

void http_url_done(HttpUrl *u) {
        free(u->text);
        free(u->host);
        free(u->port);
        free(u->host_port);
        free(u->user);
        free(u->password);
        *u = (HttpUrl){};
}

/* What libcurl allocates is free()d with its own function, so it is copied. */
static char *part(CURLU *url, CURLUPart which, unsigned flags) {
        char *value = NULL;
        if (curl_url_get(url, which, &value, flags) != CURLUE_OK)
                return NULL;
        char *copy = xstrdup(value);
        curl_free(value);
        return copy;
}

static void lower(char *s) {
        for (; *s; s++)
                if (*s >= 'A' && *s <= 'Z')
                        *s += 'a' - 'A';
}

static int take_apart(CURLU *url, HttpUrl *ret, char **ret_error) {
        _cleanup_http_url_ HttpUrl u = {};
        _cleanup_free_ char *scheme = part(url, CURLUPART_SCHEME, 0);
        if (!scheme || (strcasecmp(scheme, "http") != 0 && strcasecmp(scheme, "https") != 0)) {
                *ret_error = xasprintf("the scheme \"%s\" is not http or https", scheme ?: "");
                return -EPROTONOSUPPORT;
        }
        u.https = strcasecmp(scheme, "https") == 0;
        u.user = part(url, CURLUPART_USER, CURLU_URLDECODE);
        u.password = part(url, CURLUPART_PASSWORD, CURLU_URLDECODE);
        curl_url_set(url, CURLUPART_USER, NULL, 0);
        curl_url_set(url, CURLUPART_PASSWORD, NULL, 0);
        curl_url_set(url, CURLUPART_FRAGMENT, NULL, 0);
        u.text = part(url, CURLUPART_URL, 0);
        u.host = part(url, CURLUPART_HOST, 0);
        u.port = part(url, CURLUPART_PORT, CURLU_DEFAULT_PORT);
        if (!u.text || isempty(u.host) || !u.port) {
                *ret_error = xasprintf("there is no host in the URL");
                return -EINVAL;
        }
        lower(u.host);
        if (u.host[0] == '[') {
                size_t n = strcspn(u.host, "%]"); /* and a zone */
                memmove(u.host, u.host + 1, n - 1);
                u.host[n - 1] = 0;
        }
        _cleanup_free_ char *unusual = part(url, CURLUPART_PORT, CURLU_NO_DEFAULT_PORT);
        const char *open = strchr(u.host, ':') ? "[" : "", *close = *open ? "]" : "";
        u.host_port = xasprintf("%s%s%s%s%s", open, u.host, close, unusual ? ":" : "", unusual ?: "");
        *ret = u;
        u = (HttpUrl){};
        return 0;
}

static int set_url(CURLU *url, const char *text, unsigned flags, char **ret_error) {
        CURLUcode code = curl_url_set(url, CURLUPART_URL, text, flags | CURLU_NON_SUPPORT_SCHEME);
        if (code == CURLUE_OK)
                return 0;
        *ret_error = xasprintf("the URL is not valid: %s", curl_url_strerror(code));
        return -EINVAL;
}

/* libcurl takes what looks like a URL to people who are in a hurry; http_url_mask does not. */
int http_url_parse(const char *text, HttpUrl *ret, char **ret_error) {
        const char *authority = startswith(text + strcspn(text, ":/?#"), "://");
        if (!authority || strchr("/?#", *authority)) {
                *ret_error = xasprintf("the URL is not of the form http://HOST/… or https://HOST/…");
                return -EINVAL;
        }
        _cleanup_(curl_url_cleanupp) CURLU *url = curl_url();
        int r = set_url(url, text, 0, ret_error);
        return r < 0 ? r : take_apart(url, ret, ret_error);
}

int http_url_follow(const HttpUrl *from, const char *location, HttpUrl *ret, char **ret_error) {
        _cleanup_(curl_url_cleanupp) CURLU *url = curl_url();
        int r = set_url(url, from->text, 0, ret_error);
        if (r >= 0)
                r = set_url(url, location, CURLU_DISALLOW_USER | CURLU_URLENCODE, ret_error);
        return r < 0 ? r : take_apart(url, ret, ret_error);
}

HttpUrl http_url_copy(const HttpUrl *u) {
        return (HttpUrl){
                .text = xstrdup(u->text),
                .https = u->https,
                .host = xstrdup(u->host),
                .port = xstrdup(u->port),
                .host_port = xstrdup(u->host_port),
                .user = xstrdup(u->user),
                .password = xstrdup(u->password),
        };
}

bool http_url_same_origin(const HttpUrl *a, const HttpUrl *b) {
        return a->https == b->https && streq(a->host, b->host) && streq(a->port, b->port);
}

static bool is_secret(const char *name, size_t name_size, size_t value_size) {
        static const char *const words[] = { "token", "secret", "pass", "key", "sig", "auth", "cred",
                "code" };
        char lowered[64];
        if (value_size >= LONG_VALUE || name_size >= sizeof(lowered))
                return true;
        memcpy(lowered, name, name_size);
        lowered[name_size] = 0;
        lower(lowered);
        for (size_t i = 0; i < ELEMENTSOF(words); i++)
                if (strstr(lowered, words[i]))
                        return true;
        return false;
}

static void mask_query(FILE *f, const char *query) {
        while (*query) {
                size_t size = strcspn(query, "&"), name = strcspn(query, "=&");
                size_t value = size > name ? size - name - 1 : 0;
                if (is_secret(query, MIN(name, size), value) && value > 0)
                        fprintf(f, "%.*s=***", (int) name, query);
                else if (value == 0 && size >= LONG_VALUE)
                        fputs("***", f);
                else
                        fprintf(f, "%.*s", (int) size, query);
                query += size;
                if (*query == '&')
                        fputc(*query++, f);
        }
}

char *http_url_mask(const char *text) {
        char *masked = NULL;
        size_t size;
        FILE *f = open_memstream(&masked, &size);
        if (!f)
                return xstrdup("***");
        const char *colon = strstr(text, "://"), *authority = colon ? colon + 3 : text;
        size_t length = colon ? strcspn(authority, "/?#") : strlen(text); /* what is no URL may be a slip */
        const char *at = memrchr(authority, '@', length);
        fprintf(f, "%.*s", (int) (authority - text), text);
        if (at) {
                fputs("***", f);
                authority = at;
        }
        size_t path = strcspn(authority, "?#");
        fprintf(f, "%.*s", (int) path, authority);
        authority += path;
        if (*authority == '?') {
                fputc('?', f);
                _cleanup_free_ char *query = xstrndup(authority + 1, strcspn(authority + 1, "#"));
                mask_query(f, query);
        }
        fclose(f);
        return masked ?: xstrdup("***");
}

static HttpAddressKind ipv4_kind(const uint8_t *a) {
        static const uint8_t alibaba[] = { 100, 100, 100, 200 }, oracle[] = { 192, 0, 0, 192 };
        if (a[0] == 127 || a[0] == 0)
                return HTTP_ADDRESS_LOOPBACK;
        if ((a[0] == 169 && a[1] == 254) || memcmp(a, alibaba, 4) == 0 || memcmp(a, oracle, 4) == 0)
                return HTTP_ADDRESS_LINK_LOCAL;
        return HTTP_ADDRESS_OTHER;
}

static HttpAddressKind ipv6_kind(const struct in6_addr *a) {
        struct in6_addr metadata;
        inet_pton(AF_INET6, "fd00:ec2::254", &metadata);
        if (IN6_IS_ADDR_LOOPBACK(a) || IN6_IS_ADDR_UNSPECIFIED(a))
                return HTTP_ADDRESS_LOOPBACK;
        if (IN6_IS_ADDR_LINKLOCAL(a) || memcmp(a, &metadata, sizeof(metadata)) == 0)
                return HTTP_ADDRESS_LINK_LOCAL;
        static const uint8_t nat64[12] = { 0, 0x64, 0xff, 0x9b };
        if (IN6_IS_ADDR_V4MAPPED(a) || IN6_IS_ADDR_V4COMPAT(a) || memcmp(a, nat64, sizeof(nat64)) == 0)
                return ipv4_kind(a->s6_addr + 12);
        return HTTP_ADDRESS_OTHER;
}

HttpAddressKind http_address_kind(const char *host) {
        _cleanup_free_ char *address = xstrndup(host, strcspn(host, "%")); /* without a zone */
        struct in6_addr ipv6;
        struct in_addr ipv4;
        if (inet_pton(AF_INET6, address, &ipv6) == 1)
                return ipv6_kind(&ipv6);
        if (inet_aton(host, &ipv4)) /* 127.1 and 0x7f000001, too */
                return ipv4_kind((const uint8_t *) &ipv4);
        const char *dot = endswith(host, "."); /* a name that is not searched for below others */
        _cleanup_free_ char *name = xstrndup(host, dot ? (size_t) (dot - host) : strlen(host));
        lower(name);
        if (streq(name, "localhost") || endswith(name, ".localhost"))
                return HTTP_ADDRESS_LOOPBACK;
        if (streq(name, "metadata.google.internal"))
                return HTTP_ADDRESS_LINK_LOCAL;
        return HTTP_ADDRESS_OTHER;
}
