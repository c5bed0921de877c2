/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Messages with a descriptor, over a unix socket. */

#include <stddef.h>
#include <sys/types.h>

int send_with_fd(int socket, const void *data, size_t size, int fd); /* fd -1: none */
/* The size of the message. *ret_fd is -1 if there came none. */
ssize_t receive_with_fd(int socket, void *data, size_t size, int flags, int *ret_fd);
