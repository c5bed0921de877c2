/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>

#include "alloc.h"
#include "file.h"
#include "ipam-range.h"
#include "ipam-store.h"

static IpAddress ip(const char *text) {
        IpAddress a;
        assert_int_equal(ip_parse(text, &a), 0);
        return a;
}

static void assert_ip(const IpAddress *a, const char *expected) {
        char text[IP_TEXT_MAX];
        assert_string_equal(ip_format(a, text), expected);
}

static IpRangeSet set_of(const char *text) {
        IpRangeSet s = {};
        _cleanup_json_context_ JsonContext c = {};
        assert_int_equal(json_context_parse(&c, "S", text, strlen(text)), 0);
        if (ip_range_set_from_json(&c, c.root, &s) < 0)
                fail_msg("%s", c.error);
        return s;
}

static void assert_set_refused(const char *text, const char *message) {
        _cleanup_(ip_range_set_done) IpRangeSet s = {};
        _cleanup_json_context_ JsonContext c = {};
        assert_int_equal(json_context_parse(&c, "S", text, strlen(text)), 0);
        assert_int_equal(ip_range_set_from_json(&c, c.root, &s), -EINVAL);
        if (!strstr(c.error, message))
                fail_msg("\"%s\" does not say \"%s\"", c.error, message);
}

static void what_a_range_does_not_say_has_a_sensible_value(void **state) {
        _cleanup_(ip_range_set_done) IpRangeSet v4 = set_of("[{\"subnet\":\"10.1.2.0/24\"}]"),
                                                v6 = set_of("[{\"subnet\":\"fd00::/112\"}]");
        assert_ip(&v4.ranges[0].gateway, "10.1.2.1");
        assert_ip(&v4.ranges[0].start, "10.1.2.1");
        assert_ip(&v4.ranges[0].end, "10.1.2.254"); /* not the broadcast address */
        assert_ip(&v6.ranges[0].end, "fd00::ffff");
}

static void a_range_that_cannot_be_is_refused(void **state) {
        assert_set_refused("[]", "empty range set");
        assert_set_refused("[{}]", "[0].subnet: missing");
        assert_set_refused("[{\"subnet\":\"10.1.2.0/31\"}]", "too small");
        assert_set_refused("[{\"subnet\":\"10.1.2.3/24\"}]", "network address is 10.1.2.0");
        assert_set_refused("[{\"subnet\":\"10.1.2.0/24\",\"gateway\":\"10.1.3.1\"}]",
                        "gateway 10.1.3.1 not in");
        assert_set_refused("[{\"subnet\":\"10.1.2.0/24\",\"rangeStart\":\"10.1.3.1\"}]", "RangeStart");
        assert_set_refused("[{\"subnet\":\"10.1.2.0/24\",\"rangeEnd\":\"fd00::1\"}]", "RangeEnd");
        assert_set_refused("[{\"subnet\":\"10.1.2.0/"
                           "24\",\"rangeStart\":\"10.1.2.9\",\"rangeEnd\":\"10.1.2.8\"}]",
                        "before start");
        assert_set_refused("[{\"subnet\":\"10.1.2.0/24\"},{\"subnet\":\"fd00::/64\"}]",
                        "mixed address families");
        assert_set_refused("[{\"subnet\":\"10.1.0.0/16\"},{\"subnet\":\"10.1.9.0/24\"}]", "overlap");
}

static void a_walk_goes_round_once_and_leaves_gateways_out(void **state) {
        _cleanup_(ip_range_set_done) IpRangeSet s =
                        set_of("[{\"subnet\":\"10.1.0.0/30\"},{\"subnet\":\"10.2.0.0/29\",\"rangeStart\":"
                               "\"10.2.0.3\",\"rangeEnd\":\"10.2.0.5\",\"gateway\":\"10.2.0.4\"}]");
        static const char *const from_start[] = { "10.1.0.2", "10.2.0.3", "10.2.0.5" };
        static const char *const from_middle[] = { "10.2.0.5", "10.1.0.2", "10.2.0.3" };
        IpAddress last = ip("10.2.0.3"), outside = ip("10.9.0.1"), a;
        const struct {
                const IpAddress *last;
                const char *const *expected;
        } walks[] = { { NULL, from_start }, { &outside, from_start }, { &last, from_middle } };
        for (size_t k = 0; k < ELEMENTSOF(walks); k++) {
                IpRangeWalk w;
                ip_range_walk_start(&w, &s, walks[k].last);
                for (size_t i = 0; i < 3; i++) {
                        assert_non_null(ip_range_walk_next(&w, &a));
                        assert_ip(&a, walks[k].expected[i]);
                }
                assert_null(ip_range_walk_next(&w, &a));
                assert_null(ip_range_walk_next(&w, &a));
        }
}

static void a_set_of_gateways_alone_has_nothing_to_give(void **state) {
        _cleanup_(ip_range_set_done) IpRangeSet s =
                        set_of("[{\"subnet\":\"10.1.0.0/"
                               "24\",\"rangeStart\":\"10.1.0.1\",\"rangeEnd\":\"10.1.0.1\"}]");
        IpRangeWalk w;
        IpAddress a;
        ip_range_walk_start(&w, &s, NULL);
        assert_null(ip_range_walk_next(&w, &a));
}

typedef struct StoreTest {
        char directory[32];
} StoreTest;

static int make_store(void **state) {
        StoreTest *t = xnew(StoreTest, 1);
        strcpy(t->directory, "/tmp/test-ipam-XXXXXX");
        *state = t;
        return mkdtemp(t->directory) ? 0 : -1;
}

static int remove_store(void **state) {
        StoreTest *t = *state;
        int r = remove_tree_at(AT_FDCWD, t->directory, true);
        free(t);
        return r;
}

static IpamStore *open_store(void **state) {
        IpamStore *s = NULL;
        assert_int_equal(ipam_store_open(((StoreTest *) *state)->directory, "net", &s), 0);
        return s;
}

static size_t held(IpamStore *s, const char *id, const char *ifname) {
        _cleanup_free_ IpAddress *l = NULL;
        size_t n = 0;
        assert_int_equal(ipam_store_find(s, id, ifname, &l, &n), 0);
        return n;
}

static char *read_in_store(void **state, const char *name) {
        _cleanup_free_ char *path = xasprintf("%s/net/%s", ((StoreTest *) *state)->directory, name);
        char *text = NULL;
        size_t size;
        assert_int_equal(read_file_at(AT_FDCWD, path, 1000, &text, &size), 0);
        return text;
}

static void an_address_is_reserved_once_in_the_form_of_the_reference(void **state) {
        _cleanup_ipam_store_ IpamStore *s = open_store(state);
        IpAddress a = ip("10.1.0.7"), last;
        assert_false(ipam_store_last(s, 3, &last));
        assert_int_equal(ipam_store_reserve(s, "c1", "eth0", &a, 3), 1);
        assert_int_equal(ipam_store_reserve(s, "c2", "eth0", &a, 3), 0);
        _cleanup_free_ char *owner = read_in_store(state, "10.1.0.7"),
                            *reserved = read_in_store(state, "last_reserved_ip.3");
        assert_string_equal(owner, "c1\r\neth0");
        assert_string_equal(reserved, "10.1.0.7");
        assert_true(ipam_store_last(s, 3, &last));
        assert_ip(&last, "10.1.0.7");
}

static void a_release_gives_back_what_is_the_attachments_and_no_more(void **state) {
        _cleanup_ipam_store_ IpamStore *s = open_store(state);
        static const struct {
                const char *address, *id, *ifname;
        } owners[] = { { "10.1.0.2", "c1", "eth0" }, { "fd00::2", "c1", "eth0" },
                { "10.1.0.3", "c1", "eth1" }, { "10.1.0.4", "c11", "eth0" } };
        for (size_t i = 0; i < ELEMENTSOF(owners); i++) {
                IpAddress a = ip(owners[i].address);
                assert_int_equal(ipam_store_reserve(s, owners[i].id, owners[i].ifname, &a, 0), 1);
        }
        assert_int_equal(held(s, "c1", "eth0"), 2);
        assert_int_equal(ipam_store_release(s, "c1", "eth0"), 0);
        assert_int_equal(held(s, "c1", "eth0"), 0);
        assert_int_equal(held(s, "c1", "eth1"), 1);
        assert_int_equal(held(s, "c11", "eth0"), 1);
        assert_int_equal(ipam_store_release(s, "c1", "eth0"), 0);
}

static bool keep_c2(const char *id, const char *ifname, void *data) {
        return streq(id, "c2");
}

static void files_of_others_and_of_older_versions_are_understood(void **state) {
        _cleanup_ipam_store_ IpamStore *s = open_store(state);
        _cleanup_free_ char *old = xasprintf("%s/net/10.1.0.9", ((StoreTest *) *state)->directory),
                            *other = xasprintf("%s/net/notes", ((StoreTest *) *state)->directory);
        assert_int_equal(write_string_at(AT_FDCWD, old, "c1\n", 0644), 0);
        assert_int_equal(write_string_at(AT_FDCWD, other, "c1", 0644), 0);
        assert_int_equal(held(s, "c1", "eth5"), 1);
        assert_int_equal(ipam_store_collect(s, keep_c2, NULL), 0);
        assert_int_equal(held(s, "c1", "eth5"), 0);
        assert_int_equal(access(other, F_OK), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_a_range_does_not_say_has_a_sensible_value),
                cmocka_unit_test(a_range_that_cannot_be_is_refused),
                cmocka_unit_test(a_walk_goes_round_once_and_leaves_gateways_out),
                cmocka_unit_test(a_set_of_gateways_alone_has_nothing_to_give),
                cmocka_unit_test_setup_teardown(an_address_is_reserved_once_in_the_form_of_the_reference,
                                make_store, remove_store),
                cmocka_unit_test_setup_teardown(a_release_gives_back_what_is_the_attachments_and_no_more,
                                make_store, remove_store),
                cmocka_unit_test_setup_teardown(files_of_others_and_of_older_versions_are_understood,
                                make_store, remove_store),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
