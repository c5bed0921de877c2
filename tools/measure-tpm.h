/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The TPM 2.0, through libtss2, which is loaded when it is needed: a host without it runs pods all the same.
 */

#include <stddef.h>
#include <stdint.h>

#include "macro.h"

typedef struct Tpm Tpm;

#define TPM_DIGESTS_MAX 16

/* What a register was extended with, in each bank. */
typedef struct TpmDigests {
        struct {
                const char *algorithm; /* "sha256" */
                uint8_t bytes[64];
                unsigned size;
        } items[TPM_DIGESTS_MAX];
        size_t n;
} TpmDigests;

/* tcti: how to reach it, as tss2-tctildr(7) names it: "device:/dev/tpmrm0". -EOPNOTSUPP: libtss2 is not
 * installed. Logs anything else. */
int tpm_open(const char *tcti, Tpm **ret);
void tpm_close(Tpm *t);
DEFINE_CLEANUP(Tpm *, tpm_close)
#define _cleanup_tpm_ _cleanup_(tpm_closep)

/* Extends the register with the digests of data, in every bank that has it. Logs. */
int tpm_extend(Tpm *t, unsigned pcr, const void *data, size_t size, TpmDigests *ret);
