/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Paths as archives have them. They are checked and brought into one form before anything else looks at
 * them; what they lead to is a question for openat2(2). */

#include <limits.h>
#include <stdbool.h>

/* Drops "." components, doubled and trailing slashes: "" for the top. Returns NULL, or what is wrong:
 * absolute, with a ".." component, empty, too long. */
const char *entry_path_normalize(const char *path, char ret[static PATH_MAX]);

/* Whether a symbolic link at path (normal form) leads above the root by its text: "a/b" -> "../../x". An
 * absolute target starts at the root. */
bool entry_link_escapes(const char *path, const char *target);

/* path for a message: quoted, what a terminal would obey escaped, cut when long. Allocated. */
char *entry_path_quote(const char *path);
