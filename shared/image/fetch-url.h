/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "fetch.h"

/* An archive from an http or https URL. Of several who want it at once, one downloads. What was downloaded
 * before and is still good is not checked again. */
int fetch_url(Store *s, const char *url, const FetchOptions *options, const FetchChecks *checks,
                char **ret_id);
