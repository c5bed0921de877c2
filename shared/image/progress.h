/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Bars on the terminal that standard error is, one for each transfer, several at once; nothing if it is no
 * terminal. A message that is logged meanwhile appears above them. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "macro.h"

typedef struct ProgressBar ProgressBar;

/* NULL without a terminal; the other functions take that. */
ProgressBar *progress_bar_new(const char *label);
/* Bytes; total is 0 if it is not known. Draws now and then. */
void progress_bar_set(ProgressBar *b, uint64_t done, uint64_t total);
/* The bar makes room for a line that says what was done, or without success for nothing. */
void progress_bar_end(ProgressBar *b, bool success);

/* One line of at most width columns. speed is in bytes a second; 0: not known. Allocated. */
char *progress_line(const char *label, uint64_t done, uint64_t total, uint64_t speed, size_t width);
