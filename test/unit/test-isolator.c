/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "alloc.h"
#include "isolator.h"
#include "strv.h"

static int parse(const char *array, IsolatorList *l, char **ret_error) {
        char text[4096];
        snprintf(text, sizeof(text), "{\"isolators\":%s}", array);
        _cleanup_json_context_ JsonContext c;
        int r = json_context_parse(&c, "m", text, strlen(text));
        assert_int_equal(r, 0);
        r = isolators_parse(&c, c.root, l);
        if (r < 0)
                *ret_error = TAKE_PTR(c.error);
        return r;
}

static void each_isolator_of_the_specification_is_read(void **state) {
        _cleanup_isolators_ IsolatorList l = {};
        char *error = NULL;
        int r = parse("[{\"name\":\"resource/cpu\",\"value\":{\"request\":\"250m\",\"limit\":0.5}},"
                      "{\"name\":\"resource/memory\",\"value\":{\"limit\":\"1Gi\"}},"
                      "{\"name\":\"resource/"
                      "block-bandwidth\",\"value\":{\"default\":true,\"limit\":\"2M\"}},"
                      "{\"name\":\"resource/block-iops\",\"value\":{\"default\":true,\"limit\":\"1k\"}},"
                      "{\"name\":\"resource/"
                      "network-bandwidth\",\"value\":{\"default\":true,\"limit\":\"1G\"}},"
                      "{\"name\":\"os/linux/"
                      "capabilities-retain-set\",\"value\":{\"set\":[\"CAP_KILL\",\"CAP_CHOWN\"]}},"
                      "{\"name\":\"os/linux/seccomp-remove-set\",\"value\":{\"set\":[\"@rkt/"
                      "default-blacklist\",\"sync\"],"
                      "\"errno\":\"ENOTSUP\"}},"
                      "{\"name\":\"os/linux/no-new-privileges\",\"value\":true},"
                      "{\"name\":\"os/linux/oom-score-adj\",\"value\":-1000},"
                      "{\"name\":\"os/linux/cpu-shares\",\"value\":262144},"
                      "{\"name\":\"os/linux/"
                      "selinux-context\",\"value\":{\"user\":\"u\",\"role\":\"r\",\"type\":\"t\","
                      "\"level\":\"s0:c1\"}},"
                      "{\"name\":\"os/linux/apparmor-profile\",\"value\":{\"profile\":\"docker-default\"}},"
                      "{\"name\":\"os/unix/sysctl\",\"value\":{\"net.ipv4.tcp_mtu_probing\":\"1\"}}]",
                        &l, &error);
        if (r < 0)
                fail_msg("%s", error);
        assert_int_equal(l.n, 13);
        assert_int_equal(quantity_milli(isolators_find(&l, ISOLATOR_CPU)->resource.request), 250);
        assert_int_equal(quantity_milli(isolators_find(&l, ISOLATOR_CPU)->resource.limit), 500);
        const Isolator *memory = isolators_find(&l, ISOLATOR_MEMORY);
        assert_false(memory->resource.has_request);
        assert_int_equal(quantity_value(memory->resource.limit), 1 << 30);
        assert_true(isolators_find(&l, ISOLATOR_BLOCK_IOPS)->resource.is_default);
        assert_string_equal(isolators_find(&l, ISOLATOR_CAPABILITIES_RETAIN)->set[1], "CAP_CHOWN");
        assert_string_equal(isolators_find(&l, ISOLATOR_SECCOMP_REMOVE)->error_name, "ENOTSUP");
        assert_true(isolators_find(&l, ISOLATOR_NO_NEW_PRIVILEGES)->flag);
        assert_int_equal(isolators_find(&l, ISOLATOR_OOM_SCORE_ADJ)->number, -1000);
        assert_int_equal(isolators_find(&l, ISOLATOR_CPU_SHARES)->number, 262144);
        assert_string_equal(isolators_find(&l, ISOLATOR_SELINUX_CONTEXT)->selinux.level, "s0:c1");
        assert_string_equal(isolators_find(&l, ISOLATOR_APPARMOR_PROFILE)->profile, "docker-default");
        assert_string_equal(name_values_get(&isolators_find(&l, ISOLATOR_SYSCTL)->values,
                                            "net.ipv4.tcp_mtu_probing"),
                        "1");
}

static void rkts_own_isolators_are_read(void **state) {
        _cleanup_isolators_ IsolatorList l = {};
        _cleanup_free_ char *error = NULL;
        int r = parse("[{\"name\":\"coreos.com/rkt/pids-max\",\"value\":10},"
                      "{\"name\":\"coreos.com/rkt/io-weight\",\"value\":10000},"
                      "{\"name\":\"coreos.com/rkt/memory-high\",\"value\":{\"limit\":\"1Mi\"}},"
                      "{\"name\":\"coreos.com/rkt/memory-swap-max\",\"value\":{\"limit\":0}},"
                      "{\"name\":\"coreos.com/rkt/"
                      "cpuset\",\"value\":{\"cpus\":\"0-3,8,10-11\",\"mems\":\"0\"}},"
                      "{\"name\":\"coreos.com/rkt/"
                      "rlimits\",\"value\":{\"nofile\":\"1:2\",\"core\":\"unlimited\"}},"
                      "{\"name\":\"coreos.com/rkt/"
                      "capabilities-ambient-set\",\"value\":{\"set\":[\"CAP_KILL\"]}}]",
                        &l, &error);
        if (r < 0)
                fail_msg("%s", error);
        assert_int_equal(isolators_find(&l, ISOLATOR_PIDS)->number, 10);
        assert_int_equal(quantity_value(isolators_find(&l, ISOLATOR_MEMORY_HIGH)->resource.limit), 1 << 20);
        assert_true(isolators_find(&l, ISOLATOR_MEMORY_SWAP)->resource.has_limit);
        assert_string_equal(name_values_get(&isolators_find(&l, ISOLATOR_CPUSET)->values, "cpus"),
                        "0-3,8,10-11");
        assert_string_equal(
                        name_values_get(&isolators_find(&l, ISOLATOR_RLIMITS)->values, "core"), "unlimited");
        assert_string_equal(isolators_find(&l, ISOLATOR_CAPABILITIES_AMBIENT)->set[0], "CAP_KILL");
}

static void rkts_own_isolators_are_checked(void **state) {
        static const char *const wrong[][2] = {
                { "pids-max", "0" },
                { "pids-max", "\"max\"" },
                { "pids-max", "4194305" },
                { "io-weight", "10001" },
                { "memory-high", "{}" },
                { "memory-high", "{\"request\":1,\"limit\":1}" },
                { "memory-swap-max", "1" },
                { "cpuset", "{\"cpus\":\"\"}" },
                { "cpuset", "{\"cpus\":\"0-\"}" },
                { "cpuset", "{\"cpus\":\"0,\"}" },
                { "cpuset", "{\"cpus\":\"-1\"}" },
                { "cpuset", "{\"cpus\":\"0 1\"}" },
                { "cpuset", "{\"nodes\":\"0\"}" },
                { "cpuset", "{\"cpus\":0}" },
                { "rlimits", "{\"nofile\":\"1:2:3\"}" },
                { "rlimits", "{\"nofile\":\"\"}" },
                { "rlimits", "{\"nofile\":\"1:\"}" },
                { "rlimits", "{\"NOFILE\":\"1\"}" },
                { "rlimits", "{\"\":\"1\"}" },
                { "rlimits", "{\"nofile\":\"-1\"}" },
                { "capabilities-ambient-set", "{\"set\":[]}" },
        };
        for (size_t i = 0; i < ELEMENTSOF(wrong); i++) {
                _cleanup_isolators_ IsolatorList l = {};
                _cleanup_free_ char *error = NULL;
                _cleanup_free_ char *text = xasprintf(
                                "[{\"name\":\"coreos.com/rkt/%s\",\"value\":%s}]", wrong[i][0], wrong[i][1]);
                if (parse(text, &l, &error) != -22)
                        fail_msg("accepted: %s", text);
                assert_non_null(strstr(error, "isolators[0].value"));
        }
}

static void an_unknown_isolator_is_kept_as_it_is(void **state) {
        const char *text = "[{\"name\":\"example.com/"
                           "gpu\",\"value\":{\"count\":[1,2]}},{\"name\":\"example.com/bare\"}]";
        _cleanup_isolators_ IsolatorList l = {};
        char *error = NULL;
        assert_int_equal(parse(text, &l, &error), 0);
        assert_int_equal(l.items[0].type, ISOLATOR_UNKNOWN);
        assert_string_equal(l.items[0].name, "example.com/gpu");
        _cleanup_json_ json_object *o = isolators_to_json(&l);
        _cleanup_free_ char *again = json_to_text(o, false);
        assert_string_equal(again, text);
}

static void of_two_resource_isolators_the_last_holds(void **state) {
        _cleanup_isolators_ IsolatorList l = {};
        char *error = NULL;
        assert_int_equal(parse("[{\"name\":\"resource/memory\",\"value\":{\"limit\":1}},"
                               "{\"name\":\"resource/memory\",\"value\":{\"limit\":2}}]",
                                         &l, &error),
                        0);
        assert_int_equal(quantity_value(isolators_find(&l, ISOLATOR_MEMORY)->resource.limit), 2);
}

static void wrong_isolators_are_explained(void **state) {
        static const char *const table[][2] = {
                { "[1]", "isolators[0]: expected an object, found a number" },
                { "[{}]", "isolators[0].name: missing" },
                { "[{\"name\":\"A\"}]", "isolators[0].name: \"A\" is not an AC identifier" },
                { "[{\"name\":\"resource/cpu\"}]", "isolators[0].value: missing" },
                { "[{\"name\":\"resource/cpu\",\"value\":5}]", "isolators[0].value: expected an object" },
                { "[{\"name\":\"resource/cpu\",\"value\":{\"limit\":\"x\"}}]",
                                "value.limit: \"x\" is not a quantity" },
                { "[{\"name\":\"resource/cpu\",\"value\":{\"limit\":[]}}]",
                                "value.limit: expected a string" },
                { "[{\"name\":\"resource/cpu\",\"value\":{\"limit\":\"-1\"}}]",
                                "value.limit: must not be negative" },
                { "[{\"name\":\"resource/cpu\",\"value\":{\"default\":true}}]",
                                "value.default: must be false" },
                { "[{\"name\":\"resource/block-iops\",\"value\":{\"limit\":1}}]",
                                "value.default: must be true" },
                { "[{\"name\":\"resource/block-iops\",\"value\":{\"default\":true}}]",
                                "value.limit: missing" },
                { "[{\"name\":\"resource/"
                  "block-iops\",\"value\":{\"default\":true,\"request\":1,\"limit\":1}}]",
                                "value.request: only a limit" },
                { "[{\"name\":\"os/linux/capabilities-retain-set\",\"value\":{\"set\":[]}}]",
                                "value.set: must not be empty" },
                { "[{\"name\":\"os/linux/capabilities-retain-set\",\"value\":{}}]", "value.set: missing" },
                { "[{\"name\":\"os/linux/capabilities-remove-set\",\"value\":{\"set\":[\"CAP KILL\"]}}]",
                                "value.set[0]: \"CAP KILL\" is not the name of a capability" },
                { "[{\"name\":\"os/linux/seccomp-retain-set\",\"value\":{\"set\":[\"\"]}}]",
                                "value.set[0]: \"\" is not the name of a system call" },
                { "[{\"name\":\"os/linux/"
                  "seccomp-retain-set\",\"value\":{\"set\":[\"read\"],\"errno\":\"1\"}}]",
                                "value.errno: expected the name of an error" },
                { "[{\"name\":\"os/linux/seccomp-retain-set\",\"value\":{\"set\":[\"read\"]}},"
                  "{\"name\":\"os/linux/seccomp-retain-set\",\"value\":{\"set\":[\"write\"]}}]",
                                "isolators[1]: os/linux/seccomp-retain-set is given twice" },
                { "[{\"name\":\"os/linux/capabilities-retain-set\",\"value\":{\"set\":[\"CAP_KILL\"]}},"
                  "{\"name\":\"os/linux/capabilities-remove-set\",\"value\":{\"set\":[\"CAP_KILL\"]}}]",
                                "isolators[1]: os/linux/capabilities-retain-set and "
                                "os/linux/capabilities-remove-set exclude" },
                { "[{\"name\":\"os/linux/no-new-privileges\",\"value\":\"true\"}]",
                                "value: expected a boolean" },
                { "[{\"name\":\"os/linux/oom-score-adj\",\"value\":1001}]", "value: 1001 is out of range" },
                { "[{\"name\":\"os/linux/cpu-shares\",\"value\":1}]",
                                "value: 1 is out of range: expected 2 to 262144" },
                { "[{\"name\":\"os/linux/cpu-shares\",\"value\":2.5}]", "value: expected an integer" },
                { "[{\"name\":\"os/linux/selinux-context\",\"value\":{\"user\":\"a:b\",\"role\":\"r\"}}]",
                                "value.user: must not contain a colon" },
                { "[{\"name\":\"os/linux/apparmor-profile\",\"value\":{\"profile\":\"\"}}]",
                                "value.profile: must not be empty" },
                { "[{\"name\":\"os/unix/sysctl\",\"value\":{\"../../x\":\"1\"}}]",
                                "value: \"../../x\" is not the name of a kernel parameter" },
                { "[{\"name\":\"os/unix/sysctl\",\"value\":{\"net.x\":1}}]",
                                "value.net.x: expected a string" },
        };
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_isolators_ IsolatorList l = {};
                _cleanup_free_ char *error = NULL;
                if (parse(table[i][0], &l, &error) != -22)
                        fail_msg("accepted: %s", table[i][0]);
                if (!strstr(error, table[i][1]))
                        fail_msg("%s\nsays: %s", table[i][0], error);
        }
}

static void an_option_replaces_what_the_image_says(void **state) {
        _cleanup_isolators_ IsolatorList l = {};
        char *error = NULL;
        assert_int_equal(parse("[{\"name\":\"resource/memory\",\"value\":{\"limit\":1}},"
                               "{\"name\":\"os/linux/"
                               "capabilities-remove-set\",\"value\":{\"set\":[\"CAP_KILL\"]}}]",
                                         &l, &error),
                        0);
        _cleanup_strv_ char **caps = strv_split("CAP_CHOWN", ',');
        assert_int_equal(isolators_set_resource(&l, ISOLATOR_MEMORY, "64Mi", "64Mi", NULL), 0);
        assert_int_equal(isolators_set_names(&l, ISOLATOR_CAPABILITIES_RETAIN, caps, NULL, NULL), 0);
        assert_int_equal(isolators_set_number(&l, ISOLATOR_CPU_SHARES, 500, NULL), 0);
        assert_int_equal(isolators_set_seccomp(
                                         &l, "mode=remove,errno=EPERM,mount,@rkt/default-blacklist", NULL),
                        0);
        _cleanup_json_ json_object *o = isolators_to_json(&l);
        _cleanup_free_ char *text = json_to_text(o, false);
        assert_string_equal(text, "[{\"name\":\"resource/"
                                  "memory\",\"value\":{\"request\":\"64Mi\",\"limit\":\"64Mi\"}},"
                                  "{\"name\":\"os/linux/"
                                  "capabilities-retain-set\",\"value\":{\"set\":[\"CAP_CHOWN\"]}},"
                                  "{\"name\":\"os/linux/cpu-shares\",\"value\":500},"
                                  "{\"name\":\"os/linux/seccomp-remove-set\",\"value\":{\"set\":[\"mount\","
                                  "\"@rkt/default-blacklist\"],\"errno\":\"EPERM\"}}]");
}

static void an_isolator_is_written_with_its_name_first(void **state) {
        _cleanup_isolators_ IsolatorList l = {};
        static const char *const good[] = { "resource/cpu,request=50m,limit=100m",
                "resource/network-bandwidth,default=true,limit=1G", "os/linux/no-new-privileges,value=true",
                "os/linux/oom-score-adj,value=-5" };
        for (size_t i = 0; i < ELEMENTSOF(good); i++)
                assert_int_equal(isolators_set_option(&l, good[i], NULL), 0);
        assert_int_equal(quantity_milli(isolators_find(&l, ISOLATOR_CPU)->resource.limit), 100);
        assert_true(isolators_find(&l, ISOLATOR_NO_NEW_PRIVILEGES)->flag);
        assert_int_equal(isolators_find(&l, ISOLATOR_OOM_SCORE_ADJ)->number, -5);
        static const char *const bad[] = { "", "resource/gpu,limit=1", "resource/cpu,limits=1",
                "resource/cpu,limit=x", "os/linux/oom-score-adj,value=much",
                "os/linux/oom-score-adj,value=2000", "os/linux/no-new-privileges" };
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                _cleanup_free_ char *error = NULL;
                assert_int_equal(isolators_set_option(&l, bad[i], &error), -22);
                assert_non_null(error);
        }
        assert_int_equal(l.n, 4);
}

static void a_wrong_option_changes_nothing_and_is_explained(void **state) {
        _cleanup_isolators_ IsolatorList l = {};
        static const char *const seccomp[] = { "", "mount", "mode=keep,mount", "mode=retain",
                "mode=retain,errno=x,read" };
        for (size_t i = 0; i < ELEMENTSOF(seccomp); i++) {
                _cleanup_free_ char *error = NULL;
                assert_int_equal(isolators_set_seccomp(&l, seccomp[i], &error), -22);
                assert_non_null(error);
        }
        _cleanup_free_ char *error = NULL;
        assert_int_equal(isolators_set_resource(&l, ISOLATOR_MEMORY, NULL, "lots", &error), -22);
        assert_string_equal(error,
                        "resource/memory: value.limit: \"lots\" is not a quantity: expected a number with a "
                        "suffix, such as \"500m\" or \"128Mi\"");
        assert_int_equal(l.n, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_isolator_of_the_specification_is_read),
                cmocka_unit_test(rkts_own_isolators_are_read),
                cmocka_unit_test(rkts_own_isolators_are_checked),
                cmocka_unit_test(an_unknown_isolator_is_kept_as_it_is),
                cmocka_unit_test(of_two_resource_isolators_the_last_holds),
                cmocka_unit_test(wrong_isolators_are_explained),
                cmocka_unit_test(an_option_replaces_what_the_image_says),
                cmocka_unit_test(an_isolator_is_written_with_its_name_first),
                cmocka_unit_test(a_wrong_option_changes_nothing_and_is_explained),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
