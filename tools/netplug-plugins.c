/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "alloc.h"
#include "build-config.h"
#include "globals.h"
#include "netplug.h"
#include "own.h"

#define OWN_PLUGINS RKT_LIBDIR "/cni"

char **plugin_path(void) {
        return cni_plugin_path(cni_path, globals.local_config);
}

CniMain plugin_inside(const char *program) {
        static const struct {
                const char *program;
                CniMain main;
        } plugins[] = {
                { OWN_PLUGINS "/bridge", cni_bridge },
                { OWN_PLUGINS "/firewall", cni_firewall },
                { OWN_PLUGINS "/portmap", cni_portmap },
                { OWN_PLUGINS "/ptp", cni_ptp },
        };
        for (size_t i = 0; i < ELEMENTSOF(plugins); i++)
                if (streq(program, plugins[i].program))
                        return plugins[i].main;
        return NULL;
}
