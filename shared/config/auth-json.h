/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Docker's config.json and podman's auth.json (containers-auth.json(5)): members "auths", "credHelpers" and
 * "credsStore". */

#include "credential-kinds.h"

typedef struct AuthHelper {
        char *scope;
        char *name; /* of docker-credential-NAME */
} AuthHelper;

typedef struct AuthJson {
        char *path;
        CredentialList list; /* uses are all CREDENTIAL_USE_DOCKER */
        AuthHelper *helpers;
        size_t n_helpers;
        char *store; /* the helper for all other hosts; NULL: none */
} AuthJson;

void auth_json_done(AuthJson *a);

/* -EINVAL with *ret_error, in which there is no secret. */
int auth_json_parse(const char *path, const char *text, size_t size, AuthJson *ret, char **ret_error);
/* Logs; -ENOENT if there is no such file, which is not logged. */
int auth_json_load(const char *path, AuthJson *ret);

/* The files that there may be, in the order in which they are asked: $REGISTRY_AUTH_FILE alone, if that is
 * set (*ret_required); else podman's in $XDG_RUNTIME_DIR/containers (/run/containers/UID without
 * that) and ~/.config/containers, and Docker's in
 * $DOCKER_CONFIG or ~/.docker. A strv. */
char **auth_json_paths(bool *ret_required);

/* The helper for a scope, or NULL. */
const AuthHelper *auth_json_helper(const AuthJson *a, const char *scope);
