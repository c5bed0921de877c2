/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* On a host with a TPM, has rkt-measure(8) measure what is about to run. entrypoint is the stage1's program;
 * the working directory is the pod's. A failure is a warning: what decides over a host is whoever trusts its
 * registers, not the host. */
void pod_measure(const char *uuid, const char *entrypoint);
