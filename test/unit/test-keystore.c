/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>

#include "alloc.h"
#include "file.h"
#include "keystore.h"
#include "log.h"

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static char directory[] = "/tmp/test-keystore-XXXXXX";
static char *system_dir, *local_dir;
static Keystore store;

static int set_up(void **state) {
        strcpy(directory, "/tmp/test-keystore-XXXXXX");
        assert_non_null(mkdtemp(directory));
        store.system = system_dir = xasprintf("%s/system", directory);
        store.local = local_dir = xasprintf("%s/local", directory);
        return 0;
}

static int tear_down(void **state) {
        remove_tree_at(AT_FDCWD, directory, false);
        free(system_dir);
        free(local_dir);
        return 0;
}

static void put(const char *base, const char *where, const char *name, const char *text) {
        _cleanup_free_ char *path = xasprintf("%s/trustedkeys/%s", base, where);
        _cleanup_free_ char *file = xasprintf("%s/%s", path, name);
        assert_int_equal(mkdir_parents_at(AT_FDCWD, path, 0755), 0);
        assert_int_equal(write_string_at(AT_FDCWD, file, text, 0644), 0);
}

/* The directory from which the key is taken for that name; NULL: not trusted. */
static bool trusts(const char *name, const char *fingerprint) {
        _cleanup_trusted_keys_ TrustedKeys keys = {};
        assert_int_equal(keystore_load(&store, name, &keys), 0);
        return trusted_keys_find(&keys, fingerprint) != NULL;
}

static void a_key_holds_for_its_prefix_and_what_is_below(void **state) {
        put(local_dir, "prefix.d/example.com/app", A, "key");
        put(system_dir, "prefix.d/example.com", B, "key");
        assert_true(trusts("example.com/app", A));
        assert_true(trusts("example.com/app/x/y", A));
        assert_false(trusts("example.com/application", A));
        assert_false(trusts("example.com", A));
        assert_false(trusts("example.org/app", A));
        assert_true(trusts("example.com/app", B));
        assert_false(trusts("example.co", B));
}

static void a_root_key_holds_for_every_name(void **state) {
        put(system_dir, "root.d", A, "key");
        assert_true(trusts("example.com/app", A));
        assert_true(trusts("x", A));
        assert_false(trusts("x", B));
}

static void an_empty_local_file_masks_what_comes_before(void **state) {
        put(system_dir, "root.d", A, "key");
        put(local_dir, "root.d", A, "");
        assert_false(trusts("example.com/app", A));
        put(local_dir, "prefix.d/example.com", A, "key");
        assert_true(trusts("example.com/app", A));
        assert_false(trusts("example.org/app", A));

        put(system_dir, "prefix.d/example.com/b", B, "key");
        put(local_dir, "prefix.d/example.com/b/c", B, "");
        assert_true(trusts("example.com/b", B));
        assert_true(trusts("example.com/b/d", B));
        assert_false(trusts("example.com/b/c/d", B));
}

static void a_key_that_is_masked_everywhere_is_not_among_all(void **state) {
        _cleanup_trusted_keys_ TrustedKeys keys = {}, more = {};
        put(system_dir, "root.d", A, "key");
        put(local_dir, "root.d", A, "");
        put(system_dir, "prefix.d/example.com/x/y", B, "key");
        assert_int_equal(keystore_load_all(&store, &keys), 0);
        assert_int_equal(keys.n, 1);
        assert_string_equal(keys.items[0].fingerprint, B);
        assert_string_equal(keys.items[0].prefix, "example.com/x/y");
        put(local_dir, "prefix.d/example.com/x", B, "");
        put(local_dir, "prefix.d/other", A, "key");
        assert_int_equal(keystore_load_all(&store, &more), 0);
        assert_int_equal(more.n, 1);
        assert_string_equal(more.items[0].fingerprint, A);
}

static void what_does_not_belong_there_is_refused(void **state) {
        _cleanup_trusted_keys_ TrustedKeys keys = {};
        put(local_dir, "root.d", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "");
        assert_int_equal(keystore_load(&store, "example.com/app", &keys), -EINVAL);
        assert_int_equal(keystore_load_all(&store, &keys), -EINVAL);
        assert_int_equal(keystore_load(&store, "../example", &keys), -EINVAL);
        assert_int_equal(keystore_load(&store, "", &keys), -EINVAL);
}

static void a_key_is_added_where_it_is_found(void **state) {
        _cleanup_free_ char *path = NULL, *root = NULL,
                            *expected = xasprintf("%s/trustedkeys/prefix.d/example.com/x/" A, local_dir);
        struct stat st;
        assert_int_equal(keystore_add(&store, "example.com/x", A, "key\n", 4, &path), 0);
        assert_string_equal(path, expected);
        assert_int_equal(keystore_add(&store, "", B, "key\n", 4, &root), 0);
        assert_true(trusts("example.com/x/y", A) && trusts("any", B));
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0644);
        *strrchr(path, '/') = 0;
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0775);
}

#define test(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void) {
        const struct CMUnitTest tests[] = {
                test(a_key_holds_for_its_prefix_and_what_is_below),
                test(a_root_key_holds_for_every_name),
                test(an_empty_local_file_masks_what_comes_before),
                test(a_key_that_is_masked_everywhere_is_not_among_all),
                test(what_does_not_belong_there_is_refused),
                test(a_key_is_added_where_it_is_found),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
