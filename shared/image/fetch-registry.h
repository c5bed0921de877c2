/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "fetch.h"
#include "reference.h"

/* An image from a registry: docker:…, docker://…, oci://…. */
int fetch_registry(Store *s, const Reference *reference, const FetchOptions *options, char **ret_id);
