/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "dhcp-client.h"
#include "strv.h"

/* Of a client that has asked, if the message is an answer to it. */
static void receive(const uint8_t *data, size_t size, const DhcpMessage *m) {
        DhcpClient c = {};
        DhcpPacket p;
        memcpy(c.identity.mac, m->mac, sizeof(m->mac));
        dhcp_client_start(&c, 0);
        dhcp_client_run(&c, 0, &p);
        c.xid = m->xid;
        DhcpEvent event = dhcp_client_receive(&c, 1, data, size, &p);
        if (m->type == DHCP_ACK) {
                c.state = DHCP_STATE_REBINDING;
                event = dhcp_client_receive(&c, 1, data, size, &p);
        }
        fuzz_assert(event != DHCP_EVENT_GOT || (c.has_lease && c.next > c.bound));
        if (c.has_lease)
                dhcp_client_release(&c, &p);
        dhcp_client_done(&c);
}

static void check_words(char *const *l) {
        STRV_FOREACH (s, l)
                fuzz_assert(**s && !(*s)[strcspn(*s, " \t\r\n#;")]);
}

/* The message of a frame, or what is one without it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        size_t n;
        const uint8_t *inner = dhcp_frame_read(data, size, true, &n);
        if (!inner) {
                inner = data;
                n = size;
        }
        uint8_t *copy = xmalloc(n + 1);
        if (n)
                memcpy(copy, inner, n);
        DhcpMessage m;
        if (dhcp_message_parse(copy, n, &m) >= 0) {
                _cleanup_free_ char *why = NULL;
                DhcpLease l = {};
                if (dhcp_lease_from_message(&m, &l, &why) >= 0) {
                        fuzz_assert(l.result.n_ips == 1 && dhcp_lease_address(&l)->length <= 32);
                        fuzz_assert(l.renew_after <= l.rebind_after && l.rebind_after <= l.lifetime);
                        check_words(l.result.dns.search);
                        check_words(l.result.dns.nameservers);
                } else
                        fuzz_assert(why);
                dhcp_lease_done(&l);
                receive(copy, n, &m);
                dhcp_message_done(&m);
        }
        free(copy);
        return 0;
}
