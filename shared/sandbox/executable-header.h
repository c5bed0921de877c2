/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the beginning of a program says that it needs: elf(5), and "#!" as in execve(2). The file is an
 * image's, so nothing that it says is believed. */

#include <stdbool.h>

typedef enum ExecutableKind {
        EXECUTABLE_OTHER,
        EXECUTABLE_ELF,
        EXECUTABLE_SCRIPT,
        EXECUTABLE_EMPTY,
} ExecutableKind;

typedef struct ExecutableHeader {
        ExecutableKind kind;
        char *interpreter;    /* an ELF file's loader, or what stands behind "#!"; NULL: none */
        bool carriage_return; /* a script whose first line ends as on Windows: the kernel takes it as a part
                                 of the interpreter's name */
        const char *foreign;  /* an ELF file's machine, if it is not this one */
} ExecutableHeader;

void executable_header_read(int fd, ExecutableHeader *ret);
void executable_header_done(ExecutableHeader *h);
#define _cleanup_executable_header_ _cleanup_(executable_header_done)
