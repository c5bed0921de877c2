/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

#include "alloc.h"
#include "attach.h"

/* PID 1's side, with an app that has streams; the other side is played here. */
typedef struct Fixture {
        AttachServer server;
        AttachPoint point;
        AppIo io;
        unsigned resumed;
} Fixture;

static void on_resume(void *userdata) {
        Fixture *f = userdata;
        f->resumed++;
}

static int set_up(void **state) {
        Fixture *f = xnew(Fixture, 1);
        f->io = (AppIo){ .modes = { APP_IO_STREAM, APP_IO_STREAM, APP_IO_STREAM } };
        attach_server_start(&f->server, -1, loop_open());
        attach_point_open(&f->point, &f->server, "app", &f->io, on_resume, f);
        *state = f;
        return 0;
}

static int tear_down(void **state) {
        Fixture *f = *state;
        attach_point_close(&f->point);
        for (size_t i = 0; i < ELEMENTSOF(f->server.clients); i++)
                free(f->server.clients[i]);
        close(f->server.loop);
        free(f);
        return 0;
}

static void turn(Fixture *f) {
        while (loop_turn(f->server.loop, 0) > 0)
                ;
}

static void say(Fixture *f, int fd, const AttachMessage *m) {
        char message[ATTACH_MESSAGE_MAX];
        size_t size = attach_message_write(m, message);
        assert_int_equal(send(fd, message, size, 0), size);
        turn(f);
}

/* The other end of a new client, that has said hello. */
static int attach(Fixture *f, unsigned channels) {
        int fds[2];
        size_t i = 0;
        assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
        while (f->server.clients[i] && f->server.clients[i]->fd >= 0)
                i++;
        if (!f->server.clients[i])
                f->server.clients[i] = xnew(AttachClient, 1);
        attach_client_start(f->server.clients[i], &f->server, fds[0]);
        say(f, fds[1],
                        &(AttachMessage){ .kind = ATTACH_HELLO,
                                        .channels = channels,
                                        .data = "app",
                                        .size = 3 });
        return fds[1];
}

#define GONE 1

/* The next message, or kind 0 when there is none, or GONE when nobody is there any more. */
static AttachMessage hear(int fd) {
        static char message[ATTACH_MESSAGE_MAX + 1];
        AttachMessage m = {};
        ssize_t n = recv(fd, message, sizeof(message), 0);
        if (n > 0)
                assert_int_equal(attach_message_parse(message, (size_t) n, false, &m), 0);
        else
                m.kind = n < 0 && errno == EAGAIN ? 0 : GONE;
        return m;
}

static void write_output(Fixture *f, const char *text) {
        attach_output(&f->point, ATTACH_OUTPUT, text, strlen(text));
}

static void assert_output(int fd, const char *text) {
        AttachMessage m = hear(fd);
        assert_int_equal(m.kind, ATTACH_OUTPUT);
        assert_int_equal(m.size, strlen(text));
        assert_memory_equal(m.data, text, m.size);
}

static void output_goes_to_all_who_want_it(void **state) {
        Fixture *f = *state;
        int all = attach(f, 0), errors = attach(f, ATTACH_STDERR);
        assert_int_equal(hear(all).channels, ATTACH_STDIN | ATTACH_STDOUT | ATTACH_STDERR);
        assert_int_equal(hear(errors).kind, ATTACH_WELCOME);
        write_output(f, "text");
        assert_output(all, "text");
        assert_int_equal(hear(errors).kind, 0);
        attach_output(&f->point, ATTACH_ERROR, "bad", 3);
        assert_int_equal(hear(all).kind, ATTACH_ERROR);
        assert_int_equal(hear(errors).kind, ATTACH_ERROR);
        close(all);
        close(errors);
        turn(f);
}

static void what_nobody_got_waits_for_the_first_who_comes(void **state) {
        Fixture *f = *state;
        _cleanup_free_ char *much = xcalloc(1, 2 * ATTACH_REPLAY_MAX);
        memset(much, 'x', 2 * ATTACH_REPLAY_MAX);
        attach_output(&f->point, ATTACH_OUTPUT, much, 2 * ATTACH_REPLAY_MAX);
        write_output(f, "end");
        int one = attach(f, ATTACH_STDOUT), two = attach(f, ATTACH_STDOUT);
        assert_int_equal(hear(one).kind, ATTACH_WELCOME);
        size_t size = 0;
        char last = 0;
        for (AttachMessage m; (m = hear(one)).kind == ATTACH_OUTPUT; size += m.size)
                last = m.data[m.size - 1];
        assert_int_equal(size, ATTACH_REPLAY_MAX);
        assert_int_equal(last, 'd');
        assert_int_equal(hear(two).kind, ATTACH_WELCOME);
        assert_int_equal(hear(two).kind, 0);
        close(one);
        close(two);
        turn(f);
}

/* Whoever does not read is waited for, then left behind; what it gets and what it is told is all there was.
 */
static void who_does_not_read_is_left_behind_and_told(void **state) {
        Fixture *f = *state;
        static const char text[4096];
        uint64_t written = 0, got = 0, missing = 0;
        int slow = attach(f, ATTACH_STDOUT), quick = attach(f, ATTACH_STDOUT);
        assert_int_equal(hear(quick).kind, ATTACH_WELCOME);
        while (attach_ready(&f->point)) {
                attach_output(&f->point, ATTACH_OUTPUT, text, sizeof(text));
                written += sizeof(text);
                assert_int_equal(hear(quick).size, sizeof(text));
        }
        assert_false(attach_server_flushed(&f->server));
        for (unsigned i = 0; i < 100 && !attach_ready(&f->point); i++)
                loop_turn(f->server.loop, 100);
        assert_true(attach_ready(&f->point));
        assert_int_equal(f->resumed, 1);
        for (unsigned i = 0; i < 1000; i++) {
                attach_output(&f->point, ATTACH_OUTPUT, text, sizeof(text));
                written += sizeof(text);
                assert_int_equal(hear(quick).size, sizeof(text));
                assert_true(attach_ready(&f->point));
        }
        attach_point_end(&f->point, 7);
        attach_point_settle(&f->point);
        assert_int_equal(hear(quick).number, 7);
        assert_int_equal(hear(quick).kind, GONE);
        AttachMessage m = hear(slow);
        assert_int_equal(m.kind, ATTACH_WELCOME);
        while ((m = hear(slow)).kind != ATTACH_ENDED) {
                assert_int_not_equal(m.kind, GONE);
                got += m.kind == ATTACH_OUTPUT ? m.size : 0;
                missing += m.kind == ATTACH_DROPPED ? m.number : 0;
                turn(f);
        }
        assert_int_equal(m.number, 7);
        assert_true(missing > 0);
        assert_int_equal(got + missing, written);
        turn(f);
        assert_int_equal(hear(slow).kind, GONE);
        assert_true(attach_server_flushed(&f->server));
        close(slow);
        close(quick);
}

static void input_waits_for_the_app_and_keeps_its_order(void **state) {
        Fixture *f = *state;
        int fds[2];
        size_t total = 0;
        char text[ATTACH_DATA_MAX], back[ATTACH_DATA_MAX];
        assert_int_equal(pipe2(fds, O_NONBLOCK | O_CLOEXEC), 0);
        attach_point_begin(&f->point, fds[1]);
        int one = attach(f, 0), two = attach(f, 0);
        memset(text, '1', sizeof(text));
        for (unsigned i = 0; i < 20; i++)
                say(f, one, &(AttachMessage){ .kind = ATTACH_INPUT, .data = text, .size = sizeof(text) });
        say(f, two, &(AttachMessage){ .kind = ATTACH_INPUT, .data = "2", .size = 1 });
        say(f, one, &(AttachMessage){ .kind = ATTACH_EOF });
        assert_true(f->point.n_typed > 0);
        close(one); /* what it has typed is not lost with it */
        turn(f);
        unsigned twos = 0;
        for (ssize_t n; (n = read(fds[0], back, sizeof(back))) != 0; turn(f)) {
                if (n < 0) {
                        assert_int_equal(errno, EAGAIN);
                        continue;
                }
                total += (size_t) n;
                for (ssize_t i = 0; i < n; i++)
                        twos += back[i] == '2';
        }
        assert_true(total == 20 * sizeof(text) + twos);
        assert_int_equal(f->point.input, -1);
        close(fds[0]);
        close(two);
        turn(f);
}

static void a_new_life_is_a_new_beginning(void **state) {
        Fixture *f = *state;
        attach_point_end(&f->point, 3);
        attach_point_settle(&f->point);
        int late = attach(f, 0);
        assert_int_equal(hear(late).kind, ATTACH_WELCOME);
        assert_int_equal(hear(late).number, 3);
        assert_int_equal(hear(late).kind, GONE);
        close(late);
        attach_point_begin(&f->point, -1);
        int again = attach(f, 0);
        assert_int_equal(hear(again).kind, ATTACH_WELCOME);
        say(f, again, &(AttachMessage){ .kind = ATTACH_INPUT, .data = "nobody", .size = 6 });
        write_output(f, "life");
        assert_output(again, "life");
        close(again);
        turn(f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(output_goes_to_all_who_want_it),
                TEST(what_nobody_got_waits_for_the_first_who_comes),
                TEST(who_does_not_read_is_left_behind_and_told),
                TEST(input_waits_for_the_app_and_keeps_its_order),
                TEST(a_new_life_is_a_new_beginning),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
