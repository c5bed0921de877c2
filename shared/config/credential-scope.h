/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a credential is for: HOST[:PORT], for registries with /PATH or not. */

#include <stdbool.h>

/* The one form of what people and programs write: without http:// or https://, the /v1/ or /v2/ of registry
 * APIs and a slash at the end, the host in lower case and without :443; with registry, docker.io for its
 * other names. Allocated. */
char *credential_scope(const char *s, bool registry);
/* Whether it is HOST[:PORT] or, with path, HOST[:PORT]/PATH. */
bool credential_scope_is_valid(const char *scope, bool path);
/* Cuts the last part of the path off: a/b/c, a/b, a. False if there is none left. */
bool credential_scope_widen(char *scope);

/* The region of an S3 host such as s3-eu-west-1.amazonaws.com or bucket.s3.eu-west-1.amazonaws.com.
 * Allocated; us-east-1 if it does not say. */
char *aws_region_of_host(const char *host);
