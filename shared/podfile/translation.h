/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A file on its way to a unit. */

#include "podfile.h"

typedef struct Translation {
        Podfile *file;
        const Podfiles *all;
        const PodfilePrograms *programs;
        char **unit, **service; /* lines that are ours, of the sections [Unit] and [Service] */
        char **words;           /* of the command line, as they stand in a unit */
        unsigned n_volumes;
        bool no_default_dependencies;
        const char *auto_update; /* of the pod; NULL: not said */
} Translation;

/* The settings of a key that count: those behind the last empty one. */
typedef struct Values {
        const UnitSetting **items;
        size_t n;
} Values;

typedef enum KeyType {
        KEY_VALUE, /* --flag=VALUE; the last one counts */
        KEY_EACH,  /* --flag=VALUE for each */
        KEY_WORDS, /* --flag=WORD for each word */
        KEY_PAIRS, /* the same for NAME=VALUE, of which the last of a name counts; "$" mean themselves */
        KEY_LIST,  /* --flag=WORD,WORD… */
        KEY_BOOL,  /* --flag=true or false; the last one counts */
} KeyType;

typedef struct Key {
        const char *name;
        KeyType type;
        const char *flag;                                   /* of rkt run */
        void (*call)(Translation *t, const Values *values); /* or what it does */
} Key;

/* Values of a section; values_done frees nothing but the list. */
void values_find(const UnitFile *u, const char *section, const char *key, Values *ret);
void values_done(Values *v);
#define _cleanup_values_ _cleanup_(values_done)
#define VALUES_LAST(v)   ((v)->items[(v)->n - 1])

/* Applies a table, whose last name is NULL, to a section. */
void translate_section(Translation *t, const char *section, const Key *keys);
/* Notes the settings of the section that are in none of the tables (either may be NULL). */
void check_keys(Podfile *p, const char *section, const Key *first, const Key *second);

/* A word of the command line, quoted; text is freed. */
void add_word(Translation *t, char *text);
/* A line of a section of ours; text is freed. */
void add_line(char ***lines, char *text);
/* A line of [Service] that the file may have otherwise. */
void add_default(Translation *t, const char *key, const char *value);
/* Words of a value; NULL after noting a problem. */
char **setting_words(Translation *t, const UnitSetting *s);
/* 1, 0, or -EINVAL after noting a problem. */
int setting_bool(Podfile *p, const UnitSetting *s);
/* What is only known once the unit runs stands in it: then it cannot be judged here. */
bool has_specifier(const char *value);
/* The value as rkt run would take it for a flag; what it says against it is a problem of the setting. */
void check_flag(Translation *t, const UnitSetting *s, const char *flag, const char *value);
/* Another file that is named: its unit comes first. NULL after noting a problem. */
Podfile *require_file(Translation *t, const UnitSetting *s, const char *file_name);

/* [Unit], [Service] with the command of t->words, [Install] and the links. */
void translation_finish(Translation *t);

void translate_pod(Translation *t);
extern const Key pull_keys[]; /* Pull= */
extern const Key raw_keys[];  /* RktArgs= */

/* GlobalArgs= and what rkt is called for; then words are added. */
void begin_command(Translation *t, const char *section, const char *verb);
extern const Key global_keys[];
