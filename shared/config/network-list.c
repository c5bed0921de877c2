/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "network-list.h"

#include <errno.h>

#include "alloc.h"
#include "strv.h"

#define ALPHANUMERIC "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

/* The name ends up in the names of files. */
#define NAME_LENGTH_MAX 200

bool network_name_is_valid(const char *s) {
        return *s && strchr(ALPHANUMERIC, *s) && s[strspn(s, ALPHANUMERIC "_.-")] == 0 &&
               strlen(s) <= NAME_LENGTH_MAX;
}

/* "KEY=VALUE;…": the form of CNI_ARGS, in which a separator cannot be escaped. */
static int check_args(const char *args, const char *word, char **ret_error) {
        _cleanup_strv_ char **pairs = strv_split(args, ';');
        STRV_FOREACH (pair, pairs) {
                size_t key = strcspn(*pair, "=:"); /* a value may well be an address with colons */
                if (key > 0 && (*pair)[key] == '=')
                        continue;
                *ret_error = xasprintf("%s: expected NAME:KEY=VALUE;KEY=VALUE", word);
                return -EINVAL;
        }
        return 0;
}

static bool is_keyword(const char *name) {
        return streq(name, "host") || streq(name, "none") || streq(name, "all");
}

static void set_keyword(NetworkList *l, const char *name) {
        l->host |= streq(name, "host");
        l->none |= streq(name, "none");
        l->all |= streq(name, "all");
}

static int add(NetworkList *l, const char *word, char **ret_error) {
        _cleanup_free_ char *name = xstrndup(word, strcspn(word, ":"));
        const char *args = word[strlen(name)] ? word + strlen(name) + 1 : NULL;
        if (!*name) {
                *ret_error = xasprintf("%s: a network's name is empty", *word ? word : "\"\"");
                return -EINVAL;
        }
        if (!network_name_is_valid(name)) {
                *ret_error = xasprintf(
                                "%s: not a network's name: letters, digits, \"_\", \".\" and \"-\"", name);
                return -EINVAL;
        }
        if (network_list_find(l, name)) {
                *ret_error = xasprintf("network \"%s\" is given twice", name);
                return -EINVAL;
        }
        if (args && is_keyword(name)) {
                *ret_error = xasprintf("%s: \"%s\" takes no arguments", word, name);
                return -EINVAL;
        }
        int r = args ? check_args(args, word, ret_error) : 0;
        if (r < 0)
                return r;
        xgrow(&l->items, l->n);
        l->items[l->n++] = (NetworkChoice){ .name = TAKE_PTR(name), .args = xstrdup(args) };
        return 0;
}

/* "host" and its like stand alone. */
static int settle_keywords(NetworkList *l, char **ret_error) {
        for (size_t i = 0; i < l->n; i++) {
                const char *name = l->items[i].name;
                if (!is_keyword(name))
                        continue;
                if (l->n > 1) {
                        *ret_error = xasprintf("--net=%s excludes every other network", name);
                        return -EINVAL;
                }
                set_keyword(l, name);
        }
        return 0;
}

int network_list_parse(char *const *values, NetworkList *ret, char **ret_error) {
        _cleanup_network_list_ NetworkList l = {};
        _cleanup_strv_ char **words = strv_copy(NULL);
        STRV_FOREACH (v, values) {
                _cleanup_strv_ char **more = strv_split(*v, ',');
                strv_extend(&words, more);
        }
        if (!*words)
                strv_add(&words, NETWORK_DEFAULT);
        int r = 0;
        STRV_FOREACH (w, words)
                if ((r = add(&l, *w, ret_error)) < 0)
                        return r;
        if ((r = settle_keywords(&l, ret_error)) < 0)
                return r;
        if (l.host || l.none || l.all) {
                bool host = l.host, none = l.none;
                network_list_done(&l);
                *ret = (NetworkList){ .host = host, .none = none, .all = !host && !none };
                return 0;
        }
        *ret = l;
        l = (NetworkList){};
        return 0;
}

void network_list_done(NetworkList *l) {
        for (size_t i = 0; i < l->n; i++) {
                free(l->items[i].name);
                free(l->items[i].args);
        }
        free(l->items);
        *l = (NetworkList){};
}

const NetworkChoice *network_list_find(const NetworkList *l, const char *name) {
        for (size_t i = 0; i < l->n; i++)
                if (streq(l->items[i].name, name))
                        return &l->items[i];
        return NULL;
}
