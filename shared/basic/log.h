/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Messages to stderr as "NAME: message", NAME being the command without "rkt-".
 * Where a failure is understood it is logged, once; everywhere else a negative errno is passed up. */

#include <stdarg.h>
#include <stdbool.h>

#include "macro.h"

/* Exit status of every failure that is rkt's and not the app's. */
#define EXIT_RKT_FAILURE 254

void log_init(const char *name); /* name is kept, not copied */
void log_set_debug(bool on);
bool log_debug_enabled(void);
/* Called before each line: for what is drawn on the same terminal and must make room. NULL: nothing. */
void log_set_before(void (*before)(void));
/* Until it is called with NULL, what would be printed is put into *into instead, line by line and allocated,
 * without the name. */
void log_capture(char **into);

void log_error(const char *format, ...) _printf_(1, 2);
void log_warning(const char *format, ...) _printf_(1, 2);
void log_info(const char *format, ...) _printf_(1, 2);
void log_debug(const char *format, ...) _printf_(1, 2); /* only with --debug */

/* Logs "MESSAGE: strerror(error)" and returns -abs(error), for return log_error_errno(r, "…"). */
int log_error_errno(int error, const char *format, ...) _printf_(2, 3);
int log_warning_errno(int error, const char *format, ...) _printf_(2, 3);
int log_debug_errno(int error, const char *format, ...) _printf_(2, 3);
