/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

#include "alloc.h"
#include "archive-index.h"
#include "docker-archive.h"
#include "file.h"
#include "sha256.h"

static const char members[] =
                ".f 512 10 a/layer.tar\0f 1536 3 b/json\0s 0 0 c/layer.tar\0../a/layer.tar\0"
                "h 0 0 hard\0b/json\0s 0 0 chain\0/c/./layer.tar\0s 0 0 loop1\0loop2\0s 0 0 loop2\0"
                "loop1\0s 0 0 out\0../../b/json\0f 1 1 twice\0f 2 2 twice";

static void files_are_found_also_through_links(void **state) {
        static const struct {
                const char *name;
                int result;
                uint64_t offset;
        } cases[] = {
                { "a/layer.tar", 0, 512 },
                { "./a//layer.tar", 0, 512 },
                { "c/layer.tar", 0, 512 },
                { "chain", 0, 512 },
                { "hard", 0, 1536 },
                { "out", 0, 1536 }, /* ".." at the top stays there */
                { "../b/json", 0, 1536 },
                { "loop1", -ELOOP, 0 },
                { "twice", -EEXIST, 0 },
                { "a", -ENOENT, 0 },
                { "", -ENOENT, 0 },
        };
        _cleanup_archive_index_ ArchiveIndex *index = NULL;
        _cleanup_free_ char *error = NULL;
        assert_int_equal(archive_index_parse(members, sizeof(members), &index, &error), 0);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const ArchiveMember *m = NULL;
                _cleanup_free_ char *message = NULL;
                assert_int_equal(archive_index_find(index, cases[i].name, &m, &message), cases[i].result);
                if (cases[i].result < 0)
                        assert_non_null(message);
                else
                        assert_int_equal(m->offset, cases[i].offset);
        }
}

static void an_index_that_makes_no_sense_is_refused(void **state) {
        static const struct {
                const char *text;
                size_t size;
        } cases[] = {
                { "", 0 },
                { "f 0 0 a\0", 8 },
                { ".f 0 0 a", 8 }, /* no end */
                { ".x 0 0 a\0", 9 },
                { ".f -1 0 a\0", 10 },
                { ".f 0 9223372036854775808 a\0", 27 },
                { ".f 0 0\0", 7 },
                { ".s 0 0 a\0", 9 }, /* no target */
                { ".\0", 2 },
        };
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                ArchiveIndex *index = NULL;
                _cleanup_free_ char *error = NULL;
                assert_int_equal(archive_index_parse(cases[i].text, cases[i].size, &index, &error), -EPROTO);
                assert_null(index);
        }
        ArchiveIndex *index = NULL;
        _cleanup_free_ char *error = NULL;
        assert_int_equal(archive_index_parse("!no tar", 7, &index, &error), -EBADMSG);
        assert_string_equal(error, "no tar");
}

static void a_docker_archive_lists_its_images(void **state) {
        _cleanup_docker_archive_ DockerArchive *a = NULL;
        _cleanup_free_ char *error = NULL;
        const char *text = "[{\"Config\":\"c.json\",\"RepoTags\":null,\"Layers\":[\"x/layer.tar\"]},"
                           "{\"Config\":\"d.json\",\"RepoTags\":[\"a:1\",\"b:2\"],\"Layers\":null}]";
        assert_int_equal(docker_archive_parse("M", text, strlen(text), &a, &error), 0);
        assert_int_equal(a->n_images, 2);
        assert_null(a->images[0].tags[0]);
        assert_string_equal(a->images[0].layers[0], "x/layer.tar");
        assert_string_equal(a->images[1].tags[1], "b:2");
        DockerArchive *none = NULL;
        text = "[{\"Config\":\"c.json\"},{\"RepoTags\":[]}]";
        assert_int_equal(docker_archive_parse("M", text, strlen(text), &none, &error), -EINVAL);
        assert_string_equal(error, "M:1:22: [1].Config: missing");
}

static void ranges_are_copied_and_hashed(void **state) {
        _cleanup_close_ int in = memfd_create("in", MFD_CLOEXEC), out = memfd_create("out", MFD_CLOEXEC);
        _cleanup_free_ char *text = NULL, *whole = NULL, *part = NULL;
        size_t size;
        assert_int_equal(write_all(in, "xxhelloyy", 9), 0);
        assert_int_equal(copy_range(in, 2, 5, out), 0);
        assert_int_equal(lseek(out, 0, SEEK_SET), 0);
        assert_int_equal(read_fd(out, 100, &text, &size), 0);
        assert_string_equal(text, "hello");
        assert_int_equal(copy_range(in, 8, 2, out), -ENODATA);
        assert_int_equal(sha256_digest_range(in, 2, 5, &part), 0);
        whole = sha256_digest("hello", 5);
        assert_string_equal(part, "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
        assert_string_equal(whole, part);
        assert_int_equal(sha256_digest_range(in, 8, 2, &part), -ENODATA);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(files_are_found_also_through_links),
                cmocka_unit_test(an_index_that_makes_no_sense_is_refused),
                cmocka_unit_test(a_docker_archive_lists_its_images),
                cmocka_unit_test(ranges_are_copied_and_hashed),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
