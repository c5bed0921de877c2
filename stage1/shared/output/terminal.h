/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A pseudo-terminal between the user's and an app. The app never holds the user's own terminal: it could put
 * words into the mouth of the shell behind it (TIOCSTI), and would leave it without a controlling terminal.
 */

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

typedef struct Terminal {
        int input, output; /* the user's; no input: -1 */
        int user;          /* that of them whose size counts */
        int master;        /* -1: the app's side has been closed */
        struct termios saved;
        bool raw;           /* the user's terminal has to be restored */
        char pending[4096]; /* typed, not yet taken by the app */
        size_t n_pending;
} Terminal;

/* Opens a pair in the devpts instance whose ptmx is at dirfd/path. */
int terminal_open_pair(int dirfd, const char *path, int *ret_master, int *ret_slave);

/* The sides one by one: a descriptor, or -errno. */
int terminal_open_master(int dirfd, const char *path);
int terminal_open_slave(int master);

/* "pts/N" of the app's side, for its /dev. */
int terminal_name(int master, char *ret, size_t size);

/* Before there is a process that asks for it. Not an error if user is no terminal. */
void terminal_copy_size(int user, int master);

/* Connects: puts the user's terminal, if input is one, in raw mode and gives the app its size, or that of
 * output. */
int terminal_start(Terminal *t, int input, int output, int master);
void terminal_resize(const Terminal *t); /* after SIGWINCH */

#define TERMINAL_POLLS 2
void terminal_poll(const Terminal *t, struct pollfd ret[static TERMINAL_POLLS]);
void terminal_handle(Terminal *t, const struct pollfd p[static TERMINAL_POLLS]);

/* Passes on what the app has still written, and restores the user's terminal. */
void terminal_end(Terminal *t);

/* What whoever sits before the user's terminal sends, the change of its size among it: blocked from now on,
 * and read from the descriptor. Logs failures. */
int terminal_open_signals(void);
