/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <errno.h>

#include "alloc.h"
#include "cni-config.h"
#include "network-list.h"
#include "strv.h"

static void assert_refused(const char *text, const char *why) {
        _cleanup_cni_network_ CniNetwork n = {};
        _cleanup_free_ char *error = NULL;
        assert_int_equal(cni_network_parse("x.conf", text, strlen(text), &n, &error), -EINVAL);
        if (!strstr(error, why))
                fail_msg("\"%s\" does not say \"%s\"", error, why);
}

static void parse(const char *text, CniNetwork *ret) {
        _cleanup_free_ char *error = NULL;
        if (cni_network_parse("x.conf", text, strlen(text), ret, &error) < 0)
                fail_msg("%s", error);
}

static void a_configuration_of_one_plugin_is_a_list_of_one(void **state) {
        _cleanup_cni_network_ CniNetwork n = {};
        parse("{\"name\": \"a\", \"type\": \"ptp\", \"ipMasq\": true}", &n);
        assert_int_equal(n.n_plugins, 1);
        assert_string_equal(n.plugins[0].type, "ptp");
        assert_int_equal(n.version, CNI_0_1_0);
        assert_true(cni_network_masquerades(&n));
        assert_false(cni_network_has_capability(&n, "portMappings"));
}

static void a_list_has_its_plugins_in_order(void **state) {
        _cleanup_cni_network_ CniNetwork n = {};
        parse("{\"cniVersion\": \"1.0.0\", \"name\": \"a\", \"disableCheck\": true, \"plugins\": "
              "[{\"type\": "
              "\"bridge\"},"
              "{\"type\": \"portmap\", \"capabilities\": {\"portMappings\": true, \"ips\": false}}]}",
                        &n);
        assert_int_equal(n.n_plugins, 2);
        assert_string_equal(n.plugins[1].type, "portmap");
        assert_true(n.disable_check);
        assert_true(cni_network_has_capability(&n, "portMappings"));
        assert_false(cni_network_has_capability(&n, "ips"));
}

static void of_several_versions_the_newest_known_one_is_spoken(void **state) {
        static const struct {
                const char *members;
                CniVersion version;
        } samples[] = {
                { "\"cniVersion\": \"0.3.1\"", CNI_0_3_1 },
                { "\"cniVersion\": \"0.4.0\", \"cniVersions\": [\"0.4.0\", \"1.0.0\"]", CNI_1_0_0 },
                { "\"cniVersions\": [\"1.0.0\", \"1.1.0\", \"9.0.0\"]", CNI_1_1_0 },
                { "\"cniVersion\": \"9.0.0\", \"cniVersions\": [\"0.4.0\"]", CNI_0_4_0 },
        };
        for (size_t i = 0; i < ELEMENTSOF(samples); i++) {
                _cleanup_cni_network_ CniNetwork n = {};
                _cleanup_free_ char *text =
                                xasprintf("{%s, \"name\": \"a\", \"type\": \"x\"}", samples[i].members);
                parse(text, &n);
                assert_int_equal(n.version, samples[i].version);
        }
}

static void what_is_wrong_is_said_with_its_place(void **state) {
        assert_refused("{\"type\": \"ptp\"}", "name: missing");
        assert_refused("{\"name\": \"a/b\", \"type\": \"ptp\"}", "x.conf:1:10: name: \"a/b\"");
        assert_refused("{\"name\": \"a\"}", "type: missing");
        assert_refused("{\"name\": \"a\", \"type\": \"../x\"}", "is not the name of a plugin");
        assert_refused("{\"name\": \"a\", \"plugins\": []}", "needs a plugin");
        assert_refused("{\"name\": \"a\", \"plugins\": [{\"type\": 3}]}",
                        "plugins[0].type: expected a string");
        assert_refused("{\"name\": \"a\", \"plugins\": {}}", "plugins: expected an array");
        assert_refused("{\"name\": \"a\", \"type\": \"x\", \"cniVersion\": \"7\"}", "cniVersion: \"7\"");
        assert_refused("{\"name\": \"a\", \"type\": \"x\", \"capabilities\": {\"ips\": 1}}",
                        "capabilities.ips");
        assert_refused("{\"name\": \"a\", \"type\": \"x\", \"ipMasq\": \"yes\"}",
                        "ipMasq: expected a boolean");
        assert_refused("[]", "expected an object");
        assert_refused("{", "x.conf:1");
}

static NetworkList list(const char *value) {
        _cleanup_free_ char *error = NULL;
        char *values[] = { (char *) value, NULL };
        NetworkList l = {};
        if (network_list_parse(values, &l, &error) < 0)
                fail_msg("%s", error);
        return l;
}

static void networks_are_named_with_arguments(void **state) {
        _cleanup_network_list_ NetworkList l = list("a,b:IP=10.0.0.1;MAC=02:00:00:00:00:01,c:K=");
        assert_int_equal(l.n, 3);
        assert_null(l.items[0].args);
        assert_string_equal(network_list_find(&l, "b")->args, "IP=10.0.0.1;MAC=02:00:00:00:00:01");
        assert_string_equal(l.items[2].args, "K=");
        assert_null(network_list_find(&l, "d"));
}

static void flags_add_up_and_none_is_the_default_network(void **state) {
        _cleanup_free_ char *error = NULL;
        char *values[] = { (char *) "a", (char *) "b,c", NULL };
        _cleanup_network_list_ NetworkList l = {}, none = {};
        assert_int_equal(network_list_parse(values, &l, &error), 0);
        assert_int_equal(l.n, 3);
        assert_int_equal(network_list_parse(NULL, &none, &error), 0);
        assert_int_equal(none.n, 1);
        assert_string_equal(none.items[0].name, "default");
}

static void words_that_are_no_names_stand_alone(void **state) {
        _cleanup_network_list_ NetworkList host = list("host"), none = list("none"), all = list("all");
        assert_true(host.host && !host.none && !host.all && host.n == 0);
        assert_true(none.none && none.n == 0);
        assert_true(all.all && all.n == 0);
}

static void wrong_lists_of_networks_are_refused(void **state) {
        static const struct {
                const char *value, *why;
        } samples[] = {
                { "", "empty" },
                { "a,", "empty" },
                { ":x=y", "empty" },
                { "a,a", "twice" },
                { "host,a", "excludes" },
                { "a,none", "excludes" },
                { "all,default", "excludes" },
                { "host:a=b", "no arguments" },
                { "all:a=b", "no arguments" },
                { "a:", "expected NAME:KEY=VALUE" },
                { "a:b:c=d", "expected NAME:KEY=VALUE" },
                { "a:=b", "expected NAME:KEY=VALUE" },
                { "a:b=c;;d=e", "expected NAME:KEY=VALUE" },
                { "../a", "not a network's name" },
        };
        for (size_t i = 0; i < ELEMENTSOF(samples); i++) {
                _cleanup_free_ char *error = NULL;
                _cleanup_network_list_ NetworkList l = {};
                char *values[] = { (char *) samples[i].value, NULL };
                assert_int_equal(network_list_parse(values, &l, &error), -EINVAL);
                if (!strstr(error, samples[i].why))
                        fail_msg("%s: \"%s\" does not say \"%s\"", samples[i].value, error, samples[i].why);
        }
}

/* Two networks, of which the first is asked about. */
static void assert_overlap(const char *first, const char *second, const char *expected) {
        CniNetwork items[2] = {};
        _cleanup_free_ char *subnets = NULL;
        parse(first, &items[0]);
        parse(second, &items[1]);
        const CniNetworks l = { .items = items, .n = 2 };
        const CniNetwork *found = cni_networks_find_overlapping(&l, &items[0], &subnets);
        assert_ptr_equal(found, expected ? &items[1] : NULL);
        if (expected)
                assert_string_equal(subnets, expected);
        cni_network_done(&items[0]);
        cni_network_done(&items[1]);
}

#define PTP(name, ipam) "{\"name\": \"" name "\", \"type\": \"ptp\", \"ipam\": " ipam "}"
#define BRIDGE(name, bridge, ipam)                                                                          \
        "{\"name\": \"" name "\", \"type\": \"bridge\"" bridge ", \"ipam\": " ipam "}"
#define SUBNET(subnet) "{\"type\": \"host-local\", \"subnet\": \"" subnet "\"}"
#define RANGES(subnet)                                                                                      \
        "{\"type\": \"host-local\", \"ranges\": [1, [{\"subnet\": \"fd00::/64\"}], [{}, {\"subnet\": "      \
        "\"" subnet "\"}]]}"

static void networks_that_have_addresses_in_common_are_found(void **state) {
        assert_overlap(PTP("a", SUBNET("10.1.0.0/24")), PTP("b", SUBNET("10.1.0.128/25")),
                        "10.1.0.0/24 and 10.1.0.128/25");
        assert_overlap(PTP("a", SUBNET("10.1.0.0/24")), BRIDGE("b", "", RANGES("10.0.0.0/8")),
                        "10.1.0.0/24 and 10.0.0.0/8");
        assert_overlap(BRIDGE("a", ", \"bridge\": \"x\"", SUBNET("10.1.0.0/24")),
                        BRIDGE("b", "", SUBNET("10.1.0.0/24")), "10.1.0.0/24 and 10.1.0.0/24");
}

static void networks_of_one_bridge_or_of_other_subnets_have_none(void **state) {
        assert_overlap(PTP("a", SUBNET("10.1.0.0/24")), PTP("b", SUBNET("10.1.1.0/24")), NULL);
        assert_overlap(PTP("a", SUBNET("10.1.0.0/24")), PTP("b", RANGES("fd01::/64")), NULL);
        assert_overlap(BRIDGE("a", ", \"bridge\": \"cni0\"", SUBNET("10.1.0.0/24")),
                        BRIDGE("b", "", SUBNET("10.1.0.0/24")), NULL);
        assert_overlap(PTP("a", SUBNET("10.1.0.0/24")),
                        PTP("b", "{\"type\": \"dhcp\", \"subnet\": \"10.1.0.0/24\"}"), NULL);
        assert_overlap(PTP("a", SUBNET("10.1.0.0/24")),
                        PTP("b", "{\"type\": \"host-local\", \"ranges\": {}, \"subnet\": 3}"), NULL);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_configuration_of_one_plugin_is_a_list_of_one),
                cmocka_unit_test(networks_that_have_addresses_in_common_are_found),
                cmocka_unit_test(networks_of_one_bridge_or_of_other_subnets_have_none),
                cmocka_unit_test(a_list_has_its_plugins_in_order),
                cmocka_unit_test(of_several_versions_the_newest_known_one_is_spoken),
                cmocka_unit_test(what_is_wrong_is_said_with_its_place),
                cmocka_unit_test(networks_are_named_with_arguments),
                cmocka_unit_test(flags_add_up_and_none_is_the_default_network),
                cmocka_unit_test(words_that_are_no_names_stand_alone),
                cmocka_unit_test(wrong_lists_of_networks_are_refused),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
