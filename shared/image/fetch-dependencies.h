/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "fetch.h"

/* The images that one in the store depends on, and those that these depend on, each once. What the store has
 * is taken from there, unless the pull policy is update; then it is only if a dependency says which image it
 * is by its ID. -ELOOP for an image that depends on itself. Logs failures. */
int fetch_dependencies(Store *s, const char *id, const FetchOptions *options);
