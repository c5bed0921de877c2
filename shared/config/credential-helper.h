/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Docker's credential helpers: "docker-credential-NAME get" takes a server's name on standard input and
 * prints
 * {"Username": …, "Secret": …} (github.com/docker/docker-credential-helpers). */

#include "credentials.h"

/* Runs the program, found in PATH. It has half a minute ($RKT_CREDENTIAL_TIMEOUT seconds) and 64 kB. 1; 0 if
 * it knows no credentials; < 0 with *ret_error (allocated), in which there is no secret. */
int credential_helper_get(const char *name, const char *server, Credential *ret, char **ret_error);

/* What it prints. 1, 0 if that is nothing, -EINVAL. */
int credential_helper_parse(
                const char *program, const char *text, size_t size, Credential *ret, char **ret_error);
