/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "duration.h"
#include "machine.h"
#include "scope.h"

#define SCOPE_NAME "machine-x.scope"

/* What the other side does with each call that it gets. */
typedef enum Behaviour {
        SILENT,
        REFUSES,
        HANGS_UP,
        FAILS_JOB,
        AGREES,
        AGREES_LATE, /* after the leader's end */
} Behaviour;

typedef struct Peer {
        pid_t pid;
        int calls;        /* names of the methods called, a line each, come out here */
        char called[256]; /* and are here at the end */
        Bus bus;
        pid_t leader;
        int leader_fd;
} Peer;

static void answer(sd_bus *server, sd_bus_message *m, Behaviour behaviour) {
        switch (behaviour) {
        case SILENT: break;
        case REFUSES: sd_bus_reply_method_errorf(m, "x.y.Error", "no room"); break;
        case HANGS_UP: _exit(0);
        case FAILS_JOB:
                sd_bus_reply_method_return(m, "o", "/job/1");
                sd_bus_emit_signal(server, "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager",
                                "JobRemoved", "uoss", 1, "/job/1", "other.scope", "failed");
                sd_bus_emit_signal(server, "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager",
                                "JobRemoved", "uoss", 2, "/job/2", SCOPE_NAME, "failed");
                break;
        case AGREES_LATE: usleep(200000); /* fall through */
        case AGREES: sd_bus_reply_method_return(m, NULL); break;
        }
}

static void serve(int fd, int calls, Behaviour behaviour) {
        sd_bus *server;
        sd_id128_t id;
        sd_id128_randomize(&id);
        assert_true(sd_bus_new(&server) >= 0 && sd_bus_set_fd(server, fd, fd) >= 0 &&
                        sd_bus_set_server(server, 1, id) >= 0);
        assert_true(sd_bus_set_anonymous(server, 1) >= 0 && sd_bus_start(server) >= 0);
        for (;;) {
                sd_bus_message *m = NULL;
                int r = sd_bus_process(server, &m);
                if (r < 0)
                        _exit(0);
                if (m && sd_bus_message_is_method_call(m, NULL, NULL)) {
                        dprintf(calls, "%s\n", sd_bus_message_get_member(m));
                        answer(server, m, behaviour);
                }
                sd_bus_message_unref(m);
                if (r == 0)
                        sd_bus_wait(server, UINT64_MAX);
        }
}

static void start_peer(Peer *p, Behaviour behaviour, uint64_t timeout_ns) {
        int fds[2], calls[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
        assert_int_equal(pipe(calls), 0);
        p->pid = fork();
        if (p->pid == 0) {
                close(fds[0]);
                close(calls[0]);
                serve(fds[1], calls[1], behaviour);
        }
        close(fds[1]);
        close(calls[1]);
        p->calls = calls[0];
        p->leader = fork();
        if (p->leader == 0) {
                pause();
                _exit(0);
        }
        p->leader_fd = (int) syscall(SYS_pidfd_open, p->leader, 0);
        assert_true(p->leader_fd >= 0);
        p->bus = (Bus){ .deadline = monotonic_ns() + timeout_ns };
        assert_true(sd_bus_new(&p->bus.manager) >= 0 && sd_bus_set_fd(p->bus.manager, fds[0], fds[0]) >= 0);
        assert_true(sd_bus_start(p->bus.manager) >= 0);
}

static void kill_leader(Peer *p) {
        if (p->leader > 0) {
                kill(p->leader, SIGKILL);
                waitpid(p->leader, NULL, 0);
        }
        p->leader = 0;
}

/* Ends all, and gives what had been called. */
static const char *end_peer(Peer *p) {
        size_t n = 0;
        ssize_t k;
        bus_close(&p->bus);
        kill_leader(p);
        close(p->leader_fd);
        kill(p->pid, SIGTERM);
        waitpid(p->pid, NULL, 0);
        while ((k = read(p->calls, p->called + n, sizeof(p->called) - 1 - n)) > 0)
                n += (size_t) k;
        p->called[n] = 0;
        close(p->calls);
        return p->called;
}

static int start_scope(Peer *p, char **ret_message) {
        _cleanup_free_ char *cgroup = NULL;
        Scope scope = { .name = SCOPE_NAME,
                .slice = "machine.slice",
                .description = "a test",
                .leader = p->leader,
                .stop_signal = SIGURG };
        return bus_scope_start(&p->bus, &scope, p->leader_fd, &cgroup, ret_message);
}

static void a_scope_that_systemd_refuses_is_refused_in_its_words(void **state) {
        Peer p;
        _cleanup_free_ char *message = NULL;
        start_peer(&p, REFUSES, 5 * NSEC_PER_SEC);
        assert_true(start_scope(&p, &message) < 0);
        assert_string_equal(message, "no room");
        assert_string_equal(end_peer(&p), "StartTransientUnit\n");
}

static void a_scope_whose_job_fails_is_an_error(void **state) {
        Peer p;
        _cleanup_free_ char *message = NULL;
        start_peer(&p, FAILS_JOB, 5 * NSEC_PER_SEC);
        assert_int_equal(start_scope(&p, &message), -ECANCELED);
        assert_string_equal(message, "its job ended as \"failed\"");
        end_peer(&p);
}

static void a_systemd_that_hangs_up_is_an_error(void **state) {
        Peer p;
        _cleanup_free_ char *message = NULL;
        start_peer(&p, HANGS_UP, 5 * NSEC_PER_SEC);
        uint64_t before = monotonic_ns();
        assert_true(start_scope(&p, &message) < 0);
        assert_string_equal(message, "Connection terminated");
        assert_true(monotonic_ns() - before < 3 * NSEC_PER_SEC);
        end_peer(&p);
}

static void a_systemd_that_says_nothing_is_waited_for_until_the_deadline(void **state) {
        Peer p;
        _cleanup_free_ char *message = NULL;
        start_peer(&p, SILENT, NSEC_PER_SEC / 5);
        assert_int_equal(start_scope(&p, &message), -ETIMEDOUT);
        assert_null(message);
        end_peer(&p);
}

static void the_leaders_end_ends_the_wait_for_its_scope(void **state) {
        Peer p;
        _cleanup_free_ char *message = NULL;
        start_peer(&p, SILENT, 5 * NSEC_PER_SEC);
        kill(p.leader, SIGKILL);
        assert_int_equal(start_scope(&p, &message), -ESRCH);
        end_peer(&p);
}

static int register_machine(Peer *p, char **ret_message) {
        static const uint8_t id[16] = { 1 };
        Machine machine = { .name = "rkt-x", .id = id, .service = "rkt", .leader = p->leader, .root = "/" };
        p->bus.system = TAKE_PTR(p->bus.manager);
        return bus_machine_register(&p->bus, &machine, p->leader_fd, ret_message);
}

static void a_machine_is_registered_with_one_call(void **state) {
        Peer p;
        _cleanup_free_ char *message = NULL;
        start_peer(&p, AGREES, 5 * NSEC_PER_SEC);
        assert_int_equal(register_machine(&p, &message), 0);
        assert_string_equal(end_peer(&p), "RegisterMachineWithNetwork\n");
}

static void a_machine_that_is_refused_is_refused_in_machineds_words(void **state) {
        Peer p;
        _cleanup_free_ char *message = NULL;
        start_peer(&p, REFUSES, 5 * NSEC_PER_SEC);
        assert_true(register_machine(&p, &message) < 0);
        assert_string_equal(message, "no room");
        end_peer(&p);
}

static void a_machine_whose_leader_ended_meanwhile_is_taken_back(void **state) {
        Peer p;
        _cleanup_free_ char *message = NULL;
        start_peer(&p, AGREES_LATE, 5 * NSEC_PER_SEC);
        kill(p.leader, SIGKILL);
        assert_int_equal(register_machine(&p, &message), -ESRCH);
        assert_string_equal(end_peer(&p), "RegisterMachineWithNetwork\nUnregisterMachine\n");
}

static void without_a_bus_there_is_no_scope_and_no_machine(void **state) {
        Bus bus = { .deadline = monotonic_ns() + NSEC_PER_SEC };
        Scope scope = { .name = SCOPE_NAME };
        Machine machine = { .name = "rkt-x" };
        char *text = NULL;
        assert_int_equal(bus_scope_start(&bus, &scope, -1, &text, &text), -ENOTCONN);
        assert_int_equal(bus_machine_register(&bus, &machine, -1, &text), -ENOTCONN);
        assert_int_equal(bus_machine_unregister(&bus, "rkt-x", &text), -ENOTCONN);
        assert_null(text);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_scope_that_systemd_refuses_is_refused_in_its_words),
                cmocka_unit_test(a_scope_whose_job_fails_is_an_error),
                cmocka_unit_test(a_systemd_that_hangs_up_is_an_error),
                cmocka_unit_test(a_systemd_that_says_nothing_is_waited_for_until_the_deadline),
                cmocka_unit_test(the_leaders_end_ends_the_wait_for_its_scope),
                cmocka_unit_test(a_machine_is_registered_with_one_call),
                cmocka_unit_test(a_machine_that_is_refused_is_refused_in_machineds_words),
                cmocka_unit_test(a_machine_whose_leader_ended_meanwhile_is_taken_back),
                cmocka_unit_test(without_a_bus_there_is_no_scope_and_no_machine),
        };
        signal(SIGPIPE, SIG_IGN);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
