/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "masquerade.h"

/* Until there is a module for NAT, who asks for it is told so rather than left without. */
int masquerade_add(CniCall *c, const CniResult *result) {
        return cni_fail(c, CNI_UNSUPPORTED_FIELD, "ipMasq: masquerading is not there in this build");
}

int masquerade_del(CniCall *c, const IpPrefix *addresses, size_t n) {
        return 0;
}

int masquerade_gc(CniCall *c) {
        return 0;
}
