/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "option.h"
#include "strv.h"

static bool debug;
static char *dir, **ports;
static const Option options[] = {
        { "debug", OPTION_BOOL, &debug, "" },
        { "dir", OPTION_STRING, &dir, "", .flags = OPTION_ONCE },
        { "port", OPTION_STRV, &ports, "" },
        {},
};
static const Command command = { .name = "x", .options = options };

static int parse(char ***args, char **argv) {
        debug = false;
        free(dir);
        dir = NULL;
        strv_free(ports);
        ports = NULL;
        return command_parse(&command, strv_length(argv), argv, args);
}

static void options_take_values_in_both_spellings(void **state) {
        _cleanup_strv_ char **args = NULL;
        char *argv[] = { "x", "--port=a", "one", "--port", "b", "--debug=false", "--dir", "/d", "--",
                "--port", NULL };
        assert_int_equal(parse(&args, argv), 0);
        assert_false(debug);
        assert_string_equal(dir, "/d");
        assert_int_equal(strv_length(ports), 2);
        assert_string_equal(args[0], "one");
        assert_string_equal(args[1], "--port");
}

static void wrong_command_lines_are_refused(void **state) {
        char *bad[][4] = {
                { "x", "--nope", NULL },
                { "x", "--dir", NULL },
                { "x", "--debug=maybe", NULL },
                { "x", "--dir=a", "--dir=b", NULL },
                { "x", "-q", NULL },
        };
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                char **args = NULL;
                assert_true(parse(&args, bad[i]) < 0);
                assert_null(args);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(options_take_values_in_both_spellings),
                cmocka_unit_test(wrong_command_lines_are_refused),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
