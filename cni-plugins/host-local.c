/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* host-local for plugins of others; ours have it inside. */

#include "ipam.h"

int main(void) {
        return cni_plugin_main(&ipam_host_local);
}
