/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is looked up in an app's root: users, places for mounts, programs. The root is a hostile one. */

#include "unit.h"

#include <elf.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "alloc.h"
#include "executable.h"
#include "file.h"
#include "target.h"
#include "users.h"

typedef struct Fixture {
        char directory[64];
        int outside; /* the directory that root lies in */
        int root;
} Fixture;

static int set_up(void **state) {
        Fixture *f = xnew(Fixture, 1);
        snprintf(f->directory, sizeof(f->directory), "/tmp/test-app-XXXXXX");
        assert_non_null(mkdtemp(f->directory));
        f->outside = open(f->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        mkdirat(f->outside, "root", 0755);
        f->root = openat(f->outside, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        mkdirat(f->root, "etc", 0755);
        *state = f;
        return 0;
}

static int tear_down(void **state) {
        Fixture *f = *state;
        close(f->root);
        close(f->outside);
        remove_tree_at(AT_FDCWD, f->directory, true);
        free(f);
        return 0;
}

static void write_databases(Fixture *f) {
        write_string_at(f->root, "etc/passwd",
                        "root:x:0:0:root:/root:/bin/sh\nbroken\nmail:x:8:12::/var/mail:/bin/false\n", 0644);
        write_string_at(f->root, "etc/group", "root:x:0:\nmail:x:12:\nusers:x:100:mail\n", 0644);
}

static void names_numbers_and_files_name_users(void **state) {
        Fixture *f = *state;
        write_databases(f);
        write_string_at(f->root, "owned", "", 0644);
        struct stat st;
        fstatat(f->root, "owned", &st, 0);
        const struct {
                const char *user, *group;
                uid_t uid;
                gid_t gid;
                const char *home;
        } cases[] = {
                { "root", "root", 0, 0, "/root" },
                { "mail", "users", 8, 100, "/var/mail" },
                { "8", "12", 8, 12, "/var/mail" },
                { "4242", "4343", 4242, 4343, NULL },
                { "/owned", "/owned", st.st_uid, st.st_gid, NULL },
        };
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_user_ User u = {};
                _cleanup_free_ char *error = NULL;
                assert_int_equal(user_resolve(f->root, cases[i].user, cases[i].group, NULL, &u, &error), 0);
                assert_int_equal(u.uid, cases[i].uid);
                assert_int_equal(u.gid, cases[i].gid);
                if (cases[i].home)
                        assert_string_equal(u.home, cases[i].home);
        }
}

static void an_owner_seen_from_outside_of_the_user_namespace_is_as_inside(void **state) {
        Fixture *f = *state;
        struct stat st;
        write_databases(f);
        write_string_at(f->root, "owned", "", 0644);
        fstatat(f->root, "owned", &st, 0);
        const struct {
                IdRange range;
                uid_t uid;
        } cases[] = {
                { { st.st_uid, 10 }, 0 },
                { { st.st_uid + 1, 10 }, 65534 },
                { {}, st.st_uid },
        };
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_user_ User u = {}, mail = {};
                _cleanup_free_ char *error = NULL;
                assert_int_equal(user_resolve(f->root, "/owned", "0", &cases[i].range, &u, &error), 0);
                assert_int_equal(u.uid, cases[i].uid);
                /* names and numbers are the image's anyway */
                assert_int_equal(user_resolve(f->root, "mail", "100", &cases[i].range, &mail, &error), 0);
                assert_int_equal(mail.uid, 8);
                assert_int_equal(mail.gid, 100);
        }
}

static void root_needs_no_passwd_and_others_do(void **state) {
        Fixture *f = *state;
        _cleanup_user_ User u = {};
        _cleanup_free_ char *error = NULL;
        assert_int_equal(user_resolve(f->root, "root", "root", NULL, &u, &error), 0);
        assert_int_equal(user_resolve(f->root, "mail", "0", NULL, &u, &error), -ENOENT);
        assert_string_equal(error, "user \"mail\" is not in the image's /etc/passwd");
}

static void without_a_group_the_user_has_those_of_the_image(void **state) {
        Fixture *f = *state;
        write_string_at(f->root, "etc/passwd", "web:x:33:44::/:/bin/sh\n", 0644);
        write_string_at(f->root, "etc/group",
                        "www:x:44:\nextra:x:55:other,web\nweb:x:66:other\nmore:x:77:web\n", 0644);
        static const char *const users[] = { "web", "33" };
        for (size_t i = 0; i < ELEMENTSOF(users); i++) {
                _cleanup_user_ User u = {};
                _cleanup_free_ char *error = NULL;
                assert_int_equal(user_resolve(f->root, users[i], "", NULL, &u, &error), 0);
                assert_int_equal(u.uid, 33);
                assert_int_equal(u.gid, 44);
                assert_int_equal(u.n_gids, 2);
                assert_int_equal(u.gids[0], 55);
                assert_int_equal(u.gids[1], 77);
        }
        _cleanup_user_ User u = {};
        _cleanup_free_ char *error = NULL;
        assert_int_equal(user_resolve(f->root, "1001", "", NULL, &u, &error), 0);
        assert_int_equal(u.gid, 0);
        assert_int_equal(u.n_gids, 0);
}

static void a_group_named_as_the_user_may_be_missing(void **state) {
        Fixture *f = *state;
        write_databases(f);
        write_string_at(f->root, "etc/group", "root:x:0:\n", 0644);
        _cleanup_user_ User u = {};
        _cleanup_free_ char *error = NULL;
        assert_int_equal(user_resolve(f->root, "mail", "mail", NULL, &u, &error), 0);
        assert_int_equal(u.gid, 8);
        assert_int_equal(user_resolve(f->root, "mail", "other", NULL, &u, &error), -ENOENT);
        assert_non_null(strstr(error, "group \"other\""));
}

static void the_number_that_means_unchanged_is_nobodys(void **state) {
        Fixture *f = *state;
        _cleanup_user_ User u = {};
        _cleanup_free_ char *error = NULL, *second = NULL;
        write_string_at(f->root, "etc/passwd", "sly:x:4294967295:0::/:/bin/sh\nmail:x:8:12::/:/bin/sh\n",
                        0644);
        write_string_at(f->root, "etc/group", "sly:x:4294967295:\n", 0644);
        assert_int_equal(user_resolve(f->root, "sly", "0", NULL, &u, &error), -ENOENT);
        assert_int_equal(user_resolve(f->root, "mail", "sly", NULL, &u, &second), -ENOENT);
}

static void a_passwd_that_is_a_pipe_or_a_link_out_of_the_root_is_none(void **state) {
        Fixture *f = *state;
        _cleanup_free_ char *error = NULL, *second = NULL;
        _cleanup_user_ User u = {};
        mknodat(f->root, "etc/passwd", S_IFIFO | 0644, 0);
        assert_int_equal(user_resolve(f->root, "mail", "0", NULL, &u, &error), -ENOENT);
        unlinkat(f->root, "etc/passwd", 0);
        symlinkat("../../../../../etc/passwd", f->root, "etc/passwd");
        assert_int_equal(user_resolve(f->root, "daemon", "0", NULL, &u, &second), -ENOENT);
}

/* Opens, and tells where below the root it is. */
static void assert_target(Fixture *f, const char *path, TargetKind kind, const char *expected) {
        _cleanup_close_ int fd = target_open(f->root, path, kind);
        struct stat a, b;
        if (fd < 0)
                fail_msg("%s: %s", path, strerror(-fd));
        assert_int_equal(fstat(fd, &a), 0);
        if (fstatat(f->root, expected, &b, AT_SYMLINK_NOFOLLOW) < 0)
                fail_msg("%s has not become %s", path, expected);
        assert_true(a.st_dev == b.st_dev && a.st_ino == b.st_ino);
}

static void missing_targets_are_made(void **state) {
        Fixture *f = *state;
        assert_target(f, "/a/b/c", TARGET_DIRECTORY, "a/b/c");
        assert_target(f, "/a/b/file", TARGET_FILE, "a/b/file");
        assert_target(f, "/", TARGET_DIRECTORY, ".");
        assert_target(f, "//a/./x/../y/", TARGET_DIRECTORY, "a/y");
        assert_target(f, "/../../up", TARGET_DIRECTORY, "up");
}

static void links_stay_in_the_root(void **state) {
        Fixture *f = *state;
        symlinkat("../../..", f->root, "out");
        symlinkat("/abs/there", f->root, "dangling");
        symlinkat("../run/resolv.conf", f->root, "etc/resolv.conf");
        symlinkat("loop", f->root, "loop");
        assert_target(f, "/out/made", TARGET_DIRECTORY, "made");
        assert_target(f, "/dangling/below", TARGET_FILE, "abs/there/below");
        assert_target(f, "/etc/resolv.conf", TARGET_FILE, "run/resolv.conf");
        assert_int_equal(target_open(f->root, "/loop/x", TARGET_DIRECTORY), -ELOOP);
        assert_int_equal(faccessat(f->outside, "made", F_OK, 0), -1);
}

static void the_other_kind_in_the_way_is_an_error(void **state) {
        Fixture *f = *state;
        write_string_at(f->root, "file", "", 0644);
        assert_int_equal(target_open(f->root, "/file", TARGET_DIRECTORY), -ENOTDIR);
        assert_int_equal(target_open(f->root, "/etc", TARGET_FILE), -EISDIR);
        assert_int_equal(target_open(f->root, "/file/below", TARGET_FILE), -ENOTDIR);
}

static void assert_explained(Fixture *f, const char *program, int error, const char *expected) {
        char *argv[] = { (char *) program, NULL }, *environment[] = { (char *) "PATH=/bin:/opt/bin", NULL };
        _cleanup_free_ char *text = executable_explain(f->root, argv, environment, "/work", error);
        if (!strstr(text, expected))
                fail_msg("\"%s\" does not say \"%s\"", text, expected);
}

static void write_elf(Fixture *f, const char *path, const char *loader) {
        struct {
                Elf64_Ehdr header;
                Elf64_Phdr segment;
                char loader[64];
        } file = {
                .header = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64 },
                                .e_phoff = sizeof(Elf64_Ehdr),
                                .e_phentsize = sizeof(Elf64_Phdr),
                                .e_phnum = 1 },
                .segment = { .p_type = PT_INTERP,
                                .p_offset = sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr),
                                .p_filesz = 64 },
        };
        snprintf(file.loader, sizeof(file.loader), "%s", loader);
        write_file_at(f->root, path, &file, sizeof(file), 0755);
}

static void write_narrow_elf(Fixture *f, const char *path, const char *loader) {
        struct {
                Elf32_Ehdr header;
                Elf32_Phdr segment;
                char loader[64];
        } file = {
                .header = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS32, ELFDATA2LSB },
                                .e_machine = EM_386,
                                .e_phoff = sizeof(Elf32_Ehdr),
                                .e_phentsize = sizeof(Elf32_Phdr),
                                .e_phnum = 1 },
                .segment = { .p_type = PT_INTERP,
                                .p_offset = sizeof(Elf32_Ehdr) + sizeof(Elf32_Phdr),
                                .p_filesz = 64 },
        };
        snprintf(file.loader, sizeof(file.loader), "%s", loader);
        write_file_at(f->root, path, &file, sizeof(file), 0755);
}

static void write_foreign_elf(Fixture *f, const char *path) {
        Elf64_Ehdr header = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2MSB },
                .e_machine = htobe16(EM_S390) };
        write_file_at(f->root, path, &header, sizeof(header), 0755);
}

static void what_cannot_be_executed_is_explained(void **state) {
        Fixture *f = *state;
        mkdirat(f->root, "bin", 0755);
        write_string_at(f->root, "bin/script", "#!/bin/none -x\n", 0755);
        write_string_at(f->root, "bin/outer", "#! /bin/script\n", 0755);
        write_string_at(f->root, "bin/text", "hello", 0755);
        write_string_at(f->root, "bin/plain", "", 0644);
        write_elf(f, "bin/dynamic", "/lib64/ld.so");
        symlinkat("../../../../bin/ls", f->root, "bin/link");
        write_string_at(f->root, "bin/windows", "#!/bin/script\r\necho\r\n", 0755);
        write_string_at(f->root, "bin/dir-script", "#!/bin\n", 0755);
        write_string_at(f->root, "bin/self", "#!/bin/self\n", 0755);
        write_string_at(f->root, "bin/empty", "", 0755);
        write_string_at(f->root, "bin/closed", "x", 0700);
        write_narrow_elf(f, "bin/narrow", "/lib/ld-linux.so.2");
        write_foreign_elf(f, "bin/mainframe");

        assert_explained(f, "/bin/missing", ENOENT, "there is no such file in the image");
        assert_explained(f, "missing", ENOENT,
                        "neither in PATH (/bin:/opt/bin) nor in the working directory (/work)");
        assert_explained(f, "script", ENOENT,
                        "/bin/script needs the interpreter \"/bin/none\", which is not in the image");
        assert_explained(f, "/bin/outer", ENOENT, "/bin/script needs the interpreter \"/bin/none\"");
        assert_explained(f, "/bin/dynamic", ENOENT,
                        "needs the loader \"/lib64/ld.so\", which is not in the image");
        assert_explained(f, "/bin/text", ENOEXEC, "neither a program for this machine nor a script");
        assert_explained(f, "/bin/plain", EACCES, "/bin/plain is not executable (mode 0644)");
        assert_explained(f, "/bin", EACCES, "/bin is a directory");
        assert_explained(f, "/bin/link", ENOENT, "there is no such file in the image");
        assert_explained(f, "/bin/windows", ENOENT,
                        "needs the interpreter \"/bin/script\" with a carriage return behind its name");
        assert_explained(f, "/bin/dir-script", EACCES,
                        "needs the interpreter \"/bin\", which is a directory");
        assert_explained(f, "/bin/self", ELOOP, "an interpreter that needs another one, and so on");
        assert_explained(f, "/bin/empty", ENOEXEC, "/bin/empty is empty");
        assert_explained(f, "/bin/closed", EACCES, "is closed to the user (mode 0700, owner ");
        assert_explained(f, "/bin/narrow", ENOENT,
                        "needs the loader \"/lib/ld-linux.so.2\", which is not in the image");
        assert_explained(f, "/bin/mainframe", ENOEXEC, "a program for machines of another kind: s390x");
}

static void a_program_with_a_lying_header_is_only_read(void **state) {
        Fixture *f = *state;
        Elf64_Ehdr header = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64 },
                .e_phoff = UINT64_MAX - 3,
                .e_phentsize = sizeof(Elf64_Phdr),
                .e_phnum = UINT16_MAX };
        mkdirat(f->root, "bin", 0755);
        write_file_at(f->root, "bin/many", &header, sizeof(header), 0755);
        header.e_phnum = 1;
        write_file_at(f->root, "bin/far", &header, sizeof(header), 0755);
        assert_explained(f, "/bin/many", ENOEXEC, "cannot execute /bin/many");
        assert_explained(f, "/bin/far", ENOEXEC, "cannot execute /bin/far");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(names_numbers_and_files_name_users, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                                an_owner_seen_from_outside_of_the_user_namespace_is_as_inside, set_up,
                                tear_down),
                cmocka_unit_test_setup_teardown(root_needs_no_passwd_and_others_do, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                                the_number_that_means_unchanged_is_nobodys, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                                without_a_group_the_user_has_those_of_the_image, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_group_named_as_the_user_may_be_missing, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_passwd_that_is_a_pipe_or_a_link_out_of_the_root_is_none,
                                set_up, tear_down),
                cmocka_unit_test_setup_teardown(missing_targets_are_made, set_up, tear_down),
                cmocka_unit_test_setup_teardown(links_stay_in_the_root, set_up, tear_down),
                cmocka_unit_test_setup_teardown(the_other_kind_in_the_way_is_an_error, set_up, tear_down),
                cmocka_unit_test_setup_teardown(what_cannot_be_executed_is_explained, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                                a_program_with_a_lying_header_is_only_read, set_up, tear_down),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
