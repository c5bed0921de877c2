/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Files in the syntax of systemd.syntax(7): sections, KEY=VALUE, comments, lines that go on. */

#include <stddef.h>

#include "macro.h"

#define UNIT_FILE_MAX ((size_t) 1024 * 1024)

typedef struct UnitSetting {
        char *section; /* what stands in the brackets */
        char *key;
        char *value;      /* without the space around it; "" takes back what came before */
        const char *path; /* of its file */
        unsigned line;    /* where it begins */
} UnitSetting;

typedef struct UnitFile {
        UnitSetting *items; /* in their order, those of the first file first */
        size_t n;
        char **paths;
} UnitFile;

/* Appends the settings of a file. -EINVAL with *ret_line and *ret_error (allocated); what came before stays.
 */
int unit_file_parse(UnitFile *u, const char *path, const char *text, size_t size, unsigned *ret_line,
                char **ret_error);
void unit_file_done(UnitFile *u);
#define _cleanup_unit_file_ _cleanup_(unit_file_done)

/* The last setting of that name; NULL if there is none, or it is empty. */
const UnitSetting *unit_file_find(const UnitFile *u, const char *section, const char *key);

/* The words of a value: separated by space, in quotes or not, with the escapes of systemd.syntax(7).
 * Specifiers and variables are left alone. A strv; -EINVAL with *ret_error (allocated). */
int unit_words_split(const char *value, char ***ret, char **ret_error);
/* The word as it has to stand in a command line of a unit, where its specifiers and variables are still
 * replaced. */
char *unit_word_quote(const char *word);
/* The same for a word whose "$" mean themselves. */
char *unit_word_escape_variables(const char *word);
