/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "measure.h"

#include "alloc.h"
#include "globals.h"
#include "log.h"
#include "process.h"
#include "strv.h"

#define TPM_DEVICE "/dev/tpmrm0"

/* Where the TPM is, if it is not there; "none": nowhere. */
#define VARIABLE "RKT_TCTI"

void pod_measure(const char *uuid, const char *entrypoint) {
        const char *tcti = getenv(VARIABLE);
        if (tcti ? isempty(tcti) || streq(tcti, "none") : access(TPM_DEVICE, F_OK) < 0)
                return;
        _cleanup_free_ char *path = process_helper("rkt-measure");
        if (access(path, X_OK) < 0) {
                log_debug("%s is not installed: the pod is not measured", path);
                return;
        }
        _cleanup_strv_ char **argv = NULL;
        strv_add(&argv, path);
        if (globals.debug)
                strv_add(&argv, "--debug");
        if (tcti)
                strv_push(&argv, xasprintf("--tcti=%s", tcti));
        strv_push(&argv, xasprintf("--entrypoint=%s", entrypoint));
        strv_add(&argv, uuid);
        int status = process_run(argv, -1);
        if (status < 0)
                log_warning_errno(status, "pod %s is not measured: %s", uuid, path);
        else if (status > 0)
                log_warning("pod %s is not measured: %s ended with status %d", uuid, path, status);
}
