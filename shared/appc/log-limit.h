/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How much of what apps say is kept. */

#include <stdint.h>

/* Of apps, "LINES/DURATION": no more lines than that in such a time go to the pod's journal. */
#define APP_LOG_RATE_ANNOTATION "coreos.com/rkt/stage2/log-rate"
/* Of pods: bytes that the pod's journal takes at most, a quantity such as 16Mi. */
#define POD_LOG_SIZE_ANNOTATION "coreos.com/rkt/stage1/log-size"

#define POD_LOG_SIZE_MIN (UINT64_C(1) << 20) /* journald's own */

/* -EINVAL with *ret_error (allocated). */
int log_rate_parse(const char *value, uint64_t *ret_lines, uint64_t *ret_ms, char **ret_error);
int log_size_parse(const char *value, uint64_t *ret_bytes, char **ret_error);
