/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The small JSON documents of registries and of the servers that give out tokens for them. */

#include <stddef.h>

/* The token of an answer: "token" (Docker's token authentication) or "access_token" (OAuth 2.0), fit for an
 * Authorization field. -EINVAL with *ret_error (allocated). name is that of the source. */
int registry_token_parse(
                const char *name, const char *text, size_t size, char **ret_token, char **ret_error);

/* What a failure's body says ("errors" of the distribution specification), for messages: "CODE: message",
 * several joined by "; ", without control characters and not longer than a few lines. Allocated; NULL if it
 * says nothing. */
char *registry_errors_text(const char *text, size_t size);
