/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Text tables aligned with tabs as Go's tabwriter (minimum width 0, tab width 8, padding 1) lays them out:
 * what rkt printed, so scripts that cut columns go on working. */

#include <stdio.h>

#include "macro.h"

typedef struct Table Table;

Table *table_new(void);
void table_free(Table *t);
DEFINE_CLEANUP(Table *, table_free)
#define _cleanup_table_ _cleanup_(table_freep)

void table_cell(Table *t, const char *text); /* appends to the current row; copies */
void table_cellf(Table *t, const char *format, ...) _printf_(2, 3);
void table_end_row(Table *t);
bool table_is_empty(const Table *t);
/* Prints all rows. The last cell of a row is not padded. */
void table_print(const Table *t, FILE *f);
