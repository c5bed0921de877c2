/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The socket on which pods are registered, by root. */

#include "metadata-http.h"

/* The state's descriptor is borrowed by the service. */
void metadata_registration_init(HttpService *ret, int *state);
