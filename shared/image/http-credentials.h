/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "http.h"

/* For HttpClientOptions.credential: what the configuration of this process has for web servers
 * (credentials.h), which is read when the first is asked for. */
int http_configured_credential(const char *host_port, HttpCredential *ret, void *userdata);
