/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "alloc.h"
#include "bridge-config.h"
#include "port-mappings.h"
#include "tuning-config.h"

static void check_failure(const CniCall *c, int r) {
        fuzz_assert(r >= 0 || (c->error.message && c->error.code));
}

static void forget_error(CniCall *c) {
        cni_error_done(&c->error);
        c->error = (CniError){};
}

static void try_bridge(CniCall *c) {
        _cleanup_bridge_config_ BridgeConfig b = {};
        int r = bridge_config_read(c, &b);
        check_failure(c, r);
        if (r < 0)
                return;
        fuzz_assert(*b.name && strlen(b.name) < IFNAMSIZ && !strchr(b.name, '/'));
        fuzz_assert(b.mtu >= 0 && b.vlan >= 0 && b.vlan <= 4094 && !(b.vlan && b.n_trunk));
        for (size_t i = 0; i < b.n_trunk; i++)
                fuzz_assert(b.trunk[i].first > 0 && b.trunk[i].first <= b.trunk[i].last &&
                                b.trunk[i].last <= 4094);
}

static void try_ports(CniCall *c) {
        _cleanup_free_ NatPort *ports = NULL;
        size_t n = 0;
        int r = port_mappings_read(c, &ports, &n);
        check_failure(c, r);
        for (size_t i = 0; r >= 0 && i < n; i++)
                fuzz_assert(ports[i].host_port && ports[i].target_port && ports[i].protocol);
}

/* What is written to lies below /proc/sys/net. */
static int check_sysctl(CniCall *c, const char *path, const char *value, void *data) {
        fuzz_assert(value && strncmp(path, "net/", 4) == 0 && !strstr(path, ".."));
        return 0;
}

static void try_tuning(CniCall *c) {
        TuningConfig t;
        int r = tuning_config_read(c, &t);
        if (r >= 0)
                r = tuning_each_sysctl(c, &t, check_sysctl, NULL);
        check_failure(c, r);
}

/* Standard input of the plugins, from its first byte to what each has its own members for. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static const char *const command[] = { "ADD", "GC" };
        static void (*const plugins[])(CniCall *) = { try_bridge, try_ports, try_tuning };
        for (size_t i = 0; i < ELEMENTSOF(command); i++) {
                CniCall c = { .container_id = "c", .ifname = "eth0", .version = CNI_1_1_0 };
                int r = cni_call_load(&c, command[i], (const char *) data, size);
                check_failure(&c, r);
                for (size_t k = 0; r >= 0 && k < ELEMENTSOF(plugins); k++) {
                        fuzz_assert(*c.network && !strchr(c.network, '/') && c.version < _CNI_VERSION_MAX);
                        plugins[k](&c);
                        forget_error(&c);
                }
                cni_call_done(&c);
        }
        return 0;
}
