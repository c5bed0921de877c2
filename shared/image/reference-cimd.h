/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* For reference.c: rkt's URIs, cimd:TYPE:v=VERSION:DATA ("container image distribution"). */

#include "reference.h"

/* What stands behind "cimd:". Fills r but for its text. */
int cimd_parse(const char *s, Reference *r, char **ret_error);
/* A file URL's path, absolute, into a REFERENCE_FILE; an http or https URL into a REFERENCE_URL. */
int archive_url_parse(const char *url, Reference *r, char **ret_error);
