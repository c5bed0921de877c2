/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <string.h>

#include "alloc.h"
#include "dhcp-client.h"
#include "duration.h"

#define SECOND NSEC_PER_SEC

/* A server's message, put together from the client's. */
typedef struct Reply {
        uint8_t bytes[DHCP_MESSAGE_MAX];
        size_t size;
} Reply;

static void put(Reply *r, uint8_t code, const void *data, size_t size) {
        r->bytes[r->size++] = code;
        r->bytes[r->size++] = size;
        memcpy(r->bytes + r->size, data, size);
        r->size += size;
}

static void begin(Reply *r, const DhcpPacket *asked, uint8_t type) {
        *r = (Reply){ .size = 240 };
        memcpy(r->bytes, asked->message.bytes, 240);
        r->bytes[0] = 2;
        memcpy(r->bytes + 16, "\x0a\x01\x00\x07", 4);
        put(r, DHCP_OPTION_MESSAGE_TYPE, &type, 1);
        put(r, DHCP_OPTION_SERVER, "\x0a\x01\x00\x01", 4);
}

static void put_lease(Reply *r, uint32_t seconds) {
        uint8_t time[] = { seconds >> 24, seconds >> 16, seconds >> 8, seconds };
        put(r, DHCP_OPTION_LEASE_TIME, time, 4);
        put(r, DHCP_OPTION_SUBNET_MASK, "\xff\xff\xff\x00", 4);
        put(r, DHCP_OPTION_ROUTER, "\x0a\x01\x00\xfe", 4);
}

static Reply reply(const DhcpPacket *asked, uint8_t type, uint32_t seconds) {
        Reply r;
        begin(&r, asked, type);
        put_lease(&r, seconds);
        r.bytes[r.size++] = DHCP_OPTION_END;
        return r;
}

static uint8_t type_of(const DhcpPacket *p) {
        return p->message.bytes[242];
}

static DhcpClient client(void) {
        DhcpClient c = {};
        memcpy(c.identity.mac, "\x02\x00\x00\x00\x00\x01", DHCP_MAC_SIZE);
        dhcp_identity_provide(&c.identity, DHCP_OPTION_CLIENT_ID, "\0me", 3);
        return c;
}

/* Bound at now, for so many seconds. */
static void bind_client(DhcpClient *c, uint64_t now, uint32_t seconds) {
        DhcpPacket p;
        dhcp_client_start(c, now);
        assert_int_equal(dhcp_client_run(c, now, &p), DHCP_EVENT_SEND);
        assert_int_equal(type_of(&p), DHCP_DISCOVER);
        Reply r = reply(&p, DHCP_OFFER, seconds);
        assert_int_equal(dhcp_client_receive(c, now, r.bytes, r.size, &p), DHCP_EVENT_SEND);
        assert_int_equal(type_of(&p), DHCP_REQUEST);
        r = reply(&p, DHCP_ACK, seconds);
        assert_int_equal(dhcp_client_receive(c, now, r.bytes, r.size, &p), DHCP_EVENT_GOT);
        assert_true(c->has_lease);
}

static void a_lease_is_found_asked_for_and_given(void **state) {
        DhcpClient c = client();
        char text[IP_PREFIX_TEXT_MAX];
        bind_client(&c, 100 * SECOND, 1000);
        assert_string_equal(ip_prefix_format(dhcp_lease_address(&c.lease), text), "10.1.0.7/24");
        assert_int_equal(c.next, 600 * SECOND);
        assert_int_equal(c.lease.result.n_routes, 1);
        dhcp_client_done(&c);
}

static void who_hears_nothing_asks_again_and_ever_more_rarely(void **state) {
        DhcpClient c = client();
        DhcpPacket p;
        uint64_t now = 5 * SECOND, before = 0;
        c.delay_max = 20 * SECOND;
        dhcp_client_start(&c, now);
        for (int i = 0; i < 10; i++) {
                assert_int_equal(dhcp_client_run(&c, now, &p), DHCP_EVENT_SEND);
                assert_int_equal(dhcp_client_run(&c, now, &p), DHCP_EVENT_NONE);
                assert_true(c.next >= now + MIN(before, 20 * SECOND) && c.next < now + 21 * SECOND);
                before = c.next - now - SECOND;
                now = c.next;
        }
        assert_false(p.path.destination.family);
        dhcp_client_done(&c);
}

static void renewal_goes_to_the_server_rebinding_to_all_and_then_the_lease_is_lost(void **state) {
        DhcpClient c = client();
        DhcpPacket p;
        char text[IP_TEXT_MAX];
        bind_client(&c, 0, 1000);
        assert_int_equal(dhcp_client_run(&c, 499 * SECOND, &p), DHCP_EVENT_NONE);
        assert_int_equal(dhcp_client_run(&c, 500 * SECOND, &p), DHCP_EVENT_SEND);
        assert_int_equal(c.state, DHCP_STATE_RENEWING);
        assert_string_equal(ip_format(&p.path.destination, text), "10.1.0.1");
        assert_string_equal(ip_format(&p.path.source, text), "10.1.0.7");
        assert_memory_equal(p.message.bytes + 12, "\x0a\x01\x00\x07", 4); /* ciaddr */
        /* half of what is left until rebinding at 875 */
        assert_int_equal(c.next, 687 * SECOND + SECOND / 2);
        assert_int_equal(dhcp_client_run(&c, 875 * SECOND, &p), DHCP_EVENT_SEND);
        assert_int_equal(c.state, DHCP_STATE_REBINDING);
        assert_false(p.path.destination.family);
        assert_true(c.has_lease);
        assert_int_equal(dhcp_client_run(&c, 1000 * SECOND, &p), DHCP_EVENT_LOST);
        assert_false(c.has_lease);
        assert_int_equal(dhcp_client_run(&c, 1000 * SECOND, &p), DHCP_EVENT_SEND);
        assert_int_equal(type_of(&p), DHCP_DISCOVER);
        /* it asks for what it had */
        assert_non_null(memmem(p.message.bytes + 240, p.message.size - 240, "\x32\x04\x0a\x01\x00\x07", 6));
        dhcp_client_done(&c);
}

static void a_renewed_lease_begins_when_it_was_asked_for(void **state) {
        DhcpClient c = client();
        DhcpPacket p;
        bind_client(&c, 0, 1000);
        assert_int_equal(dhcp_client_run(&c, 500 * SECOND, &p), DHCP_EVENT_SEND);
        Reply r = reply(&p, DHCP_ACK, 1000);
        assert_int_equal(dhcp_client_receive(&c, 510 * SECOND, r.bytes, r.size, &p), DHCP_EVENT_GOT);
        assert_int_equal(c.state, DHCP_STATE_BOUND);
        assert_int_equal(c.next, 1000 * SECOND);
        dhcp_client_done(&c);
}

static void who_is_refused_looks_again_but_only_the_server_that_was_asked_may(void **state) {
        DhcpClient c = client();
        DhcpPacket p;
        bind_client(&c, 0, 1000);
        dhcp_client_run(&c, 500 * SECOND, &p);
        Reply r = reply(&p, DHCP_NAK, 1000);
        r.bytes[248] = 2; /* another server */
        assert_int_equal(dhcp_client_receive(&c, 501 * SECOND, r.bytes, r.size, &p), DHCP_EVENT_NONE);
        r.bytes[248] = 1;
        assert_int_equal(dhcp_client_receive(&c, 501 * SECOND, r.bytes, r.size, &p), DHCP_EVENT_LOST);
        assert_int_equal(c.state, DHCP_STATE_SELECTING);
        dhcp_client_done(&c);
}

static void one_that_offers_and_refuses_does_not_keep_it_busy(void **state) {
        DhcpClient c = client();
        DhcpPacket p;
        dhcp_client_start(&c, 0);
        dhcp_client_run(&c, 0, &p);
        Reply r = reply(&p, DHCP_OFFER, 10);
        dhcp_client_receive(&c, 0, r.bytes, r.size, &p);
        r = reply(&p, DHCP_NAK, 10);
        assert_int_equal(dhcp_client_receive(&c, 0, r.bytes, r.size, &p), DHCP_EVENT_NONE);
        assert_true(c.next >= SECOND);
        dhcp_client_done(&c);
}

static void an_offer_that_nobody_acknowledges_is_given_up(void **state) {
        DhcpClient c = client();
        DhcpPacket p;
        dhcp_client_start(&c, 0);
        dhcp_client_run(&c, 0, &p);
        Reply r = reply(&p, DHCP_OFFER, 10);
        dhcp_client_receive(&c, 0, r.bytes, r.size, &p);
        for (int i = 0; i < 10 && type_of(&p) == DHCP_REQUEST; i++)
                assert_int_equal(dhcp_client_run(&c, c.next, &p), DHCP_EVENT_SEND);
        assert_int_equal(type_of(&p), DHCP_DISCOVER);
        dhcp_client_done(&c);
}

static void what_is_for_others_is_ignored(void **state) {
        DhcpClient c = client();
        DhcpPacket p;
        dhcp_client_start(&c, 0);
        dhcp_client_run(&c, 0, &p);
        Reply r = reply(&p, DHCP_OFFER, 10);
        r.bytes[4] ^= 1; /* xid */
        assert_int_equal(dhcp_client_receive(&c, 0, r.bytes, r.size, &p), DHCP_EVENT_NONE);
        r.bytes[4] ^= 1;
        r.bytes[28] ^= 4; /* MAC */
        assert_int_equal(dhcp_client_receive(&c, 0, r.bytes, r.size, &p), DHCP_EVENT_NONE);
        r.bytes[28] ^= 4;
        r.bytes[242] = DHCP_ACK; /* nobody has asked for it */
        assert_int_equal(dhcp_client_receive(&c, 0, r.bytes, r.size, &p), DHCP_EVENT_NONE);
        begin(&r, &p, DHCP_OFFER); /* and no offer without a lease in it */
        assert_int_equal(dhcp_client_receive(&c, 0, r.bytes, r.size, &p), DHCP_EVENT_NONE);
        dhcp_client_done(&c);
}

static void a_lease_is_gone_on_with_by_another_client(void **state) {
        DhcpClient c = client(), next = client();
        DhcpPacket p;
        bind_client(&c, 7 * SECOND, 1000);
        assert_int_equal(dhcp_client_resume(&next, c.ack, c.ack_size, c.bound), 0);
        assert_int_equal(next.next, c.next);
        assert_int_equal(dhcp_client_run(&next, 5000 * SECOND, &p), DHCP_EVENT_LOST);
        assert_true(dhcp_client_resume(&next, c.ack, 100, c.bound) < 0);
        dhcp_client_done(&c);
        dhcp_client_done(&next);
}

static void a_lease_for_ever_needs_nothing(void **state) {
        DhcpClient c = client();
        bind_client(&c, 0, DHCP_FOREVER);
        assert_true(c.next == DHCP_NEVER);
        dhcp_client_done(&c);
}

static DhcpLease lease(const Reply *r) {
        _cleanup_dhcp_message_ DhcpMessage m = {};
        _cleanup_free_ char *why = NULL;
        DhcpLease l = {};
        assert_int_equal(dhcp_message_parse(r->bytes, r->size, &m), 0);
        if (dhcp_lease_from_message(&m, &l, &why) < 0)
                fail_msg("%s", why);
        return l;
}

static Reply begin_lease(void) {
        DhcpPacket p;
        DhcpClient c = client();
        Reply r;
        dhcp_client_start(&c, 0);
        dhcp_client_run(&c, 0, &p);
        begin(&r, &p, DHCP_ACK);
        put_lease(&r, 100);
        return r;
}

static void assert_route(const DhcpLease *l, size_t i, const char *to, const char *gateway) {
        char text[IP_PREFIX_TEXT_MAX];
        assert_true(i < l->result.n_routes);
        assert_string_equal(ip_prefix_format(&l->result.routes[i].destination, text), to);
        assert_string_equal(ip_format(&l->result.routes[i].gateway, text), gateway);
}

static void routes_of_classes_stand_beside_the_router_and_classless_ones_alone(void **state) {
        Reply r = begin_lease();
        put(&r, DHCP_OPTION_STATIC_ROUTE,
                        "\xc0\xa8\x05\x00\x0a\x01\x00\x02"
                        "\xc0\xa8\x05\x01\x0a\x01\x00\x03",
                        16);
        _cleanup_dhcp_lease_ DhcpLease l = lease(&r);
        assert_int_equal(l.result.n_routes, 3);
        assert_route(&l, 0, "192.168.5.0/24", "10.1.0.2");
        assert_route(&l, 1, "192.168.5.1/32", "10.1.0.3");
        assert_route(&l, 2, "0.0.0.0/0", "10.1.0.254");
        /* host bits do not count; in two parts (RFC 3396) */
        put(&r, DHCP_OPTION_CLASSLESS_ROUTE, "\x16\x0a\x02\xff\x0a\x01", 6);
        put(&r, DHCP_OPTION_CLASSLESS_ROUTE, "\x00\x02\x00\x00\x00\x00\x00", 7);
        _cleanup_dhcp_lease_ DhcpLease classless = lease(&r);
        assert_int_equal(classless.result.n_routes, 2);
        assert_route(&classless, 0, "10.2.252.0/22", "10.1.0.2");
        assert_route(&classless, 1, "0.0.0.0/0", "");
}

static void a_search_list_may_be_compressed_and_names_are_harmless(void **state) {
        Reply r = begin_lease();
        put(&r, DHCP_OPTION_DOMAIN_SEARCH,
                        "\x01"
                        "a\x07"
                        "example\x00\x01"
                        "b\xc0\x02\x03"
                        "x y\x00",
                        20);
        put(&r, DHCP_OPTION_DOMAIN_NAME, "a\nnameserver 10.9.9.9", 21);
        put(&r, DHCP_OPTION_NAME_SERVER, "\x0a\x01\x00\x01\x00\x00\x00\x00\x0a\x01\x00\x02", 12);
        put(&r, DHCP_OPTION_MTU, "\x00\x44", 2);
        _cleanup_dhcp_lease_ DhcpLease l = lease(&r);
        assert_string_equal(l.result.dns.search[0], "a.example");
        assert_string_equal(l.result.dns.search[1], "b.example");
        assert_null(l.result.dns.search[2]);
        assert_null(l.result.dns.domain);
        assert_string_equal(l.result.dns.nameservers[1], "10.1.0.2");
        assert_int_equal(l.mtu, 0);
}

static void options_may_lie_in_the_fields_of_names(void **state) {
        Reply r = begin_lease();
        put(&r, DHCP_OPTION_OVERLOAD, "\x03", 1);
        memcpy(r.bytes + 108, "\x06\x04\x0a\x01\x00\x09\xff", 7);
        memcpy(r.bytes + 44, "\x0f\x02xy\xff", 5);
        _cleanup_dhcp_lease_ DhcpLease l = lease(&r);
        assert_string_equal(l.result.dns.nameservers[0], "10.1.0.9");
        assert_string_equal(l.result.dns.domain, "xy");
}

static void a_frame_is_read_as_it_was_written_and_a_damaged_one_not(void **state) {
        uint8_t frame[DHCP_FRAME_MAX];
        DhcpPath path = {};
        size_t size;
        size_t n = dhcp_frame_write(&path, "words of odd size", 17, frame);
        assert_null(dhcp_frame_read(frame, n, false, &size)); /* for servers */
        frame[23] = DHCP_CLIENT_PORT;
        frame[21] = DHCP_SERVER_PORT; /* the sum stays the same */
        const uint8_t *found = dhcp_frame_read(frame, n, false, &size);
        assert_non_null(found);
        assert_int_equal(size, 17);
        assert_memory_equal(found, "words of odd size", 17);
        frame[40] ^= 1;
        assert_null(dhcp_frame_read(frame, n, false, &size));
        assert_non_null(dhcp_frame_read(frame, n, true, &size));
        for (size_t i = 0; i < n; i++)
                assert_null(dhcp_frame_read(frame, i, true, &size));
        frame[9] = 6;
        assert_null(dhcp_frame_read(frame, n, true, &size));
}

static void an_option_provided_twice_is_the_last(void **state) {
        DhcpIdentity id = {};
        char big[255] = "";
        assert_int_equal(dhcp_identity_provide(&id, 12, "one", 3), 0);
        assert_int_equal(dhcp_identity_provide(&id, 60, "two", 3), 0);
        assert_int_equal(dhcp_identity_provide(&id, 12, "three", 5), 0);
        assert_int_equal(id.options_size, 12);
        assert_memory_equal(id.options, "\x3c\x03two\x0c\x05three", 12);
        for (int i = 100; i < 103; i++)
                assert_int_equal(dhcp_identity_provide(&id, i, big, 255), 0);
        assert_true(dhcp_identity_provide(&id, 103, big, 255) < 0);
        assert_int_equal(dhcp_identity_provide(&id, 102, big, 255), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_lease_is_found_asked_for_and_given),
                cmocka_unit_test(who_hears_nothing_asks_again_and_ever_more_rarely),
                cmocka_unit_test(renewal_goes_to_the_server_rebinding_to_all_and_then_the_lease_is_lost),
                cmocka_unit_test(a_renewed_lease_begins_when_it_was_asked_for),
                cmocka_unit_test(who_is_refused_looks_again_but_only_the_server_that_was_asked_may),
                cmocka_unit_test(one_that_offers_and_refuses_does_not_keep_it_busy),
                cmocka_unit_test(an_offer_that_nobody_acknowledges_is_given_up),
                cmocka_unit_test(what_is_for_others_is_ignored),
                cmocka_unit_test(a_lease_is_gone_on_with_by_another_client),
                cmocka_unit_test(a_lease_for_ever_needs_nothing),
                cmocka_unit_test(routes_of_classes_stand_beside_the_router_and_classless_ones_alone),
                cmocka_unit_test(a_search_list_may_be_compressed_and_names_are_harmless),
                cmocka_unit_test(options_may_lie_in_the_fields_of_names),
                cmocka_unit_test(a_frame_is_read_as_it_was_written_and_a_damaged_one_not),
                cmocka_unit_test(an_option_provided_twice_is_the_last),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
