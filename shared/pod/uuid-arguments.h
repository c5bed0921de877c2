/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "option.h"
#include "pod.h"

/* --uuid-file, for Command.shared_options, and what was given with it (NULL: nothing). */
extern const Option uuid_file_options[];
extern char *uuid_file;
/* A file that does not exist means that there is nothing to do. */
extern bool uuid_file_optional;

/* A command that does the same to one or more pods: calls each for the pods named by UUID on the command
 * line, or by --uuid-file, and goes on after a failure. tell_failed logs the last line of all when n have
 * failed (each of which has said why). Returns the program's exit status. */
int uuid_arguments_main(
                const Command *c, int argc, char **argv, int (*each)(Pod *p), void (*tell_failed)(int n));
