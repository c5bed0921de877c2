/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <errno.h>

#include "detach-keys.h"
#include "macro.h"

/* Types the parts one after the other; what comes out is in *out. Whether it was the end. */
static bool type(DetachKeys *k, const char *const *parts, char *out) {
        size_t total = 0;
        bool end = false;
        for (; *parts && !end; parts++) {
                size_t n;
                end = detach_keys_filter(k, *parts, strlen(*parts), out + total, &n);
                total += n;
        }
        out[total] = 0;
        return end;
}

#define TYPE(k, out, ...) type(k, (const char *const[]){ __VA_ARGS__, NULL }, out)

static void keys_are_characters_and_controls(void **state) {
        DetachKeys k;
        assert_int_equal(detach_keys_parse("ctrl-p,ctrl-q", &k), 0);
        assert_int_equal(k.n, 2);
        assert_memory_equal(k.keys, "\x10\x11", 2);
        assert_int_equal(detach_keys_parse("ctrl-@,a,ctrl-[,ctrl-_,ctrl-A", &k), 0);
        assert_int_equal(k.n, 5);
        assert_memory_equal(k.keys, "\0a\x1b\x1f\x01", 5);
        assert_int_equal(detach_keys_parse("", &k), 0);
        assert_int_equal(k.n, 0);
}

static void what_no_key_types_is_refused(void **state) {
        static const char *const bad[] = { "ctrl-", "ctrl-1", "ab", ",", "a,", "ctrl-ab", " ", "\x01",
                "a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a" };
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                DetachKeys k;
                assert_int_equal(detach_keys_parse(bad[i], &k), -EINVAL);
        }
}

static void the_sequence_ends_it_and_what_is_before_passes(void **state) {
        DetachKeys k;
        char out[64];
        detach_keys_parse("ctrl-p,ctrl-q", &k);
        assert_true(TYPE(&k, out, "abc\x10\x11xyz"));
        assert_string_equal(out, "abc");
}

static void a_beginning_waits_and_passes_when_it_is_none(void **state) {
        DetachKeys k;
        char out[64];
        detach_keys_parse("ctrl-p,ctrl-q", &k);
        assert_false(TYPE(&k, out, "a\x10"));
        assert_string_equal(out, "a");
        assert_false(TYPE(&k, out, "b"));
        assert_string_equal(out, "\x10"
                                 "b");
        assert_false(TYPE(&k, out, "\x10", "\x10"));
        assert_string_equal(out, "\x10");
        assert_true(TYPE(&k, out, "\x11"));
        assert_string_equal(out, "");
}

static void a_sequence_that_begins_in_itself_is_found(void **state) {
        DetachKeys k;
        char out[64];
        detach_keys_parse("a,a,b", &k);
        assert_true(TYPE(&k, out, "aaab"));
        assert_string_equal(out, "a");
        detach_keys_parse("a,b,a,c", &k);
        assert_true(TYPE(&k, out, "ab", "aba", "c"));
        assert_string_equal(out, "ab");
}

static void without_keys_everything_passes(void **state) {
        DetachKeys k;
        char out[64];
        detach_keys_parse("", &k);
        assert_false(TYPE(&k, out, "\x10\x11", "abc"));
        assert_string_equal(out, "\x10\x11"
                                 "abc");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(keys_are_characters_and_controls),
                cmocka_unit_test(what_no_key_types_is_refused),
                cmocka_unit_test(the_sequence_ends_it_and_what_is_before_passes),
                cmocka_unit_test(a_beginning_waits_and_passes_when_it_is_none),
                cmocka_unit_test(a_sequence_that_begins_in_itself_is_found),
                cmocka_unit_test(without_keys_everything_passes),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
