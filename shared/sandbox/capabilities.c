/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "capabilities.h"

#include <errno.h>
#include <sys/capability.h>
#include <sys/prctl.h>

#include "alloc.h"
#include "strv.h"

#define BIT(capability) (UINT64_C(1) << (capability))

const uint64_t capabilities_default = BIT(CAP_AUDIT_WRITE) | BIT(CAP_CHOWN) | BIT(CAP_DAC_OVERRIDE) |
                                      BIT(CAP_FSETID) | BIT(CAP_FOWNER) | BIT(CAP_KILL) | BIT(CAP_MKNOD) |
                                      BIT(CAP_NET_RAW) | BIT(CAP_NET_BIND_SERVICE) | BIT(CAP_SETUID) |
                                      BIT(CAP_SETGID) | BIT(CAP_SETPCAP) | BIT(CAP_SETFCAP) |
                                      BIT(CAP_SYS_CHROOT);

static inline void cap_freep(cap_t *c) {
        if (*c)
                cap_free(*c);
}

uint64_t capabilities_of_manager(bool own_network) {
        uint64_t set = BIT(CAP_AUDIT_CONTROL) | BIT(CAP_AUDIT_WRITE) | BIT(CAP_CHOWN) |
                       BIT(CAP_DAC_OVERRIDE) | BIT(CAP_DAC_READ_SEARCH) | BIT(CAP_FOWNER) | BIT(CAP_FSETID) |
                       BIT(CAP_IPC_OWNER) | BIT(CAP_KILL) | BIT(CAP_LEASE) | BIT(CAP_LINUX_IMMUTABLE) |
                       BIT(CAP_MKNOD) | BIT(CAP_NET_BIND_SERVICE) | BIT(CAP_NET_BROADCAST) |
                       BIT(CAP_NET_RAW) | BIT(CAP_SETFCAP) | BIT(CAP_SETGID) | BIT(CAP_SETPCAP) |
                       BIT(CAP_SETUID) | BIT(CAP_SYS_ADMIN) | BIT(CAP_SYS_BOOT) | BIT(CAP_SYS_CHROOT) |
                       BIT(CAP_SYS_NICE) | BIT(CAP_SYS_PTRACE) | BIT(CAP_SYS_RESOURCE) |
                       BIT(CAP_SYS_TTY_CONFIG);
        return set | (own_network ? BIT(CAP_NET_ADMIN) : 0);
}

uint64_t capabilities_all(void) {
        int n = cap_max_bits();
        return n >= 64 ? UINT64_MAX : BIT(n) - 1;
}

int capabilities_from_names(char *const *names, uint64_t *ret, const char **ret_unknown) {
        uint64_t set = 0;
        STRV_FOREACH (name, names) {
                cap_value_t value;
                if (cap_from_name(*name, &value) < 0) {
                        *ret_unknown = *name;
                        return -EINVAL;
                }
                set |= BIT(value);
        }
        *ret = set;
        return 0;
}

char **capabilities_to_names(uint64_t set) {
        char **names = strv_copy(NULL);
        for (int i = 0; i < 64; i++) {
                if (!(set & BIT(i)))
                        continue;
                char *name = cap_to_name(i);
                char *upper = xstrdup(name ? name : "");
                for (char *p = upper; *p; p++)
                        if (*p >= 'a' && *p <= 'z')
                                *p -= 'a' - 'A';
                strv_push(&names, upper);
                cap_free(name);
        }
        return names;
}

static int clear_flag(cap_flag_t flag) {
        _cleanup_(cap_freep) cap_t caps = cap_get_proc();
        if (!caps || cap_clear_flag(caps, flag) < 0 || cap_set_proc(caps) < 0)
                return -errno;
        return 0;
}

int capabilities_limit(uint64_t keep) {
        int last = cap_max_bits();
        for (int i = 0; i < last; i++)
                if (!(keep & BIT(i)) && prctl(PR_CAPBSET_DROP, i, 0, 0, 0) < 0)
                        return -errno;
        /* what is inheritable would come back through files with inheritable capabilities */
        if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
                return -errno;
        return clear_flag(CAP_INHERITABLE);
}

int capabilities_set_effective(uint64_t set) {
        _cleanup_(cap_freep) cap_t caps = cap_get_proc();
        if (!caps || cap_clear_flag(caps, CAP_EFFECTIVE) < 0)
                return -errno;
        for (int i = 0; i < cap_max_bits(); i++) {
                cap_value_t value = i;
                cap_flag_value_t permitted = CAP_CLEAR;
                if (!(set & BIT(i)) || cap_get_flag(caps, value, CAP_PERMITTED, &permitted) < 0 ||
                                permitted == CAP_CLEAR)
                        continue; /* the host's root may lack some */
                if (cap_set_flag(caps, CAP_EFFECTIVE, 1, &value, CAP_SET) < 0)
                        return -errno;
        }
        return cap_set_proc(caps) < 0 ? -errno : 0;
}

int capabilities_set_ambient(uint64_t set) {
        _cleanup_(cap_freep) cap_t caps = cap_get_proc();
        if (!caps)
                return -errno;
        for (int i = 0; i < cap_max_bits(); i++) {
                cap_value_t value = i;
                if ((set & BIT(i)) && cap_set_flag(caps, CAP_INHERITABLE, 1, &value, CAP_SET) < 0)
                        return -errno;
        }
        if (cap_set_proc(caps) < 0)
                return -errno;
        for (int i = 0; i < cap_max_bits(); i++)
                if ((set & BIT(i)) && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0) < 0)
                        return -errno;
        return 0;
}
