/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "translation.h"

#include <errno.h>

#include "alloc.h"
#include "log.h"
#include "request.h"
#include "strv.h"

void values_find(const UnitFile *u, const char *section, const char *key, Values *ret) {
        *ret = (Values){};
        for (size_t i = 0; i < u->n; i++) {
                const UnitSetting *s = &u->items[i];
                if (!streq(s->section, section) || !streq(s->key, key))
                        continue;
                if (!*s->value) {
                        ret->n = 0;
                        continue;
                }
                ret->items = xreallocarray(ret->items, ret->n + 1, sizeof(*ret->items));
                ret->items[ret->n++] = s;
        }
}

void values_done(Values *v) {
        free(v->items);
}

void add_word(Translation *t, char *text) {
        strv_push(&t->words, unit_word_quote(text));
        free(text);
}

void add_line(char ***lines, char *text) {
        if (strv_contains(*lines, text))
                free(text);
        else
                strv_push(lines, text);
}

static bool has_key(const UnitFile *u, const char *section, const char *key) {
        for (size_t i = 0; i < u->n; i++)
                if (streq(u->items[i].section, section) && streq(u->items[i].key, key))
                        return true;
        return false;
}

void add_default(Translation *t, const char *key, const char *value) {
        if (!has_key(&t->file->settings, "Service", key))
                add_line(&t->service, xasprintf("%s=%s", key, value));
}

char **setting_words(Translation *t, const UnitSetting *s) {
        char **words = NULL, *error = NULL;
        if (unit_words_split(s->value, &words, &error) < 0)
                podfile_problem(t->file, s, "%s=: %s", s->key, error);
        free(error);
        return words;
}

/* systemd.syntax(7) */
int setting_bool(Podfile *p, const UnitSetting *s) {
        static const char *const yes[] = { "1", "yes", "y", "true", "t", "on" };
        static const char *const no[] = { "0", "no", "n", "false", "f", "off" };
        for (size_t i = 0; i < ELEMENTSOF(yes); i++) {
                if (strcasecmp(s->value, yes[i]) == 0)
                        return 1;
                if (strcasecmp(s->value, no[i]) == 0)
                        return 0;
        }
        podfile_problem(p, s, "%s=%s: expected yes or no", s->key, s->value);
        return -EINVAL;
}

bool has_specifier(const char *value) {
        return strpbrk(value, "%$");
}

static const Option *find_option(const char *flag) {
        const Option *const tables[] = { pod_request_options, app_request_options,
                isolator_request_options };
        for (size_t i = 0; i < ELEMENTSOF(tables); i++)
                for (const Option *o = tables[i]; o->name; o++)
                        if (streq(o->name, flag))
                                return o;
        return NULL;
}

void check_flag(Translation *t, const UnitSetting *s, const char *flag, const char *value) {
        const Option *o = find_option(flag);
        _cleanup_free_ char *said = NULL;
        if (!o || o->type != OPTION_CALL || has_specifier(value))
                return;
        log_capture(&said);
        int r = o->call(value, o->target);
        log_capture(NULL);
        if (r < 0)
                podfile_problem(t->file, s, "%s=: %s", s->key, said ?: strerror(-r));
}

Podfile *require_file(Translation *t, const UnitSetting *s, const char *file_name) {
        Podfile *p = podfiles_find(t->all, file_name);
        if (!p || p->masked || p == t->file) {
                podfile_problem(t->file, s, "%s=%s: there is no file %s", s->key, s->value, file_name);
                return NULL;
        }
        const char *kind = strrchr(file_name, '.') + 1;
        add_line(&t->unit, xasprintf("Requires=%s-%s.service", p->name, kind));
        add_line(&t->unit, xasprintf("After=%s-%s.service", p->name, kind));
        return p;
}

static void add_flag(Translation *t, const UnitSetting *s, const char *flag, const char *value) {
        check_flag(t, s, flag, value);
        add_word(t, xasprintf("--%s=%s", flag, value));
}

static size_t name_length(const char *pair) {
        return strcspn(pair, "=");
}

static bool comes_again(char *const *rest, const char *pair) {
        size_t n = name_length(pair);
        STRV_FOREACH (later, rest)
                if (name_length(*later) == n && strncmp(*later, pair, n) == 0)
                        return true;
        return false;
}

static void add_pairs(Translation *t, const Values *v, const char *flag) {
        _cleanup_strv_ char **all = strv_copy(NULL);
        const UnitSetting **from = NULL;
        size_t n = 0;
        for (size_t i = 0; i < v->n; i++) {
                _cleanup_strv_ char **words = setting_words(t, v->items[i]);
                STRV_FOREACH (word, words) {
                        from = xreallocarray(from, n + 1, sizeof(*from));
                        from[n++] = v->items[i];
                        strv_add(&all, *word);
                }
        }
        for (size_t i = 0; i < n; i++) {
                if (comes_again(all + i + 1, all[i]))
                        continue;
                _cleanup_free_ char *escaped = unit_word_escape_variables(all[i]);
                check_flag(t, from[i], flag, all[i]);
                add_word(t, xasprintf("--%s=%s", flag, escaped));
        }
        free(from);
}

static void add_words(Translation *t, const UnitSetting *s, const char *flag) {
        _cleanup_strv_ char **words = setting_words(t, s);
        STRV_FOREACH (word, words)
                add_flag(t, s, flag, *word);
}

static void add_list(Translation *t, const Values *v, const char *flag) {
        _cleanup_strv_ char **all = strv_copy(NULL);
        for (size_t i = 0; i < v->n; i++) {
                _cleanup_strv_ char **words = setting_words(t, v->items[i]);
                strv_extend(&all, words);
        }
        _cleanup_free_ char *joined = strv_join(all, ",");
        add_flag(t, VALUES_LAST(v), flag, joined);
}

static void apply(Translation *t, const Key *k, const Values *v) {
        int b;
        if (k->call) {
                k->call(t, v);
                return;
        }
        switch (k->type) {
        case KEY_VALUE: add_flag(t, VALUES_LAST(v), k->flag, VALUES_LAST(v)->value); break;
        case KEY_EACH:
                for (size_t i = 0; i < v->n; i++)
                        add_flag(t, v->items[i], k->flag, v->items[i]->value);
                break;
        case KEY_WORDS:
                for (size_t i = 0; i < v->n; i++)
                        add_words(t, v->items[i], k->flag);
                break;
        case KEY_PAIRS: add_pairs(t, v, k->flag); break;
        case KEY_LIST: add_list(t, v, k->flag); break;
        case KEY_BOOL:
                b = setting_bool(t->file, VALUES_LAST(v));
                if (b >= 0)
                        add_flag(t, VALUES_LAST(v), k->flag, b ? "true" : "false");
                break;
        }
}

void translate_section(Translation *t, const char *section, const Key *keys) {
        for (const Key *k = keys; k->name; k++) {
                _cleanup_values_ Values v;
                values_find(&t->file->settings, section, k->name, &v);
                if (v.n > 0)
                        apply(t, k, &v);
        }
}

static bool has_name(const Key *keys, const char *name) {
        for (const Key *k = keys; k && k->name; k++)
                if (streq(k->name, name))
                        return true;
        return false;
}

void check_keys(Podfile *p, const char *section, const Key *first, const Key *second) {
        for (size_t i = 0; i < p->settings.n; i++) {
                const UnitSetting *s = &p->settings.items[i];
                if (streq(s->section, section) && !startswith(s->key, "X-") && !has_name(first, s->key) &&
                                !has_name(second, s->key) && !has_name(global_keys, s->key))
                        podfile_problem(p, s, "unknown key %s= in [%s]", s->key, section);
        }
}

/* In front of the verb: they are added by begin_command. */
static void global_arguments(Translation *t, const Values *v) {
}

const Key global_keys[] = { { .name = "GlobalArgs", .call = global_arguments }, {} };

void begin_command(Translation *t, const char *section, const char *verb) {
        _cleanup_values_ Values v;
        values_find(&t->file->settings, section, "GlobalArgs", &v);
        add_word(t, xstrdup(t->programs->rkt));
        for (size_t i = 0; i < v.n; i++) {
                _cleanup_strv_ char **words = setting_words(t, v.items[i]);
                STRV_FOREACH (word, words)
                        add_word(t, xstrdup(*word));
        }
        add_word(t, xstrdup(verb));
}
