/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <sys/stat.h>

#include "unpacking.h"

#define FILE_(path)                                                                                         \
        { path, path, NULL, NULL }
#define DIR_(path)                                                                                          \
        { path, NULL, NULL, NULL }
#define WHITEOUT_ FILE_ /* by its name alone */
#define LINK_(path, to)                                                                                     \
        { path, NULL, NULL, to }

/* Takes one layer; its notes as "i:a/b o:c r: ", in their order. */
static char *take_single(const Target *t, const Member *members) {
        _cleanup_unpack_ Unpack *u = unpack_new(t->fd, false, UNPACK_OCI_LAYER, &limits);
        _cleanup_close_ int fd = memfd_create("notes", MFD_CLOEXEC);
        _cleanup_free_ char *notes = NULL;
        char *text = xstrdup("");
        size_t size;
        if (take(u, UNPACK_OCI_LAYER, members, NULL) < 0) {
                free(text);
                return xstrdup(unpack_error(u));
        }
        assert_int_equal(unpack_finish(u), 0);
        assert_int_equal(unpack_notes(u, fd), 0);
        lseek(fd, 0, SEEK_SET);
        assert_int_equal(read_fd(fd, 10000, &notes, &size), 0);
        for (const char *p = notes; p < notes + size; p += strlen(p) + 1) {
                char *longer = xasprintf("%s%c:%s ", text, *p, p + 1);
                free(text);
                text = longer;
        }
        return text;
}

static void assert_notes(const Target *t, const Member *members, const char *expected) {
        _cleanup_free_ char *notes = take_single(t, members);
        assert_string_equal(notes, expected);
}

static void assert_whiteout(const Target *t, const char *path) {
        struct stat st;
        assert_int_equal(fstatat(t->fd, path, &st, AT_SYMLINK_NOFOLLOW), 0);
        assert_true(S_ISCHR(st.st_mode));
        assert_int_equal(st.st_rdev, 0);
}

static void assert_type(const Target *t, const char *path, mode_t type) {
        struct stat st;
        int r = fstatat(t->fd, path, &st, AT_SYMLINK_NOFOLLOW);
        assert_int_equal(r, type == 0 ? -1 : 0);
        if (type != 0)
                assert_int_equal(st.st_mode & S_IFMT, type);
}

static void a_whiteout_becomes_that_of_overlayfs(void **state) {
        _cleanup_target_ Target t;
        target_open(&t);
        static const Member members[] = { DIR_("./"), DIR_("d"), WHITEOUT_("d/.wh.gone"),
                WHITEOUT_(".wh.top"), {} };
        assert_notes(&t, members, "r: w:d/gone ");
        assert_whiteout(&t, "d/gone");
        assert_whiteout(&t, "top");
        assert_type(&t, "d/.wh.gone", 0);
}

static void an_entry_counts_before_and_behind_a_whiteout_of_its_path(void **state) {
        static const Member before[] = { FILE_("f"), WHITEOUT_(".wh.f"), DIR_("d"), WHITEOUT_(".wh.d"),
                FILE_("e/x"), WHITEOUT_(".wh.e"), {} };
        static const Member behind[] = { WHITEOUT_(".wh.f"), FILE_("f"), WHITEOUT_(".wh.d"), DIR_("d"),
                WHITEOUT_(".wh.e"), FILE_("e/x"), {} };
        const Member *const both[] = { before, behind };
        for (size_t i = 0; i < ELEMENTSOF(both); i++) {
                _cleanup_target_ Target t;
                target_open(&t);
                /* the directories are new ones: nothing of those below is to be seen, nor their modes */
                assert_notes(&t, both[i], "o:d o:e ");
                assert_content(&t, "f", "f");
                assert_type(&t, "d", S_IFDIR);
                assert_content(&t, "e/x", "e/x");
        }
}

static void an_opaque_directory_is_noted_wherever_the_marker_stands(void **state) {
        static const Member first[] = { DIR_("d"), WHITEOUT_("d/.wh..wh..opq"), FILE_("d/x"), {} };
        static const Member last[] = { DIR_("d"), FILE_("d/x"), WHITEOUT_("d/.wh..wh..opq"), {} };
        static const Member alone[] = { FILE_("d/x"), WHITEOUT_("d/.wh..wh..opq"),
                WHITEOUT_("d/.wh..wh..opq"), FILE_("d/e/y"), {} };
        static const Member root[] = { WHITEOUT_(".wh..wh..opq"), FILE_("d/x"), {} };
        const struct {
                const Member *members;
                const char *notes;
        } cases[] = {
                { first, "o:d " },
                { last, "o:d " },
                { alone, "i:d o:d " }, /* d/e cannot be in a layer below */
                { root, "o: " },
        };
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_target_ Target t;
                target_open(&t);
                assert_notes(&t, cases[i].members, cases[i].notes);
                assert_content(&t, "d/x", "d/x");
                assert_type(&t, "d/.wh..wh..opq", 0);
        }
}

static void a_whiteout_in_a_directory_that_hides_all_is_left_out(void **state) {
        static const Member first[] = { WHITEOUT_("d/.wh.x"), WHITEOUT_("d/e/.wh.y"),
                WHITEOUT_("d/.wh..wh..opq"), {} };
        static const Member last[] = { DIR_("d"), WHITEOUT_(".wh.d"), DIR_("d/e"), WHITEOUT_("d/e/.wh.y"),
                {} };
        const Member *const both[] = { first, last };
        for (size_t i = 0; i < ELEMENTSOF(both); i++) {
                _cleanup_target_ Target t;
                target_open(&t);
                assert_notes(&t, both[i], i == 0 ? "i:d o:d " : "o:d ");
                assert_type(&t, "d/e", S_IFDIR);
                assert_type(&t, "d/x", 0);
                assert_type(&t, "d/e/y", 0);
        }
}

static void directories_that_are_only_part_of_paths_are_noted(void **state) {
        _cleanup_target_ Target t;
        target_open(&t);
        static const Member members[] = { FILE_("a/b/c"), FILE_("d/e"), DIR_("d"), WHITEOUT_("g/.wh.h"),
                {} };
        assert_notes(&t, members, "i:a i:a/b i:g w:g/h ");
        assert_whiteout(&t, "g/h");
}

static void other_files_of_aufs_are_left_out(void **state) {
        _cleanup_target_ Target t;
        target_open(&t);
        static const Member members[] = { FILE_(".wh..wh.aufs"), DIR_(".wh..wh.plnk"),
                FILE_(".wh..wh.plnk/1.2"), FILE_("a/.wh..wh.orph/x"), FILE_("f"), {} };
        assert_notes(&t, members, "");
        assert_content(&t, "f", "f");
        assert_type(&t, ".wh..wh.plnk", 0);
        assert_type(&t, "a", 0);
}

static void the_last_of_several_entries_counts(void **state) {
        _cleanup_target_ Target t;
        target_open(&t);
        static const Member members[] = { { "f", "old", NULL, NULL }, { "other", NULL, "f", NULL },
                { "f", "new", NULL, NULL }, LINK_("l", "f"), { "l", "file", NULL, NULL }, FILE_("d"),
                DIR_("d"), FILE_("d/x"), DIR_("d"), {} };
        assert_notes(&t, members, "");
        assert_content(&t, "f", "new");
        assert_content(&t, "other", "old");
        assert_content(&t, "l", "file");
        assert_content(&t, "d/x", "d/x");
}

static void paths_may_be_absolute_and_go_through_links_of_the_layer(void **state) {
        _cleanup_target_ Target t;
        target_open(&t);
        static const Member members[] = { DIR_("/"), DIR_("/usr/lib"), LINK_("/lib", "usr/lib"),
                FILE_("/usr/lib/x"), { "lib/x", "again", NULL, NULL }, { "/y", NULL, "/usr/lib/x", NULL },
                {} };
        assert_notes(&t, members, "r: i:usr ");
        assert_content(&t, "usr/lib/x", "again");
        assert_content(&t, "y", "again");
}

static void what_no_layer_can_mean_is_refused(void **state) {
        static const struct {
                Member members[4];
                const char *error;
        } cases[] = {
                { { FILE_("a/../b"), {} }, "\"a/../b\": its path has \"..\" in it" },
                { { WHITEOUT_("a/.wh."), {} }, "a whiteout of nothing" },
                { { WHITEOUT_(".wh.."), {} }, "a whiteout of nothing" },
                { { WHITEOUT_("a/.wh..."), {} }, "a whiteout of nothing" },
                { { FILE_("a/.wh.b/c"), {} }, "it lies in what can only be a whiteout" },
                { { FILE_("a"), FILE_("a/b"), {} }, "cannot reach the directory it lies in" },
                { { FILE_("a/b"), FILE_("a"), {} }, "a directory of this path" },
                { { { "l", NULL, "f", NULL }, FILE_("f"), {} }, "does not come before it" },
                { { FILE_("f"), { "f", NULL, "f", NULL }, {} }, "does not come before it" },
                { { WHITEOUT_(".wh.f"), { "l", NULL, "f", NULL }, {} }, "does not come before it" },
                { { LINK_("l", "../x"), {} }, "a symbolic link out of the image" },
                { { FILE_("."), {} }, "the top must be a directory" },
                { { LINK_("l", "d"), WHITEOUT_("l/.wh..wh..opq"), {} }, "" },
        };
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_target_ Target t;
                target_open(&t);
                _cleanup_free_ char *error = take_single(&t, cases[i].members);
                assert_true(startswith(error, "entry "));
                assert_non_null(strstr(error, cases[i].error));
        }
}

/* Layers, uppermost first, laid over each other. */
static void merge(const Target *t, const Member *const *layers, size_t n) {
        _cleanup_unpack_ Unpack *u = unpack_new(t->fd, false, UNPACK_OCI, &limits);
        for (size_t i = 0; i < n; i++)
                assert_int_equal(take(u, UNPACK_OCI, layers[i], NULL), 0);
        assert_int_equal(unpack_finish(u), 0);
}
#define MERGE(t, ...)                                                                                       \
        merge(t, (const Member *const[]){ __VA_ARGS__ },                                                    \
                        sizeof((const Member *const[]){ __VA_ARGS__ }) / sizeof(Member *))

static const Member base[] = { DIR_("d"), FILE_("d/x"), DIR_("d/e"), FILE_("d/e/y"), FILE_("f"), {} };

static void a_whiteout_hides_what_is_below_and_only_that(void **state) {
        _cleanup_target_ Target t;
        target_open(&t);
        static const Member middle[] = { WHITEOUT_(".wh.f"), WHITEOUT_("d/.wh.e"), FILE_("new"), {} };
        static const Member top[] = { WHITEOUT_(".wh.new"), FILE_("d/e/z"), {} };
        MERGE(&t, top, middle, base);
        assert_type(&t, "f", 0);
        assert_type(&t, "new", 0);
        assert_content(&t, "d/x", "d/x");
        assert_content(&t, "d/e/z", "d/e/z");
        assert_type(&t, "d/e/y", 0);
}

static void an_opaque_directory_shows_its_own_layer_and_those_above(void **state) {
        _cleanup_target_ Target t;
        target_open(&t);
        static const Member middle[] = { FILE_("d/m"), WHITEOUT_("d/.wh..wh..opq"), {} };
        static const Member top[] = { FILE_("d/t"), {} };
        MERGE(&t, top, middle, base);
        assert_content(&t, "d/t", "d/t");
        assert_content(&t, "d/m", "d/m");
        assert_type(&t, "d/x", 0);
        assert_type(&t, "d/e", 0);
        assert_content(&t, "f", "f");
}

static void an_opaque_root_shows_nothing_of_what_is_below(void **state) {
        _cleanup_target_ Target t;
        target_open(&t);
        static const Member top[] = { FILE_("d/t"), WHITEOUT_(".wh..wh..opq"), {} };
        MERGE(&t, top, base);
        assert_content(&t, "d/t", "d/t");
        assert_type(&t, "d/x", 0);
        assert_type(&t, "f", 0);
}

static void a_directory_over_a_file_over_a_directory_shows_the_first_only(void **state) {
        _cleanup_target_ Target t;
        target_open(&t);
        static const Member middle[] = { { "d", "a file", NULL, NULL }, {} };
        static const Member top[] = { DIR_("d"), FILE_("d/t"), {} };
        MERGE(&t, top, middle, base);
        assert_content(&t, "d/t", "d/t");
        assert_type(&t, "d/x", 0);
}

static void a_directory_gets_its_mode_from_the_layer_that_hides_those_below(void **state) {
        _cleanup_target_ Target t;
        target_open(&t);
        struct stat st;
        static const Member middle[] = { WHITEOUT_(".wh.d"), DIR_("d"), {} };
        static const Member top[] = { FILE_("d/t"), {} };
        MERGE(&t, top, middle, base);
        assert_int_equal(fstatat(t.fd, "d", &st, 0), 0);
        assert_int_equal(st.st_mtime, 1000000000); /* which an implied one does not have */
        static const Member whiteout[] = { WHITEOUT_(".wh.d"), {} };
        _cleanup_target_ Target other;
        target_open(&other);
        MERGE(&other, top, whiteout, base);
        assert_int_equal(fstatat(other.fd, "d", &st, 0), 0);
        assert_int_not_equal(st.st_mtime, 1000000000);
}

static void a_file_through_a_link_of_its_layer_does_not_replace_one_above(void **state) {
        _cleanup_target_ Target t;
        target_open(&t);
        static const Member lower[] = { DIR_("usr"), LINK_("l", "usr"), FILE_("l/x"), FILE_("l/z"), {} };
        static const Member top[] = { DIR_("usr"), { "usr/x", "upper", NULL, NULL }, {} };
        MERGE(&t, top, lower);
        assert_content(&t, "usr/x", "upper");
        assert_content(&t, "usr/z", "l/z");
}

static void a_hard_link_to_a_file_that_a_layer_above_hides_has_its_content(void **state) {
        _cleanup_target_ Target t;
        target_open(&t);
        static const Member lower[] = { FILE_("a"), { "b", NULL, "a", NULL }, {} };
        static const Member top[] = { WHITEOUT_(".wh.a"), {} };
        _cleanup_unpack_ Unpack *u = unpack_new(t.fd, false, UNPACK_OCI, &limits);
        assert_int_equal(take(u, UNPACK_OCI, top, NULL), 0);
        assert_int_equal(take(u, UNPACK_OCI, lower, NULL), 0);
        assert_content(&t, "b", "a");
        assert_type(&t, "a", 0);
}

static void a_layer_of_no_bytes_changes_nothing(void **state) {
        _cleanup_target_ Target t;
        target_open(&t);
        _cleanup_unpack_ Unpack *u = unpack_new(t.fd, false, UNPACK_OCI_LAYER, &limits);
        _cleanup_close_ int fd = memfd_create("empty", MFD_CLOEXEC);
        Use use = { u, NULL, 0 };
        ArchivePass p = { .fd = fd,
                .output = -1,
                .limits = &limits,
                .use = use_layer,
                .userdata = &use,
                .algorithm = ARCHIVE_SHA256,
                .unended = true };
        assert_int_equal(archive_pass_run(&p), 0);
        assert_string_equal(p.digest, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        archive_pass_done(&p);
}

static int take_cut(const Target *t, UnpackFormat format, size_t size) {
        static const Member members[] = { { "rootfs/f", "content", NULL, NULL }, {} };
        _cleanup_unpack_ Unpack *u = unpack_new(t->fd, false, format, &limits);
        _cleanup_close_ int fd = make_archive(members, format, ARCHIVE_FILTER_NONE);
        Use use = { u, NULL, 0 };
        off_t end = lseek(fd, 0, SEEK_END);
        assert_int_equal(ftruncate(fd, end - 1536 + size), 0); /* the file's block, and two at the end */
        lseek(fd, 0, SEEK_SET);
        ArchivePass p = { .fd = fd,
                .output = -1,
                .limits = &limits,
                .use = use_layer,
                .userdata = &use,
                .unended = format != UNPACK_ACI };
        int r = archive_pass_run(&p);
        archive_pass_done(&p);
        return r;
}

static void the_padding_of_the_last_file_may_be_missing_but_none_of_its_data(void **state) {
        static const struct {
                UnpackFormat format;
                size_t size;
                int result;
        } cases[] = {
                { UNPACK_OCI_LAYER, 512, 0 },
                { UNPACK_OCI_LAYER, strlen("content"), 0 },
                { UNPACK_OCI_LAYER, 6, -EBADMSG },
                { UNPACK_OCI_LAYER, 0, -EBADMSG },
                { UNPACK_ACI, strlen("content"), -EBADMSG },
        };
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_target_ Target t;
                target_open(&t);
                assert_int_equal(take_cut(&t, cases[i].format, cases[i].size), cases[i].result);
                if (cases[i].result == 0)
                        assert_content(&t, "rootfs/f", "content");
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_whiteout_becomes_that_of_overlayfs),
                cmocka_unit_test(an_entry_counts_before_and_behind_a_whiteout_of_its_path),
                cmocka_unit_test(an_opaque_directory_is_noted_wherever_the_marker_stands),
                cmocka_unit_test(a_whiteout_in_a_directory_that_hides_all_is_left_out),
                cmocka_unit_test(directories_that_are_only_part_of_paths_are_noted),
                cmocka_unit_test(other_files_of_aufs_are_left_out),
                cmocka_unit_test(the_last_of_several_entries_counts),
                cmocka_unit_test(paths_may_be_absolute_and_go_through_links_of_the_layer),
                cmocka_unit_test(what_no_layer_can_mean_is_refused),
                cmocka_unit_test(a_whiteout_hides_what_is_below_and_only_that),
                cmocka_unit_test(an_opaque_directory_shows_its_own_layer_and_those_above),
                cmocka_unit_test(an_opaque_root_shows_nothing_of_what_is_below),
                cmocka_unit_test(a_directory_over_a_file_over_a_directory_shows_the_first_only),
                cmocka_unit_test(a_directory_gets_its_mode_from_the_layer_that_hides_those_below),
                cmocka_unit_test(a_file_through_a_link_of_its_layer_does_not_replace_one_above),
                cmocka_unit_test(a_hard_link_to_a_file_that_a_layer_above_hides_has_its_content),
                cmocka_unit_test(a_layer_of_no_bytes_changes_nothing),
                cmocka_unit_test(the_padding_of_the_last_file_may_be_missing_but_none_of_its_data),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
