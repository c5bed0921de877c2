/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>

#include "nat.h"

/* Each test runs with both backends, in a network namespace of its own. */
static NatBackend backend;

static int new_network(void **state) {
        return unshare(CLONE_NEWNET);
}

/* Each call has one of its own, freed by the next. */
static char *error;

static char **new_error(void) {
        free(error);
        error = NULL;
        return &error;
}

static IpPrefix prefix(const char *text) {
        IpPrefix p;
        assert_int_equal(ip_prefix_parse(text, &p), 0);
        return p;
}

static IpAddress address(const char *text) {
        IpAddress a;
        assert_int_equal(ip_parse(text, &a), 0);
        return a;
}

static const NatOwner alice = { "blue", "11111111-0000-4000-8000-000000000001" };
static const NatOwner bob = { "blue", "22222222-0000-4000-8000-000000000002" };
static const NatOwner pod = { NULL, "33333333-0000-4000-8000-000000000003" };

static void what_was_added_is_there_until_it_is_removed(void **state) {
        const IpPrefix a[] = { prefix("10.1.0.5/16"), prefix("fd00:1::5/64"), prefix("10.9.0.1/32") };
        const IpPrefix b[] = { prefix("10.1.0.6/16") };
        assert_int_equal(nat_masquerade_check(backend, &alice, a, 3, new_error()), -ENOENT);
        assert_int_equal(nat_masquerade_add(backend, &alice, a, 3, new_error()), 0);
        assert_int_equal(nat_masquerade_add(backend, &bob, b, 1, new_error()), 0);
        assert_int_equal(nat_masquerade_check(backend, &alice, a, 3, new_error()), 0);
        assert_int_equal(nat_masquerade_check(backend, &bob, b, 1, new_error()), 0);
        assert_int_equal(nat_masquerade_remove(&alice, new_error()), 0);
        assert_int_equal(nat_masquerade_check(backend, &alice, a, 3, new_error()), -ENOENT);
        assert_int_equal(nat_masquerade_check(backend, &bob, b, 1, new_error()), 0);
        assert_int_equal(nat_masquerade_remove(&alice, new_error()), 0);
}

static void adding_again_replaces_what_was_there(void **state) {
        const IpPrefix before[] = { prefix("10.1.0.5/16"), prefix("10.2.0.5/16") },
                       after[] = { prefix("10.1.0.5/16") };
        assert_int_equal(nat_masquerade_add(backend, &alice, before, 2, new_error()), 0);
        assert_int_equal(nat_masquerade_add(backend, &alice, after, 1, new_error()), 0);
        assert_int_equal(nat_masquerade_check(backend, &alice, after, 1, new_error()), 0);
        assert_int_equal(nat_masquerade_check(backend, &alice, before, 2, new_error()), -ENOENT);
}

static void a_port_belongs_to_one_owner(void **state) {
        const IpPrefix a[] = { prefix("10.1.0.5/16"), prefix("fd00:1::5/64") },
                       b[] = { prefix("10.1.0.6/16") };
        const NatPort web[] = { { .protocol = IPPROTO_TCP, .host_port = 80, .target_port = 8080 },
                { .protocol = IPPROTO_UDP, .host_port = 53, .target_port = 53 },
                { .protocol = IPPROTO_SCTP, .host_port = 9, .target_port = 9 },
                { .protocol = IPPROTO_TCP,
                                .host = address("192.0.2.1"),
                                .host_port = 443,
                                .target_port = 443 },
                { .protocol = IPPROTO_TCP,
                                .host = address("2001:db8::1"),
                                .host_port = 443,
                                .target_port = 444 } };
        const NatPorts first = { a, 2, web, ELEMENTSOF(web), .hairpin = NAT_HAIRPIN_NEIGHBOURS };
        assert_int_equal(nat_ports_add(backend, &pod, &first, new_error()), 0);
        assert_int_equal(nat_ports_check(backend, &pod, &first, new_error()), 0);

        for (size_t i = 0; i < 4; i++) {
                const NatPorts same = { b, 1, &web[i], 1, .hairpin = NAT_HAIRPIN_NEIGHBOURS };
                assert_int_equal(nat_ports_add(backend, &bob, &same, new_error()), -EADDRINUSE);
                assert_non_null(strstr(error, pod.container)); /* who has it */
                assert_int_equal(nat_ports_check(backend, &bob, &same, new_error()), -ENOENT);
        }
        const NatPort other[] = { { .protocol = IPPROTO_UDP, .host_port = 80, .target_port = 80 },
                { .protocol = IPPROTO_TCP,
                                .host = address("192.0.2.2"),
                                .host_port = 443,
                                .target_port = 443 } };
        const NatPorts second = { b, 1, other, 2, .hairpin = NAT_HAIRPIN_NONE };
        assert_int_equal(nat_ports_add(backend, &bob, &second, new_error()), 0);
        assert_int_equal(nat_ports_check(backend, &pod, &first, new_error()), 0);

        assert_int_equal(nat_ports_remove(&pod, new_error()), 0);
        assert_int_equal(nat_ports_check(backend, &pod, &first, new_error()), -ENOENT);
        assert_int_equal(nat_ports_check(backend, &bob, &second, new_error()), 0);
        const NatPorts now_free = { b, 1, web, 2, .hairpin = NAT_HAIRPIN_NEIGHBOURS };
        assert_int_equal(nat_ports_add(backend, &bob, &now_free, new_error()), 0);
}

static void a_port_of_any_address_may_be_of_one_family_and_all_who_come_masqueraded(void **state) {
        const IpPrefix a[] = { prefix("10.1.0.5/16"), prefix("fd00:1::5/64") };
        const NatPort four = {
                .protocol = IPPROTO_TCP, .host = address("0.0.0.0"), .host_port = 80, .target_port = 8080
        };
        const NatPort six = {
                .protocol = IPPROTO_TCP, .host = address("::"), .host_port = 80, .target_port = 8080
        };
        const NatPorts first = { a, 2, &four, 1, NAT_HAIRPIN_ALL },
                       second = { a, 2, &six, 1, NAT_HAIRPIN_ALL };
        assert_int_equal(nat_ports_add(backend, &alice, &first, new_error()), 0);
        assert_int_equal(nat_ports_check(backend, &alice, &first, new_error()), 0);
        assert_int_equal(nat_ports_add(backend, &bob, &second, new_error()), 0);
        assert_int_equal(nat_ports_check(backend, &bob, &second, new_error()), 0);
        assert_int_equal(nat_ports_check(backend, &alice, &first, new_error()), 0);
}

static void a_port_that_is_given_twice_is_refused(void **state) {
        const IpPrefix a[] = { prefix("10.1.0.5/16") };
        const NatPort twice[] = { { .protocol = IPPROTO_TCP, .host_port = 80, .target_port = 8080 },
                { .protocol = IPPROTO_UDP, .host_port = 80, .target_port = 8080 },
                { .protocol = IPPROTO_TCP, .host_port = 80, .target_port = 8081 } };
        const NatPorts all = { a, 1, twice, 3, NAT_HAIRPIN_NONE },
                       good = { a, 1, twice, 2, NAT_HAIRPIN_NONE };
        assert_int_equal(nat_ports_add(backend, &alice, &all, new_error()), -EADDRINUSE);
        assert_non_null(strstr(error, "port 80 of the host is given twice"));
        assert_int_equal(nat_ports_check(backend, &alice, &good, new_error()), -ENOENT);
        assert_int_equal(nat_ports_add(backend, &alice, &good, new_error()), 0);
}

static bool keep_alice(const NatOwner *o, void *data) {
        return streq(o->container, alice.container) && streq_ptr(o->network, alice.network);
}

static void collecting_leaves_what_is_kept(void **state) {
        const IpPrefix a[] = { prefix("10.1.0.5/16"), prefix("fd00:1::5/64") },
                       b[] = { prefix("10.1.0.6/16") };
        const NatPort port = { .protocol = IPPROTO_TCP, .host_port = 80, .target_port = 8080 };
        const NatPorts ports = { b, 1, &port, 1, .hairpin = NAT_HAIRPIN_NEIGHBOURS };
        assert_int_equal(nat_masquerade_add(backend, &alice, a, 2, new_error()), 0);
        assert_int_equal(nat_masquerade_add(backend, &bob, b, 1, new_error()), 0);
        assert_int_equal(nat_ports_add(backend, &pod, &ports, new_error()), 0);
        assert_int_equal(nat_collect(keep_alice, NULL, new_error()), 0);
        assert_int_equal(nat_masquerade_check(backend, &alice, a, 2, new_error()), 0);
        assert_int_equal(nat_masquerade_check(backend, &bob, b, 1, new_error()), -ENOENT);
        assert_int_equal(nat_ports_check(backend, &pod, &ports, new_error()), -ENOENT);
}

static void rules_that_somebody_flushed_come_back_with_the_next_pod(void **state) {
        const IpPrefix a[] = { prefix("10.1.0.5/16") }, b[] = { prefix("10.1.0.6/16") };
        assert_int_equal(nat_masquerade_add(backend, &alice, a, 1, new_error()), 0);
        assert_int_equal(system("nft flush ruleset; iptables-legacy -t nat -F; iptables-legacy -t nat -X"),
                        0);
        assert_int_equal(nat_masquerade_check(backend, &alice, a, 1, new_error()), -ENOENT);
        assert_int_equal(nat_masquerade_add(backend, &bob, b, 1, new_error()), 0);
        assert_int_equal(nat_masquerade_check(backend, &bob, b, 1, new_error()), 0);
}

static void the_host_that_has_legacy_rules_goes_on_with_them(void **state) {
        assert_int_equal(nat_backend_of_host(), NAT_NFTABLES);
        assert_int_equal(system("iptables-legacy -t nat -A POSTROUTING -s 192.0.2.0/24 -j MASQUERADE"), 0);
        assert_int_equal(nat_backend_of_host(), NAT_IPTABLES);
}

static void an_owner_whose_name_no_comment_holds_is_refused(void **state) {
        const NatOwner owner = { "a-network-whose-name-goes-on-and-on-and-on-and-on-and-on-and-on",
                "0123456789012345678901234567890123456789012345678901234567890123456789" };
        const IpPrefix a[] = { prefix("10.1.0.5/16") };
        assert_int_equal(nat_masquerade_add(backend, &owner, a, 1, new_error()), -ENAMETOOLONG);
}

/* Neither can be tried where this kernel or user has no network namespaces. */
static bool can_try(void) {
        return unshare(CLONE_NEWNET | CLONE_NEWNS) == 0 &&
               mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
               mount("tmpfs", "/run", "tmpfs", 0, NULL) == 0 && /* for xtables.lock */
               system("nft list ruleset >/dev/null && iptables-legacy -t nat -L >/dev/null") == 0;
}

int main(void) {
        if (!can_try())
                return 77;
#define WITH_NETWORK(f) cmocka_unit_test_setup(f, new_network)
        const struct CMUnitTest tests[] = {
                WITH_NETWORK(what_was_added_is_there_until_it_is_removed),
                WITH_NETWORK(adding_again_replaces_what_was_there),
                WITH_NETWORK(a_port_belongs_to_one_owner),
                WITH_NETWORK(a_port_of_any_address_may_be_of_one_family_and_all_who_come_masqueraded),
                WITH_NETWORK(a_port_that_is_given_twice_is_refused),
                WITH_NETWORK(collecting_leaves_what_is_kept),
                WITH_NETWORK(rules_that_somebody_flushed_come_back_with_the_next_pod),
                WITH_NETWORK(the_host_that_has_legacy_rules_goes_on_with_them),
                WITH_NETWORK(an_owner_whose_name_no_comment_holds_is_refused),
        };
        int failed = 0;
        for (backend = 0; backend < _NAT_BACKEND_MAX; backend++)
                failed += cmocka_run_group_tests_name(nat_backend_name(backend), tests, NULL, NULL);
        new_error();
        return failed;
}
