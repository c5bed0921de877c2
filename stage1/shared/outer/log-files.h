/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The outer supervisor's side of the apps' log files: PID 1 writes them, but may be another user than the
 * host's root, and has nothing of the host. It asks for each file, which is opened below the pod's log
 * directory and nowhere else. */

#include "macro.h"

typedef struct LogRequest {
        unsigned keep; /* so many files of that name are to be there when one begins anew; 0: none begins */
        char path[];   /* relative, with its NUL */
} LogRequest;

/* The log directory, which must be there. Logs. */
int log_files_open_directory(const char *path);
/* Answers what has come on the socket: with a descriptor, or with errno. */
void log_files_serve(int socket, int directory);
