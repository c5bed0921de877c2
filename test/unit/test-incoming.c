/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>

#include "alloc.h"
#include "decompress.h"
#include "file.h"
#include "incoming.h"

typedef struct Fixture {
        char directory[32];
        Store *store;
} Fixture;

static int set_up(void **state) {
        Fixture *f = xnew(Fixture, 1);
        strcpy(f->directory, "/tmp/test-incoming-XXXXXX");
        if (!mkdtemp(f->directory) || store_open(f->directory, &f->store) < 0)
                return -1;
        *state = f;
        return 0;
}

static int tear_down(void **state) {
        Fixture *f = *state;
        store_free(f->store);
        remove_tree_at(AT_FDCWD, f->directory, false);
        free(f);
        return 0;
}

static Incoming *open_one(Fixture *f) {
        Incoming *i = NULL;
        assert_int_equal(incoming_open(f->store, "key", "source", false, &i), 0);
        return i;
}

static void assert_holds(Incoming *i, const char *expected) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        _cleanup_close_ int fd = incoming_fd(i);
        assert_true(fd >= 0);
        assert_int_equal(read_fd(fd, 1000, &text, &size), 0);
        assert_string_equal(text, expected);
        assert_int_equal(incoming_size(i), size);
}

static void what_has_a_validator_is_gone_on_with(void **state) {
        Incoming *i = open_one(*state);
        assert_int_equal(incoming_set_validator(i, "\"one two\""), 0);
        assert_int_equal(incoming_append(i, "abc", 3), 0);
        incoming_free(i);
        i = open_one(*state);
        assert_string_equal(incoming_validator(i), "\"one two\"");
        assert_holds(i, "abc");
        assert_int_equal(incoming_append(i, "def", 3), 0);
        assert_holds(i, "abcdef");
        assert_int_equal(incoming_restart(i), 0);
        assert_null(incoming_validator(i));
        assert_int_equal(incoming_append(i, "x", 1), 0);
        assert_holds(i, "x");
        incoming_free(i);
}

static void what_has_none_and_what_is_discarded_is_removed(void **state) {
        Fixture *f = *state;
        Incoming *i = open_one(f);
        assert_int_equal(incoming_append(i, "abc", 3), 0);
        incoming_free(i);
        i = open_one(f);
        assert_int_equal(incoming_size(i), 0);
        assert_int_equal(incoming_set_validator(i, "v"), 0);
        assert_int_equal(incoming_append(i, "abc", 3), 0);
        incoming_discard(i);
        incoming_free(i);
        _cleanup_(closedirp) DIR *d = fdopendir(openat(store_fd(f->store), STORE_TEMPORARIES, O_RDONLY));
        for (struct dirent *e; (e = readdir(d));)
                assert_true(e->d_name[0] == '.');
}

static void one_fills_it_at_a_time(void **state) {
        Fixture *f = *state;
        Incoming *i = open_one(f), *other;
        assert_int_equal(incoming_open(f->store, "key", "source", false, &other), -EWOULDBLOCK);
        assert_int_equal(incoming_open(f->store, "other", "source", false, &other), 0);
        incoming_free(other);
        incoming_free(i);
        incoming_free(open_one(f));
}

static void the_digest_is_of_what_was_there_before_too(void **state) {
        Incoming *i = open_one(*state);
        assert_int_equal(incoming_set_validator(i, "v"), 0);
        assert_int_equal(incoming_append(i, "ab", 2), 0);
        incoming_free(i);
        i = open_one(*state);
        assert_int_equal(incoming_want_digest(i), 0);
        assert_int_equal(incoming_append(i, "c", 1), 0);
        assert_int_equal(incoming_complete(i), 0);
        assert_string_equal(incoming_digest(i),
                        "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        incoming_discard(i);
        incoming_free(i);
}

#define N_PIECES 50

static void *append_slowly(void *userdata) {
        static char piece[300 * 1024];
        memset(piece, 'x', sizeof(piece));
        for (int k = 0; k < N_PIECES; k++) {
                incoming_append(userdata, piece, k % 2 ? sizeof(piece) : 1000);
                usleep(500);
        }
        incoming_complete(userdata);
        return NULL;
}

static void who_follows_reads_all_of_it(void **state) {
        static uint8_t data[100000];
        Incoming *i = open_one(*state);
        _cleanup_close_ int follow = -1;
        assert_int_equal(incoming_follow(i, &follow), 0);
        _cleanup_close_ int fd = incoming_fd(i);
        _cleanup_decompressor_ Decompressor *d = decompressor_new(fd);
        pthread_t thread;
        size_t size = 0;
        ssize_t n;
        decompressor_follow(d, follow);
        assert_int_equal(pthread_create(&thread, NULL, append_slowly, i), 0);
        while ((n = decompressor_read(d, data, sizeof(data))) > 0)
                size += n;
        pthread_join(thread, NULL);
        assert_int_equal(n, 0);
        assert_int_equal(size, N_PIECES / 2 * (1000 + 300 * 1024));
        assert_int_equal(size, incoming_size(i));
        incoming_free(i);
}

static void a_copy_has_what_the_source_has(void **state) {
        Fixture *f = *state;
        Incoming *i;
        int ends[2];
        assert_int_equal(incoming_new(f->store, "source", &i), 0);
        _cleanup_free_ char *path = xasprintf("%s/file", f->directory);
        assert_int_equal(write_string_at(AT_FDCWD, path, "content", 0600), 0);
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
        assert_int_equal(incoming_copy(i, fd), 0);
        assert_holds(i, "content");
        incoming_free(i);
        assert_int_equal(incoming_new(f->store, "source", &i), 0);
        assert_int_equal(pipe(ends), 0);
        assert_int_equal(write(ends[1], "piped", 5), 5);
        close(ends[1]);
        assert_int_equal(incoming_copy(i, ends[0]), 0);
        close(ends[0]);
        assert_holds(i, "piped");
        incoming_free(i);
}

#define test_of(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
        const struct CMUnitTest tests[] = {
                test_of(what_has_a_validator_is_gone_on_with),
                test_of(what_has_none_and_what_is_discarded_is_removed),
                test_of(one_fills_it_at_a_time),
                test_of(the_digest_is_of_what_was_there_before_too),
                test_of(who_follows_reads_all_of_it),
                test_of(a_copy_has_what_the_source_has),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
