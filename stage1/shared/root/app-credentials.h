/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the unit has been given by LoadCredential= and its like (systemd.exec(5)), for the apps: a file
 * system in memory for each, whose files the app's user and nobody else can read. */

#include <stdbool.h>
#include <sys/types.h>

#define CREDENTIALS_PATH "/run/credentials" /* in the app's root */

/* Whether the unit has any. */
bool credentials_given(void);

/* A detached mount with copies that belong to owner. While the host's files can be reached; -errno. */
int credentials_copy(uid_t owner);

/* Gives them to the app's user, and makes the mount read-only. */
int credentials_give(int mount, uid_t uid, gid_t gid);
