/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "alloc.h"
#include "file.h"
#include "image-lookup.h"
#include "image-name.h"
#include "image-record.h"
#include "image-remove.h"
#include "remote.h"
#include "strv.h"
#include "sweep.h"
#include "temporary-store.h"
#include "temporary.h"

/* "sha512-" and 64 digits: the prefix, then zeros. */
static char *make_id(const char *digits) {
        char *id = xasprintf("sha512-%s", digits);
        char *whole = xmalloc(STORE_ID_LENGTH + 1);
        memset(whole, '0', STORE_ID_LENGTH);
        memcpy(whole, id, strlen(id));
        whole[STORE_ID_LENGTH] = 0;
        free(id);
        return whole;
}

typedef struct Sample {
        const char *digits, *name, *version, *dependencies;
        int64_t time;
        bool latest;
} Sample;

static void add_image(const Sample *sample) {
        _cleanup_image_record_ ImageRecord *r = xnew(ImageRecord, 1);
        r->id = make_id(sample->digits);
        r->name = xstrdup(sample->name);
        if (sample->version)
                name_values_set(&r->labels, "version", sample->version);
        name_values_set(&r->labels, "os", "linux");
        r->import_time = r->last_used = sample->time;
        r->latest = sample->latest;
        r->blob_size = 10;
        assert_int_equal(image_record_save(store, r), 0);
        assert_int_equal(image_name_add(store, r->name, r->id), 0);
        _cleanup_free_ char *path = xasprintf(STORE_MANIFESTS "/%s", r->id);
        _cleanup_free_ char *manifest = xasprintf("{\"acKind\": \"ImageManifest\", \"acVersion\": "
                                                  "\"0.8.11\", \"name\": \"%s\", \"dependencies\": [%s]}",
                        sample->name, sample->dependencies ?: "");
        assert_int_equal(write_string_at(store_fd(store), path, manifest, 0660), 0);
}

static void assert_resolves(const char *reference, const char *digits) {
        _cleanup_free_ char *id = NULL, *expected = make_id(digits), *error = NULL;
        assert_int_equal(store_resolve(store, reference, &id, &error), 0);
        assert_string_equal(id, expected);
}

static void assert_does_not_resolve(const char *reference, int error_number) {
        _cleanup_free_ char *id = NULL, *error = NULL;
        assert_int_equal(store_resolve(store, reference, &id, &error), error_number);
        assert_non_null(error);
}

static void directories_have_the_modes_of_the_contract(void **state) {
        struct stat st;
        assert_int_equal(fstat(store_fd(store), &st), 0);
        assert_int_equal(st.st_mode & 07777, 02770);
        assert_int_equal(fstatat(store_fd(store), STORE_TREES, &st, 0), 0);
        assert_int_equal(st.st_mode & 07777, 02700);
}

static void an_id_is_found_by_its_beginning(void **state) {
        add_image(&(Sample){ "abc1", "example.com/a", "1", NULL, 1, false });
        add_image(&(Sample){ "abc2", "example.com/b", "1", NULL, 1, false });
        assert_resolves("sha512-abc1", "abc1");
        assert_does_not_resolve("sha512-abc", -ENOTUNIQ);
        assert_does_not_resolve("sha512-ff", -ENOENT);
        assert_does_not_resolve("sha512-a", -EINVAL);
        assert_does_not_resolve("sha512-ABC1", -EINVAL);
        _cleanup_free_ char *whole = make_id("abc2"),
                            *hash = xasprintf("%s%s", whole, whole + strlen("sha512-"));
        assert_resolves(hash, "abc2");
}

static void a_name_means_the_latest_flag_and_then_the_newest_import(void **state) {
        add_image(&(Sample){ "11", "example.com/app", "1", NULL, 100, false });
        add_image(&(Sample){ "22", "example.com/app", "2", NULL, 300, false });
        add_image(&(Sample){ "33", "example.com/app", "2", NULL, 200, false });
        assert_resolves("example.com/app", "22");
        assert_resolves("example.com/app:2", "22");
        assert_resolves("example.com/app:1", "11");
        assert_resolves("example.com/app:1,os=linux", "11");
        assert_does_not_resolve("example.com/app:1,os=freebsd", -ENOENT);
        assert_does_not_resolve("example.com/app:3", -ENOENT);
        assert_does_not_resolve("example.com", -ENOENT);
        add_image(&(Sample){ "44", "example.com/app", "0", NULL, 50, true });
        assert_resolves("example.com/app", "44");
        assert_resolves("example.com/app:2", "22");
}

static void a_name_below_another_name_is_another_image(void **state) {
        add_image(&(Sample){ "11", "example.com/app", NULL, NULL, 1, false });
        add_image(&(Sample){ "22", "example.com/app/sub", NULL, NULL, 2, false });
        assert_resolves("example.com/app", "11");
        assert_resolves("example.com/app/sub", "22");
}

static void names_that_are_no_paths_do_not_leave_the_index(void **state) {
        assert_does_not_resolve("../image", -EINVAL);
        assert_does_not_resolve("a//b", -EINVAL);
}

static void dependencies_are_flattened_in_rkts_order(void **state) {
        add_image(&(Sample){ "d0", "example.com/d", NULL, NULL, 1, false });
        add_image(&(Sample){ "c0", "example.com/c", NULL, "{\"imageName\": \"example.com/d\"}", 1, false });
        add_image(&(Sample){ "b0", "example.com/b", NULL, NULL, 1, false });
        add_image(&(Sample){ "a0", "example.com/a", NULL,
                        "{\"imageName\": \"example.com/b\"}, {\"imageName\": \"example.com/c\"}", 1,
                        false });
        _cleanup_free_ char *a = make_id("a0"), *b = make_id("b0"), *c = make_id("c0"), *d = make_id("d0");
        _cleanup_strv_ char **ids = NULL;
        assert_int_equal(store_flatten(store, a, &ids, NULL), 0);
        assert_int_equal(strv_length(ids), 4);
        assert_string_equal(ids[0], a);
        assert_string_equal(ids[1], c);
        assert_string_equal(ids[2], d);
        assert_string_equal(ids[3], b);
}

static void a_cycle_of_dependencies_is_an_error(void **state) {
        add_image(&(Sample){ "a0", "example.com/a", NULL, "{\"imageName\": \"example.com/b\"}", 1, false });
        add_image(&(Sample){ "b0", "example.com/b", NULL, "{\"imageName\": \"example.com/a\"}", 1, false });
        _cleanup_free_ char *a = make_id("a0"), *error = NULL;
        _cleanup_strv_ char **ids = NULL;
        assert_int_equal(store_flatten(store, a, &ids, &error), -ELOOP);
        assert_non_null(strstr(error, "depends on itself"));
}

static void a_fan_of_dependencies_ends(void **state) {
        /* each level twice the one before: 2^20 at the bottom */
        for (int level = 0; level < 20; level++) {
                char name[32], digits[8], dependencies[256] = "";
                snprintf(name, sizeof(name), "example.com/n%d", level);
                snprintf(digits, sizeof(digits), "%02x", level);
                if (level < 19)
                        snprintf(dependencies, sizeof(dependencies),
                                        "{\"imageName\": \"example.com/n%d\"}, {\"imageName\": "
                                        "\"example.com/n%d\"}",
                                        level + 1, level + 1);
                add_image(&(Sample){ digits, name, NULL, dependencies, 1, false });
        }
        _cleanup_free_ char *top = make_id("00"), *error = NULL;
        _cleanup_strv_ char **ids = NULL;
        assert_int_equal(store_flatten(store, top, &ids, &error), -E2BIG);
}

static void a_missing_dependency_is_named(void **state) {
        add_image(&(Sample){
                        "a0", "example.com/a", NULL, "{\"imageName\": \"example.com/gone\"}", 1, false });
        _cleanup_free_ char *a = make_id("a0"), *error = NULL;
        _cleanup_strv_ char **ids = NULL;
        assert_int_equal(store_flatten(store, a, &ids, &error), -ENOENT);
        assert_non_null(strstr(error, "example.com/gone"));
}

static void a_record_survives_writing_and_reading(void **state) {
        _cleanup_image_record_ ImageRecord *r = xnew(ImageRecord, 1), *again = NULL;
        r->id = make_id("ee");
        r->name = xstrdup("example.com/e");
        name_values_set(&r->labels, "version", "1\"2");
        r->import_time = 1795301957259708427;
        r->last_used = 1795301957259708428;
        r->latest = true;
        r->blob_size = 1;
        r->tree_size = 2;
        r->tree_id = xasprintf("deps-%s", r->id);
        strv_add(&r->tree_images, r->id);
        assert_int_equal(image_record_save(store, r), 0);
        assert_int_equal(image_record_load(store, r->id, &again, NULL), 0);
        assert_string_equal(again->name, r->name);
        assert_string_equal(name_values_get(&again->labels, "version"), "1\"2");
        assert_int_equal(again->import_time, r->import_time);
        assert_int_equal(again->last_used, r->last_used);
        assert_true(again->latest);
        assert_int_equal(again->tree_size, 2);
        assert_string_equal(again->tree_id, r->tree_id);
        assert_string_equal(again->tree_images[0], r->id);
}

static void broken_records_do_not_hide_the_others(void **state) {
        _cleanup_free_ char *broken = make_id("bb"), *path = xasprintf(STORE_IMAGES "/%s", broken);
        ImageRecord **records;
        size_t n;
        add_image(&(Sample){ "11", "example.com/app", NULL, NULL, 1, false });
        assert_int_equal(write_string_at(store_fd(store), path, "{\"id\": 5}", 0660), 0);
        assert_int_equal(image_records_list(store, &records, &n), 0);
        assert_int_equal(n, 1);
        image_records_free(records, n);
        assert_int_equal(image_records_load(store, &records, &n), 0);
        assert_int_equal(n, 1);
        image_records_free(records, n);
}

static void assert_listed(const char *text, const char *title, uint64_t size, bool short_way) {
        _cleanup_image_record_ ImageRecord *r = NULL;
        _cleanup_free_ char *error = NULL;
        if (image_record_parse_line("r", text, strlen(text), &r, &error) < 0)
                fail_msg("%s", error);
        _cleanup_free_ char *found = image_record_title(r);
        assert_string_equal(found, title);
        assert_int_equal(image_record_size(r), size);
        assert_int_equal(r->layers == NULL && r->tree_images == NULL, short_way);
}

#define SIXTEEN(digits) digits digits digits digits
#define SHA256_ID       "sha256-" SIXTEEN("abcd") SIXTEEN("abcd") SIXTEEN("abcd") SIXTEEN("abcd")
#define SHA512_ID       "sha512-" SIXTEEN("0123") SIXTEEN("0123") SIXTEEN("0123") SIXTEEN("0123")
#define LAYER(more)     "{\"blob\":\"" SHA256_ID "\",\"diffId\":\"" SHA256_ID "\",\"size\":7" more "}"
#define TREE            "\"tree\":{\"id\":\"deps-" SHA512_ID "\",\"size\":20,\"images\":[\"" SHA512_ID "\"]}"

static void a_list_reads_of_a_record_what_it_shows(void **state) {
        assert_listed("{\"id\":\"" SHA512_ID
                      "\",\"name\":\"a/b\",\"labels\":{\"os\":\"linux\",\"version\":\"1\"},"
                      "\"importTime\":5,\"size\":10," TREE "}",
                        "a/b:1", 30, true);
        assert_listed("{\"id\":\"" SHA256_ID
                      "\",\"name\":\"oci\",\"importTime\":5,\"size\":10,\"format\":\"oci\","
                      "\"config\":\"" SHA256_ID "\",\"reference\":\"localhost:5000/a:b\",\"layers\":[" LAYER(
                                      ",\"tree\":\"layer-" SHA256_ID
                                      "\",\"treeSize\":100") "," LAYER("") "]}",
                        "localhost:5000/a:b", 110, true);
        /* what it does not understand it leaves to the full reading */
        assert_listed("{\"i\\u0064\":\"" SHA512_ID
                      "\",\"name\":\"a/b\",\"importTime\":5,\"size\":1,\"size\":10," TREE "}",
                        "a/b", 30, false);
}

static void removing_an_image_leaves_nothing_of_it(void **state) {
        _cleanup_free_ char *id = make_id("11"), *error = NULL;
        _cleanup_remote_ Remote *loaded = NULL;
        Remote remote = { .url = (char *) "http://x/y.aci", .time = 5, .max_age = 3, .image_id = id };
        _cleanup_strv_ char **names = NULL, **manifests = NULL;
        add_image(&(Sample){ "11", "example.com/app", NULL, NULL, 1, false });
        assert_int_equal(remote_save(store, "key", &remote), 0);
        assert_int_equal(remote_load(store, "key", "http://other/y.aci", &loaded), -ENOENT);
        assert_int_equal(remote_load(store, "key", remote.url, &loaded), 0);
        assert_int_equal(loaded->max_age, 3);
        assert_int_equal(image_remove(store, id, &error), 0);
        assert_int_equal(image_remove(store, id, &error), -ENOENT);
        assert_int_equal(list_directory_at(store_fd(store), STORE_NAMES, &names), 0);
        assert_int_equal(list_directory_at(store_fd(store), STORE_MANIFESTS, &manifests), 0);
        assert_null(names[0]);
        assert_null(manifests[0]);
        assert_int_equal(faccessat(store_fd(store), STORE_REMOTES "/key", F_OK, 0), -1);
}

static void a_sweep_takes_temporaries_that_nobody_holds(void **state) {
        _cleanup_free_ char *held = NULL, *left = NULL, *tree = NULL;
        size_t n;
        _cleanup_close_ int held_fd = temporary_file(store, &held);
        int left_fd = temporary_file(store, &left);
        _cleanup_close_ int tree_fd = temporary_tree(store, &tree);
        assert_true(held_fd >= 0 && left_fd >= 0 && tree_fd >= 0);
        close(left_fd);
        assert_int_equal(temporary_sweep(store, UNFINISHED_GRACE, &n), 0);
        assert_int_equal(n, 1);
        assert_int_equal(faccessat(store_fd(store), held, F_OK, 0), 0);
        assert_int_equal(faccessat(store_fd(store), tree, F_OK, 0), 0);
        assert_int_equal(faccessat(store_fd(store), left, F_OK, 0), -1);
        close(TAKE_FD(tree_fd));
        assert_int_equal(temporary_sweep(store, UNFINISHED_GRACE, &n), 0);
        assert_int_equal(n, geteuid() == 0);
}

static void a_sweep_keeps_what_is_young_or_in_use(void **state) {
        _cleanup_store_use_ StoreUse use = {};
        add_image(&(Sample){ "11", "example.com/old", NULL, NULL, 1, false });
        add_image(&(Sample){ "22", "example.com/used", NULL, NULL, 1, false });
        add_image(&(Sample){ "33", "example.com/touched", NULL, NULL, 1, false });
        strv_push(&use.images, make_id("22"));
        _cleanup_free_ char *touched = make_id("33");
        assert_int_equal(store_touch(store, touched), 0);
        assert_int_equal(store_sweep(store, &use, 1000000000), 0);
        assert_does_not_resolve("example.com/old", -ENOENT);
        assert_resolves("example.com/used", "22");
        assert_resolves("example.com/touched", "33");
        use.unknown = true;
        assert_int_equal(store_sweep(store, &use, 0), 0);
        assert_resolves("example.com/touched", "33");
        use.unknown = false;
        assert_int_equal(store_sweep(store, &use, 0), 0);
        assert_does_not_resolve("example.com/touched", -ENOENT);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
        const struct CMUnitTest tests[] = {
                TEST(directories_have_the_modes_of_the_contract),
                TEST(an_id_is_found_by_its_beginning),
                TEST(a_name_means_the_latest_flag_and_then_the_newest_import),
                TEST(a_name_below_another_name_is_another_image),
                TEST(names_that_are_no_paths_do_not_leave_the_index),
                TEST(dependencies_are_flattened_in_rkts_order),
                TEST(a_cycle_of_dependencies_is_an_error),
                TEST(a_fan_of_dependencies_ends),
                TEST(a_missing_dependency_is_named),
                TEST(a_record_survives_writing_and_reading),
                TEST(broken_records_do_not_hide_the_others),
                TEST(a_list_reads_of_a_record_what_it_shows),
                TEST(removing_an_image_leaves_nothing_of_it),
                TEST(a_sweep_takes_temporaries_that_nobody_holds),
                TEST(a_sweep_keeps_what_is_young_or_in_use),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
