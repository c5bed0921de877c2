/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "isolator.h"
#include "volume.h"

static void try_volume(const char *s) {
        _cleanup_volume_ Volume v = {}, again = {};
        _cleanup_free_ char *error = NULL;
        if (volume_from_option(s, &v, &error) < 0) {
                fuzz_assert(error);
                return;
        }
        _cleanup_free_ char *first = volume_to_option(&v);
        fuzz_assert(volume_from_option(first, &again, NULL) >= 0);
        _cleanup_free_ char *second = volume_to_option(&again);
        fuzz_assert(streq(first, second));
}

static void try_port(const char *s) {
        _cleanup_exposed_port_ ExposedPort p = {}, again = {};
        _cleanup_free_ char *error = NULL;
        if (exposed_port_from_option(s, &p, &error) < 0) {
                fuzz_assert(error);
                return;
        }
        _cleanup_free_ char *text = exposed_port_to_option(&p);
        fuzz_assert(exposed_port_from_option(text, &again, NULL) >= 0);
        fuzz_assert(again.host_port == p.host_port && streq_ptr(again.host_ip, p.host_ip));
}

static void try_sandbox_port(const char *s) {
        _cleanup_exposed_port_ ExposedPort p = {};
        _cleanup_free_ char *error = NULL;
        int r = exposed_port_from_sandbox_option(s, &p, &error);
        fuzz_assert(r < 0 ? error != NULL : p.pod_port && p.pod_port->port > 0 && p.host_port > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *s = fuzz_string(data, size), *seccomp_error = NULL;
        try_volume(s);
        try_port(s);
        try_sandbox_port(s);

        _cleanup_mount_ Mount m = {}, own = {};
        mount_from_option(s, &m, NULL);
        mount_volume_from_option(s, &own, NULL);
        fuzz_assert(!own.path || own.app_volume);

        _cleanup_isolators_ IsolatorList l = {};
        fuzz_assert(isolators_set_seccomp(&l, s, &seccomp_error) >= 0 || (seccomp_error && l.n == 0));
        return 0;
}
