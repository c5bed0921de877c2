/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Makes a running pod known to systemd and to machined, for stage1. It is a program of its own so that what
 * stays with a pod need not load libsystemd. On stdout, a line each, as soon as it is true:
 *
 *      cgroup PATH      the leader is in the pod's cgroup: apps may start
 *      machine NAME     machined knows the pod
 *      warning TEXT     machined does not, and why; the pod can do without
 *
 * Ends with 0 and without a further line if the leader ends meanwhile. Ends with 254 if there is no cgroup.
 *
 * With --leader=- the leader's number is read from stdin (a line; end of file: there will be none), so that
 * loading and connecting, a third of the whole, can pass while the leader is still being made. */

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>

#include "alloc.h"
#include "cgroup.h"
#include "connection.h"
#include "duration.h"
#include "log.h"
#include "machine.h"
#include "option.h"
#include "process.h"
#include "scope.h"
#include "signal-name.h"
#include "strv.h"
#include "unit-name.h"
#include "uuid.h"

#define LINE_MAX_BYTES     4096
#define NETWORK_TIMEOUT_NS (3600 * NSEC_PER_SEC) /* stage1 and the plugins have limits of their own */

static char *uuid, *leader_text, *root, *description;
static char **interface_texts;
static int64_t timeout_ns = 20 * (int64_t) NSEC_PER_SEC, stop_timeout_ns;
static bool unregister;
static int stop_signal;

static int set_stop_signal(const char *value, _unused_ void *userdata) {
        stop_signal = signal_from_name(value);
        if (stop_signal < 0)
                log_error("--stop-signal=%s: expected a signal's name or number", value);
        return MIN(stop_signal, 0);
}

static const Option options[] = {
        { "description", OPTION_STRING, &description,
                        "the scope's description (default: \"rkt pod UUID\")" },
        { "interface", OPTION_STRV, &interface_texts,
                        "index of a network interface of the host that is the pod's; may be repeated; -: a "
                        "line "
                        "of stdin" },
        { "leader", OPTION_STRING, &leader_text, "number of the pod's first process; -: a line of stdin" },
        { "root", OPTION_STRING, &root, "the pod's root directory" },
        { "stop-signal", OPTION_CALL, NULL, "what systemd sends to all of the pod's processes to stop it",
                        .shown_default = "TERM", .call = set_stop_signal },
        { "stop-timeout", OPTION_DURATION, &stop_timeout_ns,
                        "how long systemd then waits before it kills them (default: its own)" },
        { "timeout", OPTION_DURATION, &timeout_ns, "how long to try", .shown_default = "20s" },
        { "unregister", OPTION_BOOL, &unregister, "make machined forget the pod" },
        { "uuid", OPTION_STRING, &uuid, "the pod's UUID" },
        {},
};

static const Command command = {
        .name = "register",
        .usage = "--uuid=UUID --leader=PID|- [--root=DIR] | --uuid=UUID --unregister",
        .summary = "Make a running pod known to systemd and machined",
        .helper = true,
        .options = options,
};

static void say(const char *what, const char *text) {
        _cleanup_free_ char *line = xasprintf("%s %s\n", what, text);
        for (char *p = line; *p && p[1]; p++)
                if (*p == '\n')
                        *p = ' ';
        /* Nobody who listens: rkt run has ended, and the pod with it. */
        if (write(STDOUT_FILENO, line, strlen(line)) < 0)
                exit(0);
}

static int parse_leader(const char *text, pid_t *ret) {
        uint64_t number;
        if (parse_uint(text, INT32_MAX, &number) < 0 || number == 0) {
                log_error("--leader: \"%s\" is not a process number", text);
                return -EINVAL;
        }
        *ret = number;
        return 0;
}

/* One line of stdin, without its newline, and what has come behind it. The buses' handshakes go on
 * meanwhile. 1: read; 0: there will be none. */
static int read_line(Bus *bus, char line[static LINE_MAX_BYTES]) {
        static char buffer[LINE_MAX_BYTES];
        static size_t used;
        char *newline;
        while (!(newline = memchr(buffer, '\n', used))) {
                int r;
                while ((r = bus_step(bus, STDIN_FILENO)) == 0)
                        ;
                ssize_t n = r < 0 ? -1 : read(STDIN_FILENO, buffer + used, sizeof(buffer) - used);
                if (n < 0)
                        return log_error_errno(r < 0 ? r : errno, "cannot read from stdin");
                if (n == 0)
                        return used == sizeof(buffer) ? log_error_errno(EMSGSIZE, "stdin: a line") : 0;
                used += n;
        }
        size_t length = newline - buffer;
        memcpy(line, buffer, length);
        line[length] = 0;
        used -= length + 1;
        memmove(buffer, newline + 1, used);
        return 1;
}

/* The pod's limits stand behind its number, separated by tabs. 1: read; 0: there will be no leader. */
static int read_leader(Bus *bus, pid_t *ret, char ***ret_limits) {
        char line[LINE_MAX_BYTES];
        int r = read_line(bus, line);
        if (r <= 0)
                return r;
        _cleanup_strv_ char **words = strv_split(line, '\t');
        r = parse_leader(words[0], ret);
        *ret_limits = strv_copy(NULL);
        for (char **word = words + 1; r >= 0 && *word; word++) {
                const char *signal = startswith(*word, "stop-signal=");
                if (signal)
                        r = set_stop_signal(signal, NULL);
                else
                        strv_add(ret_limits, *word);
        }
        return r < 0 ? r : 1;
}

static int parse_interfaces(char *const *texts, int32_t **ret, size_t *ret_n) {
        *ret = xnew(int32_t, strv_length(texts) + 1);
        *ret_n = 0;
        STRV_FOREACH (s, texts) {
                uint64_t index;
                if (parse_uint(*s, INT32_MAX, &index) < 0 || index == 0) {
                        log_error("--interface=%s: expected an interface's index", *s);
                        return -EINVAL;
                }
                (*ret)[(*ret_n)++] = index;
        }
        return 0;
}

/* A line with their numbers, once the pod is in its networks. 0: it will not be. */
static int read_interfaces(Bus *bus, int32_t **ret, size_t *ret_n) {
        char line[LINE_MAX_BYTES];
        uint64_t begin = monotonic_ns(), limit = bus->deadline;
        bus->deadline = begin + NETWORK_TIMEOUT_NS; /* it is not the bus that is waited for */
        int r = read_line(bus, line);
        bus->deadline = limit + (monotonic_ns() - begin);
        if (r <= 0)
                return r;
        _cleanup_strv_ char **words = *line ? strv_split(line, ' ') : NULL;
        r = parse_interfaces(words, ret, ret_n);
        return r < 0 ? r : 1;
}

/* The service's cgroup that the leader stays in, or that of a new scope. */
static int settle_cgroup(Bus *bus, const char *machine, pid_t leader, int leader_fd, char *const *limits,
                char **ret) {
        _cleanup_free_ char *current = NULL, *text = NULL, *message = NULL;
        int r = cgroup_of_process(leader, &current);
        if (r == -ESRCH)
                return r;
        if (r < 0)
                return log_error_errno(r, "cannot read the cgroup of process %d", leader);
        if (unit_keeps_pod(current, getenv("INVOCATION_ID"), "/run/systemd/units")) {
                *ret = TAKE_PTR(current);
                return 0;
        }

        _cleanup_free_ char *name = unit_scope_of_machine(machine);
        if (!description)
                text = xasprintf("rkt pod %s", uuid);
        Scope scope = {
                .name = name,
                .slice = "machine.slice",
                .description = description ? description : text,
                .leader = leader,
                .stop_signal = stop_signal,
                .stop_timeout_ns = stop_timeout_ns,
                .limits = limits,
        };
        r = bus_scope_start(bus, &scope, leader_fd, ret, &message);
        if (r < 0 && r != -ESRCH) {
                if (message)
                        log_error("systemd cannot start %s: %s", name, message);
                else
                        log_error_errno(r, "systemd cannot start %s", name);
        }
        return r;
}

static const char *describe(int error) {
        return error == -ENOTCONN ? "the system bus cannot be reached" : strerror(-error);
}

static void register_machine(Bus *bus, const char *name, pid_t leader, int leader_fd,
                const int32_t *interfaces, size_t n_interfaces) {
        char hex[33];
        uint8_t id[16];
        _cleanup_free_ char *message = NULL;
        uuid_machine_id(uuid, hex);
        for (int i = 0; i < 16; i++)
                sscanf(hex + 2 * i, "%2hhx", &id[i]);
        Machine machine = {
                .name = name,
                .id = id,
                .service = "rkt",
                .leader = leader,
                .root = root ? root : "",
                .interfaces = interfaces,
                .n_interfaces = n_interfaces,
        };
        int r = bus_machine_register(bus, &machine, leader_fd, &message);
        if (r == -ESRCH)
                return;
        if (r < 0) {
                _cleanup_free_ char *text = xasprintf("cannot register %s with systemd-machined: %s", name,
                                message ? message : describe(r));
                say("warning", text);
        } else
                say("machine", name);
}

static int run_unregister(Bus *bus, const char *machine) {
        _cleanup_free_ char *message = NULL;
        int r = bus_machine_unregister(bus, machine, &message);
        if (r < 0 && message)
                log_error("cannot unregister %s: %s", machine, message);
        else if (r < 0)
                log_error_errno(r, "cannot unregister %s", machine);
        return r;
}

static int run_register(Bus *bus, const char *machine) {
        _cleanup_free_ int32_t *interfaces = NULL;
        _cleanup_free_ char *cgroup = NULL;
        _cleanup_strv_ char **limits = NULL;
        size_t n_interfaces = 0;
        pid_t leader;
        bool from_stdin = strv_contains(interface_texts, "-");
        int r = from_stdin ? 0 : parse_interfaces(interface_texts, &interfaces, &n_interfaces);
        if (r < 0)
                return r;
        (void) bus_machine_wake(bus);
        if (streq(leader_text, "-")) {
                r = read_leader(bus, &leader, &limits);
                if (r <= 0)
                        return r;
        } else if ((r = parse_leader(leader_text, &leader)) < 0)
                return r;

        _cleanup_close_ int leader_fd = syscall(SYS_pidfd_open, leader, 0);
        if (leader_fd < 0)
                return errno == ESRCH ? 0 : log_error_errno(errno, "cannot watch process %d", leader);
        r = settle_cgroup(bus, machine, leader, leader_fd, limits, &cgroup);
        if (r < 0)
                return r == -ESRCH ? 0 : r;
        say("cgroup", cgroup);
        if (from_stdin && (r = read_interfaces(bus, &interfaces, &n_interfaces)) <= 0)
                return r;
        register_machine(bus, machine, leader, leader_fd, interfaces, n_interfaces);
        return 0;
}

int main(int argc, char **argv) {
        _cleanup_strv_ char **arguments = NULL;
        char normal[UUID_STRING_SIZE];
        process_begin("register");
        signal(SIGPIPE, SIG_IGN);
        int r = command_parse(&command, argc, argv, &arguments);
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        if (*arguments || !uuid || !leader_text == !unregister || !uuid_is_valid(uuid) ||
                        uuid_normalize(uuid, normal) < 0) {
                log_error("expected --uuid=UUID and either --leader=PID or --unregister");
                return EXIT_RKT_FAILURE;
        }

        memcpy(uuid, normal, sizeof(normal));
        _cleanup_free_ char *machine = xasprintf("rkt-%s", normal);
        Bus bus;
        bus_open(&bus, timeout_ns);
        r = unregister ? run_unregister(&bus, machine) : run_register(&bus, machine);
        /* Somebody waits for this process: the kernel takes it down faster than we and the libraries do. */
        fflush(NULL);
        _exit(r < 0 ? EXIT_RKT_FAILURE : 0);
}
