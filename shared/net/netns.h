/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Network namespaces of others: entered by this thread only, for as long as a file or socket is opened. */

#include "macro.h"

/* A descriptor of the namespace at path; -EINVAL if that is something else. */
int netns_open(const char *path);

/* Enters the namespace; returns a descriptor of the one before, for netns_leave. */
int netns_enter(int fd);
/* Goes back and closes the descriptor. A process that cannot go back must not go on: it ends. */
void netns_leave(int before);

/* Writes a value to /proc/sys/PATH as the namespace sees it; fd -1 is this process's own. */
int netns_write_sysctl(int fd, const char *value, const char *path, ...) _printf_(3, 4);
/* Reads one, without its newline. Allocated. */
int netns_read_sysctl(int fd, char **ret, const char *path, ...) _printf_(3, 4);
