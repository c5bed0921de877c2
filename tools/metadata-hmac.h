/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Signatures of pods: HMAC (RFC 2104) with SHA-512, over the 16 bytes of the pod's UUID and the content. */

#include <stddef.h>

#include "metadata-state.h"

/* In base64, allocated. */
char *metadata_sign(const unsigned char key[static METADATA_KEY_SIZE], const char *uuid, const void *content,
                size_t size);
/* 1 if it is the pod's signature of the content, 0 if it is not, -EINVAL if it is no base64. */
int metadata_verify(const unsigned char key[static METADATA_KEY_SIZE], const char *uuid, const void *content,
                size_t size, const char *signature);
