/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>

#include "alloc.h"
#include "blob.h"
#include "file.h"
#include "image-lookup.h"
#include "image-parts.h"
#include "image-record.h"
#include "image-remove.h"
#include "oci-digest.h"
#include "oci-import.h"
#include "sha256.h"
#include "store-reference.h"
#include "temporary-store.h"
#include "temporary.h"

#define REFERENCE "localhost:5000/some/app:1"

/* An image without layers, whose manifest is the text: its ID. */
static char *import(const char *manifest, const char *reference) {
        _cleanup_free_ char *digest = sha256_digest(manifest, strlen(manifest)),
                            *config_digest = sha256_digest("config", 6);
        const OciImportRequest q = {
                .source = "a test",
                .manifest = manifest,
                .manifest_size = strlen(manifest),
                .manifest_digest = digest,
                .config = "config",
                .config_size = 6,
                .config_digest = config_digest,
                .image_manifest = "{\"acKind\": \"ImageManifest\", \"acVersion\": \"0.8.11\", "
                                  "\"name\": \"localhost-5000/some/app\"}",
                .reference = reference,
        };
        char *id;
        assert_int_equal(oci_import_commit(store, &q, &id), 0);
        return id;
}

static char *reference_of(const char *id) {
        _cleanup_image_record_ ImageRecord *record = NULL;
        assert_int_equal(image_record_load(store, id, &record, NULL), 0);
        return xstrdup(record->reference);
}

static void assert_found(const char *reference, const char *expected) {
        _cleanup_free_ char *id = NULL;
        assert_int_equal(store_reference_find(store, reference, &id), expected ? 0 : -ENOENT);
        if (expected)
                assert_string_equal(id, expected);
}

static void references_are_names_that_cannot_lead_elsewhere(void **state) {
        static const char *const good[] = { "docker.io/library/redis:7", "localhost:5000/a:b",
                "[::1]:5000/a:1", "a.b/c@sha256:00", "h/a/b/c/d:1.2_3-x" };
        static const char *const bad[] = { "", "redis", "redis:7", "h/", "h//a:1", "/h/a:1", "h/../a:1",
                "h/..:1/x", "h/.", "h/a", "h/a:1/b:2", "h/a:1 ", "h/a:1\n", "h/a:\x01", "../a:1" };
        for (size_t i = 0; i < ELEMENTSOF(good); i++)
                assert_true(store_reference_is_valid(good[i]));
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                if (store_reference_is_valid(bad[i]))
                        fail_msg("%s", bad[i]);
}

static void an_image_is_found_by_its_name_until_another_gets_it(void **state) {
        _cleanup_free_ char *first = import("one", REFERENCE), *title = NULL, *old = NULL, *again = NULL;
        assert_found(REFERENCE, first);
        assert_found("localhost:5000/some/app:2", NULL);
        assert_found("localhost:5000/some:1", NULL);
        _cleanup_free_ char *second = import("two", REFERENCE);
        assert_string_not_equal(first, second);
        assert_found(REFERENCE, second);
        /* the other one is known by its digest now */
        old = reference_of(first);
        title = xasprintf("localhost:5000/some/app@sha256:%s", first + strlen("sha256-"));
        assert_string_equal(old, title);
        again = import("two", NULL);
        assert_string_equal(again, second);
        free(TAKE_PTR(old));
        old = reference_of(second);
        assert_string_equal(old, REFERENCE);
}

static void an_image_that_is_there_is_found_by_its_digest_if_all_of_it_is_there(void **state) {
        _cleanup_free_ char *digest = sha256_digest("one", 3), *id = NULL, *found = NULL, *reference = NULL;
        assert_int_equal(oci_import_find(store, digest, REFERENCE, &found), 0);
        id = import("one", NULL);
        assert_int_equal(oci_import_find(store, digest, REFERENCE, &found), 1);
        assert_string_equal(found, id);
        assert_found(REFERENCE, id);
        reference = reference_of(id);
        assert_string_equal(reference, REFERENCE);
        assert_int_equal(blob_remove(store, id), 0);
        free(TAKE_PTR(found));
        assert_int_equal(oci_import_find(store, digest, REFERENCE, &found), 0);
}

static void blobs_that_images_share_go_with_the_last_of_them(void **state) {
        _cleanup_free_ char *first = import("one", REFERENCE), *second = import("two", NULL),
                            *digest = sha256_digest("config", 6), *config = oci_digest_to_id(digest);
        const char *const ids[] = { first, second };
        for (size_t i = 0; i < ELEMENTSOF(ids); i++) {
                _cleanup_image_record_ ImageRecord *removed = NULL;
                _cleanup_image_parts_ ImageParts *left = NULL;
                ImageRecord **records;
                size_t n;
                assert_int_equal(image_record_load(store, ids[i], &removed, NULL), 0);
                assert_int_equal(image_remove(store, ids[i], NULL), 0);
                assert_int_equal(image_records_load(store, &records, &n), 0);
                left = image_parts_new(records, n);
                assert_int_equal(image_parts_release(store, &removed, 1, left, NULL), 0);
                assert_int_equal(blob_size(store, ids[i]), -ENOENT);
                assert_int_equal(blob_size(store, config), i == 0 ? 6 : -ENOENT);
                image_records_free(records, n);
        }
        assert_found(REFERENCE, NULL);
        assert_int_equal(faccessat(store_fd(store), STORE_REFERENCES "/localhost:5000", F_OK, 0), -1);
}

static void a_layer_is_in_the_store_with_its_blob_and_its_tree(void **state) {
        _cleanup_free_ char *digest = sha256_digest("blob", 4), *id = oci_digest_to_id(digest), *path = NULL;
        assert_false(store_has_layer(store, digest, digest));
        _cleanup_close_ int fd = temporary_file(store, &path);
        assert_true(fd >= 0);
        assert_int_equal(blob_commit(store, path, id), 0);
        assert_int_equal(store_has_layer(store, digest, digest), !store_takes_layer_trees(store));
        _cleanup_free_ char *tree = xasprintf(STORE_TREES "/layer-%s", id);
        if (mkdirat(store_fd(store), tree, 0700) >= 0)
                assert_true(store_has_layer(store, digest, digest));
        assert_false(store_has_layer(store, "sha512:aa", digest));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(references_are_names_that_cannot_lead_elsewhere),
                cmocka_unit_test_setup_teardown(
                                an_image_is_found_by_its_name_until_another_gets_it, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                                an_image_that_is_there_is_found_by_its_digest_if_all_of_it_is_there, set_up,
                                tear_down),
                cmocka_unit_test_setup_teardown(
                                blobs_that_images_share_go_with_the_last_of_them, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                                a_layer_is_in_the_store_with_its_blob_and_its_tree, set_up, tear_down),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
