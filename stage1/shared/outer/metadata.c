/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "metadata.h"

#include "build-config.h"
#include "execution.h"
#include "helper.h"
#include "log.h"
#include "metadata-url.h"
#include "pod-files.h"

#define PROGRAM RKT_LIBDIR "/rkt-metadata-register"

struct Metadata {
        RunOptions options;
        Plan *plan;
        int pod, stage1;
        Helper helper;
};

Metadata *metadata_new(const RunOptions *o, Plan *plan, int pod, int stage1) {
        if (!o->metadata_token)
                return NULL;
        Metadata *m = xnew(Metadata, 1);
        *m = (Metadata){ .options = *o, .plan = plan, .pod = pod, .stage1 = stage1 };
        return m;
}

const char *metadata_settle(Metadata *m, const char *host) {
        if (!host) {
                log_warning("no network of the pod has an address of this host for a gateway: its apps have "
                            "no AC_METADATA_URL");
                return NULL;
        }
        const char *url = m->options.plan.metadata_url = metadata_url(host, m->options.metadata_token);
        for (size_t i = 0; i < m->plan->n_apps; i++)
                execution_set_variable(&m->plan->apps[i].environment, "AC_METADATA_URL", url);
        return pod_files_write(m->plan, &m->options, m->pod, m->stage1) < 0 ? NULL : url;
}

void metadata_leave(Metadata *m) {
        char *argv[] = { (char *) PROGRAM, (char *) "--remove", (char *) m->options.plan.uuid, NULL };
        helper_start_silent(&m->helper, argv);
}

void metadata_done(Metadata *m) {
        helper_wait(&m->helper);
}
