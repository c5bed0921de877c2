/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "unit-name.h"

#define ID "0123456789abcdef0123456789abcdef"

static void names_are_escaped_as_systemd_does(void **state) {
        static const struct {
                const char *plain, *escaped;
        } cases[] = {
                { "rkt-1", "rkt\\x2d1" },
                { "a/b", "a-b" },
                { ".a.b", "\\x2ea.b" },
                { "A:_z9", "A:_z9" },
                { "ä", "\\xc3\\xa4" },
                { "", "" },
        };
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *s = unit_escape(cases[i].plain);
                assert_string_equal(s, cases[i].escaped);
        }
        _cleanup_free_ char *scope = unit_scope_of_machine("rkt-0-1");
        assert_string_equal(scope, "machine-rkt\\x2d0\\x2d1.scope");
}

static void a_cgroup_belongs_to_its_first_part_that_is_not_a_slice(void **state) {
        static const struct {
                const char *cgroup, *unit;
        } cases[] = {
                { "/system.slice/x.service", "x.service" },
                { "/system.slice/system-a.slice/a@1.service/rkt/app-x", "a@1.service" },
                { "/machine.slice/machine-x.scope/supervisor", "machine-x.scope" },
                { "/user.slice/user-0.slice/user@0.service/app.slice/b.service", "user@0.service" },
                { "/system.slice/_cgroup.service", "cgroup.service" },
                { "/init.scope", "init.scope" },
                { "/system.slice", NULL },
                { "/other/x.service", NULL },
                { "/", NULL },
                { "", NULL },
        };
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *unit = unit_of_cgroup(cases[i].cgroup);
                assert_true(streq_ptr(unit, cases[i].unit));
        }
}

static void a_pod_stays_only_in_the_service_that_its_environment_is_from(void **state) {
        char directory[] = "/tmp/test-unit-XXXXXX", link[sizeof(directory) + 32];
        assert_non_null(mkdtemp(directory));
        snprintf(link, sizeof(link), "%s/invocation:x.service", directory);
        assert_int_equal(symlink(ID, link), 0);

        assert_true(unit_keeps_pod("/system.slice/x.service", ID, directory));
        assert_true(unit_keeps_pod("/x.slice/x-y.slice/x.service/deeper", ID, directory));
        assert_false(unit_keeps_pod("/system.slice/x.service", NULL, directory));
        assert_false(unit_keeps_pod("/system.slice/x.service", "", directory));
        assert_false(unit_keeps_pod("/system.slice/x.service", "f" ID, directory));
        assert_false(unit_keeps_pod("/system.slice/y.service", ID, directory));
        assert_false(unit_keeps_pod("/system.slice/x.scope", ID, directory));
        assert_false(unit_keeps_pod("/user.slice/user-0.slice/x.service", ID, directory));
        assert_false(unit_keeps_pod("/", ID, directory));

        assert_int_equal(unlink(link), 0);
        assert_int_equal(rmdir(directory), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(names_are_escaped_as_systemd_does),
                cmocka_unit_test(a_cgroup_belongs_to_its_first_part_that_is_not_a_slice),
                cmocka_unit_test(a_pod_stays_only_in_the_service_that_its_environment_is_from),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
