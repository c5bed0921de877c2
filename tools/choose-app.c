/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "choose-app.h"

#include "log.h"

const char *choose_app(const PodInfo *i, const char *name) {
        if (name) {
                for (size_t n = 0; n < i->n_apps; n++)
                        if (streq(i->apps[n].app->name, name))
                                return i->apps[n].app->name;
                log_error("pod %s has no app \"%s\"", i->pod->uuid, name);
                return NULL;
        }
        if (i->n_apps == 1)
                return i->apps[0].app->name;
        log_error("pod %s contains several apps; name one with --app:", i->pod->uuid);
        for (size_t n = 0; n < i->n_apps; n++)
                log_info("\t%s", i->apps[n].app->name);
        return NULL;
}
