/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <errno.h>
#include <sys/stat.h>

#include "path-set.h"
#include "unpacking.h"

static void each_compression_gives_the_same_digest(void **state) {
        static const int filters[] = { ARCHIVE_FILTER_NONE, ARCHIVE_FILTER_GZIP, ARCHIVE_FILTER_BZIP2,
                ARCHIVE_FILTER_XZ, ARCHIVE_FILTER_ZSTD };
        static const Member members[] = { { "rootfs/a", "content", NULL }, {} };
        char digest[ARCHIVE_DIGEST_SIZE] = "";
        for (size_t i = 0; i < ELEMENTSOF(filters); i++) {
                _cleanup_close_ int fd = make_archive(members, UNPACK_ACI, filters[i]);
                ArchivePass p = { .fd = fd, .output = -1, .limits = &limits };
                assert_int_equal(archive_pass_run(&p), 0);
                if (i > 0)
                        assert_string_equal(p.digest, digest);
                strcpy(digest, p.digest);
                archive_pass_done(&p);
        }
}

static void truncated_compressed_data_is_refused_at_any_length(void **state) {
        static const int filters[] = { ARCHIVE_FILTER_GZIP, ARCHIVE_FILTER_BZIP2, ARCHIVE_FILTER_XZ,
                ARCHIVE_FILTER_ZSTD };
        static const Member members[] = { { "rootfs/a", "content", NULL }, {} };
        for (size_t i = 0; i < ELEMENTSOF(filters); i++) {
                _cleanup_close_ int fd = make_archive(members, UNPACK_ACI, filters[i]);
                struct stat st;
                assert_int_equal(fstat(fd, &st), 0);
                for (off_t size = st.st_size - 1; size > 0; size--) {
                        ArchivePass p = { .fd = fd, .output = -1, .limits = &limits };
                        assert_int_equal(ftruncate(fd, size), 0);
                        lseek(fd, 0, SEEK_SET);
                        assert_true(archive_pass_run(&p) < 0);
                        assert_non_null(p.error);
                        archive_pass_done(&p);
                }
        }
}

static void the_uppermost_layer_provides_a_file(void **state) {
        _cleanup_target_ Target t;
        target_open(&t);
        static const Member upper[] = { { "rootfs/both", "upper", NULL },
                { "rootfs/was-directory", "file now", NULL }, {} };
        static const Member lower[] = { { "rootfs/both", "lower", NULL }, { "rootfs/only", "lower", NULL },
                { "rootfs/was-directory", NULL, NULL }, { "rootfs/was-directory/below", "hidden", NULL },
                {} };
        _cleanup_unpack_ Unpack *u = unpack_new(t.fd, false, UNPACK_ACI, &limits);
        assert_int_equal(take(u, UNPACK_ACI, upper, NULL), 0);
        assert_int_equal(take(u, UNPACK_ACI, lower, NULL), 0);
        assert_int_equal(unpack_finish(u), 0);
        assert_content(&t, "both", "upper");
        assert_content(&t, "only", "lower");
        assert_content(&t, "was-directory", "file now");
}

static void nothing_of_a_lower_layer_goes_through_a_link_of_an_upper_one(void **state) {
        _cleanup_target_ Target t;
        target_open(&t);
        _cleanup_unpack_ Unpack *u = unpack_new(t.fd, false, UNPACK_ACI, &limits);
        static const Member upper[] = { { "rootfs/real", NULL, NULL },
                { "rootfs/dir", "not a directory", NULL }, {} };
        static const Member lower[] = { { "rootfs/dir/file", "x", NULL }, { "rootfs/real/file", "y", NULL },
                {} };
        assert_int_equal(take(u, UNPACK_ACI, upper, NULL), 0);
        assert_int_equal(take(u, UNPACK_ACI, lower, NULL), 0);
        assert_content(&t, "dir", "not a directory");
        assert_content(&t, "real/file", "y");
}

static void a_white_list_takes_files_and_leaves_directories(void **state) {
        _cleanup_target_ Target t;
        target_open(&t);
        _cleanup_unpack_ Unpack *u = unpack_new(t.fd, false, UNPACK_ACI, &limits);
        static const Member members[] = { { "rootfs/d", NULL, NULL }, { "rootfs/d/no", "no", NULL },
                { "rootfs/yes", "yes", NULL }, {} };
        char *paths[] = { (char *) "yes" };
        Whitelist list = { paths, 1 };
        struct stat st;
        assert_int_equal(take(u, UNPACK_ACI, members, &list), 0);
        assert_content(&t, "yes", "yes");
        assert_content(&t, "d/no", NULL);
        assert_int_equal(fstatat(t.fd, "d", &st, 0), 0);
}

static void a_hard_link_to_a_file_that_is_not_taken_gets_its_content(void **state) {
        _cleanup_target_ Target t;
        target_open(&t);
        _cleanup_unpack_ Unpack *u = unpack_new(t.fd, false, UNPACK_ACI, &limits);
        static const Member members[] = { { "rootfs/hidden", "content", NULL },
                { "rootfs/one", NULL, "rootfs/hidden" }, { "rootfs/dir/two", NULL, "rootfs/hidden" }, {} };
        char *paths[] = { (char *) "dir/two", (char *) "one" };
        Whitelist list = { paths, 2 };
        struct stat one, two;
        assert_int_equal(take(u, UNPACK_ACI, members, &list), 0);
        assert_content(&t, "hidden", NULL);
        assert_content(&t, "one", "content");
        assert_int_equal(fstatat(t.fd, "one", &one, 0), 0);
        assert_int_equal(fstatat(t.fd, "dir/two", &two, 0), 0);
        assert_int_equal(one.st_ino, two.st_ino);
}

static void a_hard_link_does_not_reach_into_another_layer(void **state) {
        _cleanup_target_ Target t;
        target_open(&t);
        _cleanup_unpack_ Unpack *u = unpack_new(t.fd, false, UNPACK_ACI, &limits);
        static const Member upper[] = { { "rootfs/a", "upper", NULL }, {} };
        static const Member lower[] = { { "rootfs/a", "lower", NULL }, { "rootfs/link", NULL, "rootfs/a" },
                {} };
        assert_int_equal(take(u, UNPACK_ACI, upper, NULL), 0);
        assert_int_equal(take(u, UNPACK_ACI, lower, NULL), 0);
        assert_content(&t, "a", "upper");
        assert_content(&t, "link", "lower");
        static const Member third[] = { { "rootfs/again", NULL, "rootfs/a" }, {} };
        assert_int_equal(take(u, UNPACK_ACI, third, NULL), -ENOENT);
        assert_non_null(strstr(unpack_error(u), "\"rootfs/again\""));
}

static void times_of_directories_are_those_of_the_archive(void **state) {
        _cleanup_target_ Target t;
        target_open(&t);
        _cleanup_unpack_ Unpack *u = unpack_new(t.fd, false, UNPACK_ACI, &limits);
        static const Member members[] = { { "rootfs/d", NULL, NULL }, { "rootfs/d/e", NULL, NULL },
                { "rootfs/d/e/f", "x", NULL }, {} };
        static const char *const paths[] = { ".", "d", "d/e", "d/e/f" };
        assert_int_equal(take(u, UNPACK_ACI, members, NULL), 0);
        assert_int_equal(unpack_finish(u), 0);
        for (size_t i = 0; i < ELEMENTSOF(paths); i++) {
                struct stat st;
                assert_int_equal(fstatat(t.fd, paths[i], &st, 0), 0);
                assert_int_equal(st.st_mtime, 1000000000);
                assert_int_equal(st.st_mode & 07777, 0755);
        }
}

static void a_failing_reader_does_not_block_the_rest(void **state) {
        static char large[1 << 20];
        memset(large, 'x', sizeof(large) - 1);
        const Member members[] = { { "../out", "x", NULL }, { "rootfs/1", large, NULL },
                { "rootfs/2", large, NULL }, {} };
        for (int i = 0; i < 20; i++) {
                _cleanup_unpack_ Unpack *u = unpack_new(-1, false, UNPACK_ACI, &limits);
                assert_int_equal(take(u, UNPACK_ACI, members, NULL), -EINVAL);
        }
}

static void a_path_set_remembers_what_was_put_last(void **state) {
        PathSet *s = path_set_new();
        for (unsigned round = 0; round < 2; round++)
                for (unsigned i = 0; i < 20000; i++) {
                        char path[32];
                        int n = snprintf(path, sizeof(path), "dir/%u", i);
                        PathKind expected = round == 0 ? PATH_ABSENT : PATH_IMPLIED;
                        assert_int_equal(path_set_get(s, path, n).kind, expected);
                        path_set_put(s, path, n,
                                        (PathNote){ .kind = round == 0 ? PATH_IMPLIED : PATH_DIRECTORY,
                                                        .layer = round });
                        assert_int_equal(path_set_get(s, path, n).layer, round);
                }
        path_set_free(s);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_compression_gives_the_same_digest),
                cmocka_unit_test(truncated_compressed_data_is_refused_at_any_length),
                cmocka_unit_test(the_uppermost_layer_provides_a_file),
                cmocka_unit_test(nothing_of_a_lower_layer_goes_through_a_link_of_an_upper_one),
                cmocka_unit_test(a_white_list_takes_files_and_leaves_directories),
                cmocka_unit_test(a_hard_link_to_a_file_that_is_not_taken_gets_its_content),
                cmocka_unit_test(a_hard_link_does_not_reach_into_another_layer),
                cmocka_unit_test(times_of_directories_are_those_of_the_archive),
                cmocka_unit_test(a_failing_reader_does_not_block_the_rest),
                cmocka_unit_test(a_path_set_remembers_what_was_put_last),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
