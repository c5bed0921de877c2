/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <errno.h>

#include "alloc.h"
#include "library.h"

#define LIBC "libc.so.6"

static void functions_of_a_library_are_found(void **state) {
        int (*to_number)(const char *) = NULL;
        int (*absolute)(int) = NULL;
        const LibraryFunction functions[] = { { "atoi", &to_number }, { "abs", &absolute } };
        assert_int_equal(library_load(LIBC, "", functions, ELEMENTSOF(functions), NULL), 0);
        assert_int_equal(to_number("42"), 42);
        assert_int_equal(absolute(-3), 3);
}

static void names_may_have_a_prefix(void **state) {
        size_t (*length)(const char *) = NULL;
        const LibraryFunction functions[] = { { "len", &length } };
        assert_int_equal(library_load(LIBC, "str", functions, ELEMENTSOF(functions), NULL), 0);
        assert_int_equal(length("four"), 4);
}

static void a_library_that_is_not_there_is_named(void **state) {
        _cleanup_free_ char *error = NULL;
        assert_int_equal(library_load("libno-such.so.9", "", NULL, 0, &error), -ELIBACC);
        assert_non_null(strstr(error, "libno-such.so.9"));
        assert_int_equal(library_load("libno-such.so.9", "", NULL, 0, NULL), -ELIBACC);
}

static void a_function_that_is_not_there_is_named(void **state) {
        _cleanup_free_ char *error = NULL;
        int (*nothing)(void) = NULL;
        const LibraryFunction functions[] = { { "no_such_function", &nothing } };
        assert_int_equal(library_load(LIBC, "", functions, 1, &error), -ELIBBAD);
        assert_non_null(strstr(error, "no_such_function"));
        assert_null(nothing);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(functions_of_a_library_are_found),
                cmocka_unit_test(names_may_have_a_prefix),
                cmocka_unit_test(a_library_that_is_not_there_is_named),
                cmocka_unit_test(a_function_that_is_not_there_is_named),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
