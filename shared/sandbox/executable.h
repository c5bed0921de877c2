/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Finding what an app wants executed, and saying why it cannot be. */

/* Executes argv[0] with the environment: an absolute path; a path with a slash, from the working directory;
 * else a name looked up in PATH of the environment, then in the working directory, /bin and /usr/bin (appc
 * spec, "exec"). Returns a negative errno. Allocates nothing that a filter could get in the way of. */
int executable_run(char *const argv[], char *const environment[]);

/* Why the image's argv[0] cannot be executed, after executable_run failed with error: which file is missing
 * — the program itself, the loader that it names, the interpreter behind "#!" — or what it is. Allocated,
 * never NULL. rootfd is the app's root. */
char *executable_explain(int rootfd, char *const argv[], char *const environment[],
                const char *working_directory, int error);
