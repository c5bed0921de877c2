/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The log of what user space has measured since boot, by which the registers of the TPM can be computed
 * again: systemd's, one for all, in the TCG's canonical event log format as JSON (CEL-JSON), each record
 * between an RS and a newline (RFC 7464). */

#include "json.h"
#include "macro.h"
#include "measure-tpm.h"

typedef struct MeasureLog {
        int fd;
        bool incomplete; /* somebody has extended a register and not got to writing it down */
} MeasureLog;

/* Locks it: the order of its records has to be that in which registers are extended. Marks it as incomplete
 * until measure_log_write has returned. Logs. */
int measure_log_open(const char *path, MeasureLog *ret);
void measure_log_close(MeasureLog *l);
#define _cleanup_measure_log_ _cleanup_(measure_log_close)

/* Nothing was extended after all. */
void measure_log_undo(MeasureLog *l);
/* Appends a record. Takes content. Logs. */
int measure_log_write(MeasureLog *l, unsigned pcr, const TpmDigests *digests, json_object *content);
