/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <errno.h>

#include "alloc.h"
#include "cni-result.h"

#define FULL                                                                                                \
        "{\"cniVersion\":\"1.1.0\","                                                                        \
        "\"interfaces\":[{\"name\":\"cni0\",\"mac\":\"0a:58:0a:01:00:01\"},"                                \
        "{\"name\":\"eth0\",\"mtu\":1400,\"sandbox\":\"/run/netns/a\"}],"                                   \
        "\"ips\":[{\"interface\":1,\"address\":\"10.1.0.5/16\",\"gateway\":\"10.1.0.1\"},"                  \
        "{\"interface\":1,\"address\":\"10.1.0.6/16\"},{\"interface\":1,\"address\":\"fd00::5/64\"}],"      \
        "\"routes\":[{\"dst\":\"0.0.0.0/0\",\"gw\":\"10.1.0.1\",\"priority\":0,\"table\":7},"               \
        "{\"dst\":\"::/0\"}],\"dns\":{\"nameservers\":[\"10.1.0.1\"]}}"

static CniResult parsed(const char *text) {
        CniResult r = {};
        _cleanup_free_ char *error = NULL;
        if (cni_result_parse("R", text, strlen(text), CNI_0_4_0, &r, &error) < 0)
                fail_msg("%s", error);
        return r;
}

/* Written in the version it equals the expected JSON. */
static void assert_written(const CniResult *r, CniVersion v, const char *expected) {
        _cleanup_json_ json_object *written = NULL, *wanted = json_tokener_parse(expected);
        assert_non_null(wanted);
        assert_int_equal(cni_result_to_json(r, v, &written), 0);
        if (!json_object_equal(written, wanted))
                fail_msg("%s instead of %s", json_object_to_json_string(written), expected);
}

static void assert_refused(const char *text, const char *message) {
        CniResult r = {};
        _cleanup_free_ char *error = NULL;
        assert_int_equal(cni_result_parse("R", text, strlen(text), CNI_1_0_0, &r, &error), -EINVAL);
        assert_int_equal(r.n_ips, 0);
        if (!strstr(error, message))
                fail_msg("\"%s\" does not say \"%s\"", error, message);
}

static void the_newest_form_keeps_everything(void **state) {
        _cleanup_cni_result_ CniResult r = parsed(FULL);
        assert_int_equal(r.version, CNI_1_1_0);
        assert_int_equal(r.interfaces[1].mtu, 1400);
        assert_int_equal(r.routes[0].priority, 0);
        assert_int_equal(r.routes[0].scope, -1);
        assert_written(&r, CNI_1_1_0, FULL);
}

static void older_forms_leave_out_what_they_cannot_say(void **state) {
        _cleanup_cni_result_ CniResult r = parsed(FULL);
        assert_written(&r, CNI_0_4_0,
                        "{\"cniVersion\":\"0.4.0\","
                        "\"interfaces\":[{\"name\":\"cni0\",\"mac\":\"0a:58:0a:01:00:01\"},"
                        "{\"name\":\"eth0\",\"sandbox\":\"/run/netns/a\"}],"
                        "\"ips\":[{\"version\":\"4\",\"interface\":1,\"address\":\"10.1.0.5/16\","
                        "\"gateway\":\"10.1.0.1\"},"
                        "{\"version\":\"4\",\"interface\":1,\"address\":\"10.1.0.6/16\"},"
                        "{\"version\":\"6\",\"interface\":1,\"address\":\"fd00::5/64\"}],"
                        "\"routes\":[{\"dst\":\"0.0.0.0/0\",\"gw\":\"10.1.0.1\"},{\"dst\":\"::/0\"}],"
                        "\"dns\":{\"nameservers\":[\"10.1.0.1\"]}}");
        assert_written(&r, CNI_0_2_0,
                        "{\"cniVersion\":\"0.2.0\",\"ip4\":{\"ip\":\"10.1.0.5/16\",\"gateway\":\"10.1.0.1\","
                        "\"routes\":[{\"dst\":\"0.0.0.0/0\",\"gw\":\"10.1.0.1\"}]},"
                        "\"ip6\":{\"ip\":\"fd00::5/64\",\"routes\":[{\"dst\":\"::/0\"}]},"
                        "\"dns\":{\"nameservers\":[\"10.1.0.1\"]}}");
}

static void the_oldest_form_is_read(void **state) {
        _cleanup_cni_result_ CniResult r = parsed("{\"cniVersion\":\"0.1.0\",\"ip4\":{\"ip\":\"10.0.0.2/8\","
                                                  "\"routes\":[{\"dst\":\"10.9.0.0/16\"}]},"
                                                  "\"ip6\":{\"ip\":\"fd00::2/8\"}}");
        assert_int_equal(r.n_ips, 2);
        assert_int_equal(r.ips[1].address.address.family, AF_INET6);
        assert_int_equal(r.ips[0].interface, -1);
        assert_int_equal(r.n_routes, 1);
        assert_written(&r, CNI_1_0_0,
                        "{\"cniVersion\":\"1.0.0\",\"ips\":[{\"address\":\"10.0.0.2/8\"},"
                        "{\"address\":\"fd00::2/8\"}],\"routes\":[{\"dst\":\"10.9.0.0/16\"}],\"dns\":{}}");
}

static void a_result_without_an_address_has_no_old_form(void **state) {
        _cleanup_cni_result_ CniResult r = parsed("{\"interfaces\":[{\"name\":\"lo\"}]}");
        _cleanup_json_ json_object *o = NULL;
        assert_int_equal(cni_result_to_json(&r, CNI_0_2_0, &o), -ENODATA);
        assert_null(o);
        assert_written(&r, CNI_0_3_0,
                        "{\"cniVersion\":\"0.3.0\",\"interfaces\":[{\"name\":\"lo\"}],\"dns\":{}}");
}

static void what_is_wrong_is_said_with_its_place(void **state) {
        assert_refused("{\"ips\":[{\"address\":\"10.0.0.1\"}]}", "ips[0].address");
        assert_refused("{\"ips\":[{}]}", "ips[0].address: missing");
        assert_refused("{\"ips\":[{\"address\":\"10.0.0.1/8\",\"interface\":1}],\"interfaces\":[{}]}",
                        "interface 1 of 1");
        assert_refused("{\"routes\":[{\"dst\":\"nowhere\"}]}", "routes[0].dst");
        assert_refused("{\"cniVersion\":\"9.0\"}", "\"9.0\"");
        assert_refused("[]", "expected an object");
        assert_refused("garbage", "R:1:");
}

static void an_error_is_read_as_it_was_written(void **state) {
        CniError e = { .code = CNI_TRY_AGAIN_LATER, .message = (char *) "busy", .details = (char *) "why" };
        _cleanup_free_ char *text = cni_error_print(CNI_0_4_0, &e), *message = NULL;
        _cleanup_cni_error_ CniError again = {};
        assert_int_equal(cni_error_parse(text, strlen(text), &again, NULL), 0);
        assert_int_equal(again.code, 11);
        assert_string_equal(again.message, "busy");
        assert_string_equal(again.details, "why");
        assert_int_equal(cni_error_parse("{\"msg\":\"m\"}", 11, &again, &message), -EINVAL);
        assert_non_null(strstr(message, "code"));
}

static void no_version_is_the_oldest(void **state) {
        CniVersion v = CNI_1_0_0;
        assert_int_equal(cni_version_parse("", &v), 0);
        assert_int_equal(v, CNI_0_1_0);
        assert_int_equal(cni_version_parse("1.1.0", &v), 0);
        assert_int_equal(v, CNI_1_1_0);
        assert_int_equal(cni_version_parse("2.0.0", &v), -EPROTONOSUPPORT);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_newest_form_keeps_everything),
                cmocka_unit_test(older_forms_leave_out_what_they_cannot_say),
                cmocka_unit_test(the_oldest_form_is_read),
                cmocka_unit_test(a_result_without_an_address_has_no_old_form),
                cmocka_unit_test(what_is_wrong_is_said_with_its_place),
                cmocka_unit_test(an_error_is_read_as_it_was_written),
                cmocka_unit_test(no_version_is_the_oldest),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
