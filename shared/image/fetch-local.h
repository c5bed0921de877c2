/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "fetch.h"
#include "reference.h"

/* An image from an OCI layout, an archive of one, or an archive of docker save. Logs failures. */
int fetch_local(Store *s, const Reference *reference, const FetchOptions *options, char **ret_id);
