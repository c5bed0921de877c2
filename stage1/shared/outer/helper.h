/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A program that works for a pod beside us, is told things on its standard input, and says line by line on
 * its standard output what it has done. */

#include <stddef.h>
#include <sys/types.h>

typedef struct Helper {
        pid_t pid; /* 0: not running (any more) */
        int in;    /* or -1 */
        int out;   /* -1: it has said everything */
        char buffer[4096];
        size_t used;
} Helper;

/* argv[0] is the path of the program. Logs. */
int helper_start(Helper *h, char *const argv[]);
/* The same without the pipes. */
int helper_start_silent(Helper *h, char *const argv[]);
/* Writes text to it. SIGPIPE is ignored: if it has ended, its output says so. */
void helper_tell(Helper *h, const char *text);
void helper_close_in(Helper *h);
/* For a process that has nothing to do with it. */
void helper_forget(Helper *h);
/* Reads what it has said, and calls each for every whole line. */
void helper_read(Helper *h, void (*each)(const char *line, void *userdata), void *userdata);
/* Waits for its end. 0, or -EIO if it failed (it has said why itself). */
int helper_wait(Helper *h);
