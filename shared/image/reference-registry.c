/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reference-registry.h"

#include <ctype.h>

#include "alloc.h"
#include "option-json.h"
#include "option.h"

#define REPOSITORY_MAX 255 /* characters, as registries and clients have it */
#define TAG_MAX        128
#define HOST_MAX       253 /* RFC 1035 */
#define DOCKER_HOST    "docker.io"

#define REPOSITORY_FORM                                                                                     \
        "lower-case letters and digits, joined by one of . _ __ or by dashes, with / between the parts"
#define TAG_FORM    "letters, digits and _ . -, not beginning with . or -"
#define HOST_FORM   "a host name or [IPv6 address], and :PORT or nothing"
#define DIGEST_FORM "sha256: and 64 lower-case hexadecimal digits"
#define REF_FORM    "letters and digits, joined by one of - . _ : @ + or --, with / between the parts"

/* A scanner returns the place of the first character that does not fit (which may be the end), or this. */
#define ALL_FITS ((size_t) -1)

static bool is_lower(char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_alphanumeric(char c) {
        return is_lower(c) || (c >= 'A' && c <= 'Z');
}

static int misfit(char **ret_error, const char *what, const char *s, size_t at, const char *expected) {
        if (!*s)
                return option_fail(ret_error, "the %s is empty: expected %s", what, expected);
        if (!s[at])
                return option_fail(
                                ret_error, "the %s \"%s\" ends too early: expected %s", what, s, expected);
        if (s[at] > ' ' && s[at] < 0x7f)
                return option_fail(ret_error, "the %s \"%s\" has \"%c\" as character %zu: expected %s", what,
                                s, s[at], at + 1, expected);
        return option_fail(ret_error, "the %s has the byte 0x%02x as character %zu: expected %s", what,
                        (unsigned char) s[at], at + 1, expected);
}

/* Of a repository: "." or "_" or "__" or any number of dashes, or "/". */
static size_t repository_separator(const char *s) {
        if (*s == '_')
                return s[1] == '_' ? 2 : 1;
        return *s == '-' ? strspn(s, "-") : *s == '.' || *s == '/';
}

static size_t ref_separator(const char *s) {
        if (*s == '-')
                return s[1] == '-' ? 2 : 1;
        return *s && strchr("._:@+/", *s);
}

static size_t host_separator(const char *s) {
        return *s == '-' ? strspn(s, "-") : *s == '.';
}

/* Runs of characters with one separator between each two of them. */
static size_t scan_joined(const char *s, bool (*fits)(char), size_t (*separator)(const char *)) {
        for (size_t i = 0;;) {
                size_t start = i;
                while (fits(s[i]))
                        i++;
                if (i == start)
                        return i;
                if (!s[i])
                        return ALL_FITS;
                size_t n = separator(s + i);
                if (n == 0)
                        return i;
                i += n;
        }
}

static int check_repository(const char *s, char **ret_error) {
        size_t at = scan_joined(s, is_lower, repository_separator);
        if (at != ALL_FITS)
                return misfit(ret_error, "repository", s, at, REPOSITORY_FORM);
        if (strlen(s) > REPOSITORY_MAX)
                return option_fail(ret_error, "the repository has %zu characters: expected at most %d",
                                strlen(s), REPOSITORY_MAX);
        return 0;
}

static int check_tag(const char *s, char **ret_error) {
        size_t i = 0;
        while (is_alphanumeric(s[i]) || s[i] == '_' || (i > 0 && (s[i] == '.' || s[i] == '-')))
                i++;
        if (i == 0 || s[i])
                return misfit(ret_error, "tag", s, i, TAG_FORM);
        if (i > TAG_MAX)
                return option_fail(ret_error, "the tag has %zu characters: expected at most %d", i, TAG_MAX);
        return 0;
}

int reference_check_digest(const char *s, char **ret_error) {
        const char *digits = startswith(s, "sha256:");
        if (!digits && isalpha((unsigned char) *s) && strchr(s, ':'))
                return option_fail(ret_error,
                                "the digest is of the algorithm \"%.*s\", which is not supported: "
                                "expected " DIGEST_FORM,
                                (int) strcspn(s, ":"), s);
        if (!digits)
                return option_fail(
                                ret_error, "\"%s\" behind the @ is not a digest: expected " DIGEST_FORM, s);
        size_t n = strspn(digits, "0123456789abcdef");
        if (digits[n])
                return misfit(ret_error, "digest", s, digits + n - s, DIGEST_FORM);
        if (n != 64)
                return option_fail(ret_error, "the digest has %zu hexadecimal digits: expected 64", n);
        return 0;
}

int reference_check_ref_name(const char *s, char **ret_error) {
        size_t at = scan_joined(s, is_alphanumeric, ref_separator);
        return at == ALL_FITS ? 0 : misfit(ret_error, "name of an image in it", s, at, REF_FORM);
}

static int check_port(const char *host, const char *port, char **ret_error) {
        uint64_t n;
        if (*port == '0' || parse_uint(port, UINT16_MAX, &n) < 0)
                return option_fail(ret_error,
                                "the port of host \"%s\" is \"%s\": expected a number from 1 to 65535", host,
                                port);
        return 0;
}

static bool is_address_character(char c) {
        return isxdigit((unsigned char) c) || c == ':' || c == '.';
}

/* Of an address in brackets the length; 0 if it is none. */
static size_t bracketed(const char *s) {
        size_t n = 1;
        while (is_address_character(s[n]))
                n++;
        return n > 2 && s[n] == ']' ? n + 1 : 0;
}

static int check_host(const char *host, char **ret_error) {
        size_t n = *host == '[' ? bracketed(host) : strcspn(host, ":");
        if (*host == '[' && (n == 0 || (host[n] && host[n] != ':')))
                return option_fail(ret_error, "the host is \"%s\": expected " HOST_FORM, host);
        if (*host != '[') {
                _cleanup_free_ char *name = xstrndup(host, n);
                size_t at = scan_joined(name, is_alphanumeric, host_separator);
                if (at != ALL_FITS)
                        return misfit(ret_error, "host", name, at, HOST_FORM);
        }
        if (strlen(host) > HOST_MAX)
                return option_fail(ret_error, "the host has %zu characters: expected at most %d",
                                strlen(host), HOST_MAX);
        return host[n] ? check_port(host, host + n + 1, ret_error) : 0;
}

bool docker_reads_as_host(const char *s, size_t n) {
        return memchr(s, '.', n) || memchr(s, ':', n) ||
               (n == strlen("localhost") && startswith(s, "localhost"));
}

static bool is_docker_host(const char *host) {
        return streq(host, DOCKER_HOST) || streq(host, "index.docker.io") ||
               streq(host, "registry-1.docker.io");
}

/* Splits [HOST/]REPOSITORY. */
static int take_host(const char *name, bool need_host, Reference *r, char **ret_error) {
        const char *slash = strchr(name, '/');
        if (need_host && !slash)
                return option_fail(ret_error,
                                "\"%s\" is not a host and a repository: expected HOST[:PORT]/REPOSITORY",
                                name);
        if (slash && (need_host || docker_reads_as_host(name, slash - name))) {
                r->host = xstrndup(name, slash - name);
                name = slash + 1;
                int x = check_host(r->host, ret_error);
                if (x < 0)
                        return x;
                for (char *p = r->host; *p; p++)
                        *p = tolower((unsigned char) *p);
        }
        if (!r->host || is_docker_host(r->host)) {
                free(r->host);
                r->host = xstrdup(DOCKER_HOST);
                if (*name && !strchr(name, '/')) {
                        r->repository = xasprintf("library/%s", name);
                        return check_repository(name, ret_error);
                }
        }
        r->repository = xstrdup(name);
        return check_repository(r->repository, ret_error);
}

int registry_name_parse(const char *name, bool need_host, Reference *r, char **ret_error) {
        const char *at = strchr(name, '@');
        _cleanup_free_ char *head = at ? xstrndup(name, at - name) : xstrdup(name);
        char *slash = strrchr(head, '/'), *colon = strchr(slash ? slash : head, ':');
        int x = 0;
        if (at) {
                r->digest = xstrdup(at + 1);
                x = reference_check_digest(r->digest, ret_error);
        }
        if (x >= 0 && colon) {
                *colon = 0;
                r->tag = xstrdup(colon + 1);
                x = check_tag(r->tag, ret_error);
        } else if (!at)
                r->tag = xstrdup("latest");
        if (x >= 0)
                x = take_host(head, need_host, r, ret_error);
        if (x < 0)
                return x;
        r->location = r->digest ? xasprintf("%s/%s@%s", r->host, r->repository, r->digest)
                                : xasprintf("%s/%s:%s", r->host, r->repository, r->tag);
        return 0;
}
