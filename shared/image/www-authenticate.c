/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "www-authenticate.h"

#include <ctype.h>
#include <errno.h>
#include <strings.h>

#include "alloc.h"

#define MAX_CHALLENGES 16
#define MAX_PARAMETERS 32

#define ALNUM "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define TCHAR ALNUM "!#$%&'*+-.^_`|~"
#define SPACE " \t"

static void challenge_clear(Challenge *c) {
        free(c->scheme);
        free(c->token68);
        name_values_clear(&c->parameters);
}

static void shorten(ChallengeList *l, size_t n) {
        while (l->n > n)
                challenge_clear(&l->items[--l->n]);
}

void challenges_clear(ChallengeList *l) {
        shorten(l, 0);
        free(l->items);
        l->items = NULL;
}

static const char *skip_space(const char *p) {
        return p + strspn(p, SPACE);
}

/* token68: what Negotiate and its like have in place of parameters. Only if nothing of this challenge
 * follows it; else it is the name of a parameter. */
static const char *read_token68(const char *p, char **ret) {
        size_t n = strspn(p, ALNUM "-._~+/");
        if (n == 0)
                return NULL;
        n += strspn(p + n, "=");
        const char *end = skip_space(p + n);
        if (*end && *end != ',')
                return NULL;
        *ret = xstrndup(p, n);
        return end;
}

static const char *read_quoted(const char *p, char **ret) {
        _cleanup_free_ char *value = xmalloc(strlen(p));
        size_t n = 0;
        for (p++; *p != '"'; p++) {
                if (*p == '\\')
                        p++;
                unsigned char c = *p;
                if ((c < 0x20 && c != '\t') || c == 0x7f)
                        return NULL; /* the end, too */
                value[n++] = c;
        }
        value[n] = 0;
        *ret = TAKE_PTR(value);
        return p + 1;
}

/* p is behind the "=". */
static const char *read_value(const char *p, char **ret) {
        p = skip_space(p);
        if (*p == '"')
                p = read_quoted(p, ret);
        else {
                size_t n = strspn(p, TCHAR);
                if (n == 0)
                        return NULL;
                *ret = xstrndup(p, n);
                p += n;
        }
        p = p ? skip_space(p) : NULL;
        return p && (!*p || *p == ',') ? p : NULL;
}

static const char *read_parameter(Challenge *c, const char *name, size_t size, const char *p) {
        _cleanup_free_ char *key = xstrndup(name, size), *value = NULL;
        for (char *k = key; *k; k++)
                *k = tolower((unsigned char) *k);
        p = read_value(p, &value);
        if (!p || c->token68 || c->parameters.n >= MAX_PARAMETERS || challenge_get(c, key))
                return NULL;
        name_values_add(&c->parameters, key, value);
        return p;
}

/* The name of a parameter and its "=", behind which *p then stands; 0: it is something else. */
static size_t find_parameter(const char **p) {
        size_t size = strspn(*p, TCHAR);
        const char *next = skip_space(*p + size);
        if (size == 0 || *next != '=')
                return 0;
        *p = next + 1;
        return size;
}

static const char *read_scheme(ChallengeList *l, const char *name) {
        size_t size = strspn(name, TCHAR);
        const char *p = skip_space(name + size);
        if (size == 0 || l->n >= MAX_CHALLENGES)
                return NULL;
        xgrow(&l->items, l->n);
        Challenge *c = &l->items[l->n++];
        *c = (Challenge){ .scheme = xstrndup(name, size) };
        if (!*p || *p == ',')
                return p;
        if (p == name + size)
                return NULL;
        const char *end = read_token68(p, &c->token68), *parameter = p;
        if (end)
                return end;
        size = find_parameter(&p);
        return size > 0 ? read_parameter(c, parameter, size, p) : NULL;
}

/* A word with "=" behind it is a parameter of the challenge before, any other begins a challenge. */
static const char *read_element(ChallengeList *l, size_t first, const char *p) {
        const char *name = p;
        size_t size = find_parameter(&p);
        if (size == 0)
                return read_scheme(l, p);
        return l->n > first ? read_parameter(&l->items[l->n - 1], name, size, p) : NULL;
}

int challenges_parse(ChallengeList *l, const char *value) {
        size_t first = l->n;
        const char *p = value;
        while (*(p += strspn(p, SPACE ","))) {
                p = read_element(l, first, p);
                if (!p) {
                        shorten(l, first);
                        return -EINVAL;
                }
        }
        return 0;
}

const Challenge *challenges_find(const ChallengeList *l, const char *scheme) {
        for (size_t i = 0; i < l->n; i++)
                if (strcasecmp(l->items[i].scheme, scheme) == 0)
                        return &l->items[i];
        return NULL;
}

const char *challenge_get(const Challenge *c, const char *name) {
        return name_values_get(&c->parameters, name);
}
