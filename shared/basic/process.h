/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Child processes. */

#include <sys/types.h>

/* First thing in main(): messages begin with name, and what a careless caller may have left us with is as a
 * program expects it: descriptors 0 to 2 are open, so that a message never ends up in a file that was opened
 * later, and SIGCHLD is not ignored, with which the kernel would throw away the exit statuses that are
 * waited for. */
void process_begin(const char *name);

/* What was printed reaches standard output, or why it does not is logged: 0 or -errno. */
int process_flush(void);
/* Last thing in main(), with what came of it: after process_flush(), EXIT_RKT_FAILURE if that or r is
 * negative, else 0. */
int process_end(int r);

/* Runs argv[0] (an absolute path, or a name found beside this program and then in PATH) and waits. stdout
 * goes to the descriptor out (-1: inherited). Returns the exit status, 128+N for a signal, or -errno. */
int process_run(char *const argv[], int out);
/* The same, with stdin from the descriptor in (-1: inherited). */
int process_run_with_input(char *const argv[], int in);
/* The same, with stdout collected, at most max bytes (-EFBIG beyond). *ret_status is the exit status. */
int process_capture(char *const argv[], size_t max, char **ret, int *ret_status);

/* Exit status as a shell gives it, from wait(2)'s status word. */
int process_exit_status(int wstatus);

/* Path of a sibling program: the directory of this executable, else RKT_BINDIR. Allocated. */
char *process_sibling(const char *name);
/* The same for programs that are not for users: beside this executable, else in RKT_LIBDIR. */
char *process_helper(const char *name);
