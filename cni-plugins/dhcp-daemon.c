/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Keeps leases: one thread, a loop over a socket for plugins, one for each interface that awaits something,
 * and a timer. */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

#include "alloc.h"
#include "dhcp-connection.h"
#include "dhcp-listener.h"
#include "duration.h"
#include "file.h"
#include "log.h"
#include "option.h"
#include "process.h"
#include "strv.h"

#define IDLE_NS       (10 * NSEC_PER_SEC) /* before a daemon that systemd can start again ends */
#define CONTAINER_MAX 4096                /* attachments, and as many connections */

typedef struct Daemon {
        DhcpSettings settings;
        int listener, timer, signals;
        bool activated;
        Attachment **attachments;
        size_t n_attachments;
        Connection **connections;
        size_t n_connections;
        struct pollfd *polled;
} Daemon;

static void drop_connection(Daemon *d, size_t i) {
        connection_free(d->connections[i]);
        d->connections[i] = d->connections[--d->n_connections];
}

/* Answers those who wait for the lease: with it or, if error is not NULL, that there is none. */
static void answer_waiting(Daemon *d, const Attachment *a, const char *error) {
        for (size_t i = d->n_connections; i-- > 0;) {
                Connection *c = d->connections[i];
                if (c->waits_for != a)
                        continue;
                if (error)
                        connection_fail(c, CNI_INTERNAL, error);
                else
                        connection_answer(c, attachment_result(a));
                drop_connection(d, i);
        }
}

static void drop_attachment(Daemon *d, size_t i) {
        attachment_free(d->attachments[i]);
        d->attachments[i] = d->attachments[--d->n_attachments];
}

static void add_attachment(Daemon *d, Attachment *a) {
        xgrow(&d->attachments, d->n_attachments);
        d->attachments[d->n_attachments++] = a;
}

static size_t find(const Daemon *d, const CniCall *c) {
        size_t i = 0;
        while (i < d->n_attachments && !attachment_is(d->attachments[i], c))
                i++;
        return i;
}

static void remove_attachment(Daemon *d, size_t i) {
        answer_waiting(d, d->attachments[i], "the container has been deleted");
        attachment_release(d->attachments[i]);
        drop_attachment(d, i);
}

/* A lease is not got twice; but a container that has come again under the same names needs one of its own.
 */
static bool on_add(Daemon *d, Connection *c, DhcpRequest *r) {
        _cleanup_free_ char *error = NULL;
        size_t i = find(d, &r->call);
        if (i < d->n_attachments && !attachment_is_current(d->attachments[i], r)) {
                remove_attachment(d, i);
                i = d->n_attachments;
        }
        if (i == d->n_attachments) {
                Attachment *a = i < CONTAINER_MAX ? attachment_start(&d->settings, r, &error) : NULL;
                if (!a) {
                        connection_fail(c, CNI_INTERNAL, error ?: "too many leases");
                        return true;
                }
                add_attachment(d, a);
        }
        c->waits_for = d->attachments[i];
        if (c->waits_for->client.has_lease)
                connection_answer(c, attachment_result(c->waits_for));
        return c->waits_for->client.has_lease;
}

static void on_check(Daemon *d, Connection *c, const DhcpRequest *r) {
        size_t i = find(d, &r->call);
        if (i < d->n_attachments && d->attachments[i]->client.has_lease)
                connection_answer(c, NULL);
        else
                connection_fail(c, CNI_INTERNAL, "there is no lease for it");
}

static void on_gc(Daemon *d, const DhcpRequest *r) {
        for (size_t i = d->n_attachments; i-- > 0;) {
                const CniCall *own = &d->attachments[i]->request.call;
                if (streq(own->network, r->call.network) &&
                                !cni_call_is_valid_attachment(&r->call, own->container_id, own->ifname))
                        remove_attachment(d, i);
        }
}

/* True if the connection has its answer. */
static bool serve(Daemon *d, Connection *c) {
        _cleanup_dhcp_request_ DhcpRequest r = {};
        _cleanup_free_ char *error = NULL;
        size_t size = c->size;
        if (dhcp_request_parse(TAKE_PTR(c->text), size, &r, &error) < 0) {
                connection_fail(c, CNI_DECODING_FAILURE, error);
                return true;
        }
        if (streq(r.command, "ADD"))
                return on_add(d, c, &r);
        if (streq(r.command, "CHECK")) {
                on_check(d, c, &r);
                return true;
        }
        size_t i;
        if (streq(r.command, "DEL") && (i = find(d, &r.call)) < d->n_attachments)
                remove_attachment(d, i);
        else if (streq(r.command, "GC"))
                on_gc(d, &r);
        connection_answer(c, NULL);
        return true;
}

/* The plugin has been killed: its lease would be nobody's. */
static void on_hangup(Daemon *d, size_t i) {
        Attachment *a = d->connections[i]->waits_for;
        drop_connection(d, i);
        for (size_t k = 0; k < d->n_connections; k++)
                if (d->connections[k]->waits_for == a)
                        return;
        for (size_t k = 0; a && k < d->n_attachments; k++)
                if (d->attachments[k] == a && !a->client.has_lease && a->deadline != DHCP_NEVER) {
                        remove_attachment(d, k);
                        return;
                }
}

static void on_connection(Daemon *d, size_t i, short events) {
        Connection *c = d->connections[i];
        if (c->waits_for) {
                if (events & (POLLHUP | POLLERR))
                        on_hangup(d, i);
                return;
        }
        int r = connection_read(c);
        if (r == 0)
                return;
        /* serving others may end this or move it: what is behind i is looked for again */
        if (r < 0 || serve(d, c))
                for (i = 0; i < d->n_connections; i++)
                        if (d->connections[i] == c)
                                drop_connection(d, i);
}

static void on_listener(Daemon *d) {
        Connection *c;
        while (d->n_connections < CONTAINER_MAX && (c = connection_accept(d->listener))) {
                xgrow(&d->connections, d->n_connections);
                d->connections[d->n_connections++] = c;
        }
}

/* Whatever is due, and those that are over. */
static void run_attachments(Daemon *d) {
        _cleanup_free_ char *error = NULL;
        for (size_t i = d->n_attachments; i-- > 0;) {
                Attachment *a = d->attachments[i];
                attachment_run(a);
                if (a->gone) {
                        log_info("%s: %s is not there any more: its lease is forgotten",
                                        a->request.call.container_id, a->request.call.ifname);
                        remove_attachment(d, i);
                } else if (a->deadline <= dhcp_now()) {
                        free(TAKE_PTR(error));
                        _cleanup_free_ char *time = duration_format(d->settings.timeout_ns);
                        error = xasprintf("no DHCP server has given %s a lease within %s",
                                        a->request.call.ifname, time);
                        answer_waiting(d, a, error);
                        remove_attachment(d, i);
                }
        }
}

static uint64_t next_time(const Daemon *d, uint64_t idle_since) {
        uint64_t next = d->activated && !d->n_attachments && !d->n_connections ? idle_since + IDLE_NS
                                                                               : DHCP_NEVER;
        for (size_t i = 0; i < d->n_attachments; i++)
                next = MIN(next, attachment_next(d->attachments[i]));
        return next;
}

static void set_timer(const Daemon *d, uint64_t next) {
        struct itimerspec t = {};
        if (next != DHCP_NEVER) {
                t.it_value.tv_sec = next / NSEC_PER_SEC;
                t.it_value.tv_nsec = next % NSEC_PER_SEC + (next == 0);
        }
        timerfd_settime(d->timer, TFD_TIMER_ABSTIME, &t, NULL);
}

/* Three of our own, the connections, the attachments (of which some have no socket just now). */
static int wait_for_events(Daemon *d) {
        size_t n = 0;
        d->polled = xreallocarray(d->polled, 3 + d->n_connections + d->n_attachments, sizeof(*d->polled));
        const int own[] = { d->listener, d->timer, d->signals };
        for (size_t i = 0; i < ELEMENTSOF(own); i++)
                d->polled[n++] = (struct pollfd){ .fd = own[i], .events = POLLIN };
        for (size_t i = 0; i < d->n_connections; i++) /* end of file is all the time, once it has asked */
                d->polled[n++] = (struct pollfd){ .fd = d->connections[i]->fd,
                        .events = d->connections[i]->waits_for ? 0 : POLLIN };
        for (size_t i = 0; i < d->n_attachments; i++)
                d->polled[n++] = (struct pollfd){ .fd = d->attachments[i]->link.socket, .events = POLLIN };
        while (poll(d->polled, n, -1) < 0)
                if (errno != EINTR)
                        return log_error_errno(errno, "cannot wait for events");
        return 0;
}

/* Backwards, since both may remove what they are about; connections last, since they may add. */
static void handle_events(Daemon *d) {
        size_t n_connections = d->n_connections;
        const struct pollfd *attachments = d->polled + 3 + n_connections;
        for (size_t i = d->n_attachments; i-- > 0;)
                if (attachments[i].revents && attachment_receive(d->attachments[i]) > 0)
                        answer_waiting(d, d->attachments[i], NULL);
        if (d->n_connections == n_connections) /* else the rest in the next round */
                for (size_t i = n_connections; i-- > 0;) {
                        short events = d->polled[3 + i].revents;
                        if (events && i < d->n_connections && d->connections[i]->fd == d->polled[3 + i].fd)
                                on_connection(d, i, events);
                }
        if (d->polled[0].revents)
                on_listener(d);
}

static int loop(Daemon *d) {
        uint64_t idle_since = dhcp_now();
        for (;;) {
                run_attachments(d);
                if (d->n_attachments || d->n_connections)
                        idle_since = dhcp_now();
                else if (d->activated && dhcp_now() >= idle_since + IDLE_NS)
                        return 0;
                set_timer(d, next_time(d, idle_since));
                int r = wait_for_events(d);
                if (r < 0 || d->polled[2].revents)
                        return r; /* the leases stay, in files, for the next one */
                handle_events(d);
        }
}

static void load_attachments(Daemon *d) {
        _cleanup_strv_ char **files = NULL;
        int r = list_directory_at(AT_FDCWD, d->settings.state_directory, &files);
        if (r < 0 && r != -ENOENT)
                log_error_errno(r, "cannot list %s", d->settings.state_directory);
        STRV_FOREACH (f, files) {
                Attachment *a = **f == '.' ? NULL : attachment_load(&d->settings, *f);
                if (a)
                        add_attachment(d, a);
        }
}

static int begin(Daemon *d) {
        sigset_t ending;
        sigemptyset(&ending);
        sigaddset(&ending, SIGTERM);
        sigaddset(&ending, SIGINT);
        sigprocmask(SIG_BLOCK, &ending, NULL);
        signal(SIGPIPE, SIG_IGN);
        signal(SIGCHLD, SIG_IGN); /* what dhcp_announce starts */
        d->signals = signalfd(-1, &ending, SFD_CLOEXEC | SFD_NONBLOCK);
        d->timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
        if (d->signals < 0 || d->timer < 0)
                return log_error_errno(errno, "cannot make a timer and a descriptor for signals");
        d->listener = dhcp_listener_open(d->settings.socket_path, &d->activated);
        return d->listener;
}

static int write_pid(const char *path) {
        _cleanup_free_ char *text = xasprintf("%d", getpid());
        int r = path ? write_string_at(AT_FDCWD, path, text, 0644) : 0;
        return r < 0 ? log_error_errno(r, "cannot write %s", path) : 0;
}

static int run(const DhcpSettings *settings) {
        Daemon d = { .settings = *settings, .listener = -1, .timer = -1, .signals = -1 };
        int r = begin(&d);
        if (r >= 0)
                r = write_pid(settings->pid_file);
        if (r >= 0) {
                load_attachments(&d);
                r = loop(&d);
        }
        while (d.n_connections > 0)
                drop_connection(&d, 0);
        while (d.n_attachments > 0)
                drop_attachment(&d, 0);
        free(d.connections);
        free(d.attachments);
        free(d.polled);
        const int own[] = { d.listener, d.timer, d.signals };
        for (size_t i = 0; i < ELEMENTSOF(own); i++)
                if (own[i] >= 0)
                        close(own[i]);
        return r;
}

static void settings_done(DhcpSettings *s) {
        free(s->socket_path);
        free(s->pid_file);
        free(s->host_prefix);
        free(s->state_directory);
}

/* Options of Go's programs may have one dash. */
static char **with_two_dashes(char *const *argv) {
        char **l = strv_copy(NULL);
        STRV_FOREACH (a, argv)
                if ((*a)[0] == '-' && (*a)[1] && (*a)[1] != '-')
                        strv_push(&l, xasprintf("-%s", *a));
                else
                        strv_add(&l, *a);
        return l;
}

int dhcp_daemon_main(int argc, char **argv) {
        _cleanup_(settings_done) DhcpSettings s = { .timeout_ns = 30 * NSEC_PER_SEC };
        const Option options[] = {
                { "broadcast", OPTION_BOOL, &s.broadcast, "have servers answer to all on the link" },
                { "hostprefix", OPTION_STRING, &s.host_prefix,
                                "what stands before paths of network namespaces" },
                { "pidfile", OPTION_STRING, &s.pid_file, "where to write the number of this process" },
                { "resendmax", OPTION_DURATION, &s.delay_max_ns,
                                "longest time between two attempts to get a lease",
                                .shown_default = "1m2s" },
                { "socketpath", OPTION_STRING, &s.socket_path, "where plugins ask",
                                .shown_default = DHCP_SOCKET },
                { "statedir", OPTION_STRING, &s.state_directory, "where leases are kept for the next start",
                                .shown_default = DHCP_STATE_DIRECTORY },
                { "timeout", OPTION_DURATION, &s.timeout_ns, "how long a container waits for its lease",
                                .shown_default = "30s" },
                {},
        };
        const Command command = {
                .name = "dhcp daemon",
                .usage = "[--flags]",
                .summary = "Get and keep leases of DHCP servers for containers",
                .options = options,
                .helper = true,
        };
        _cleanup_strv_ char **arguments = NULL, **words = with_two_dashes(argv);
        process_begin("dhcp daemon");
        int r = command_parse(&command, argc, words, &arguments);
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : EXIT_SUCCESS;
        if (*arguments || s.timeout_ns <= 0 || s.delay_max_ns < 0) {
                log_error(*arguments ? "the daemon takes no arguments" : "a duration must be positive");
                return EXIT_RKT_FAILURE;
        }
        if (isempty(s.socket_path)) {
                free(s.socket_path);
                s.socket_path = xstrdup(DHCP_SOCKET);
        }
        if (!s.state_directory)
                s.state_directory = xstrdup(DHCP_STATE_DIRECTORY);
        return run(&s) < 0 ? EXIT_RKT_FAILURE : EXIT_SUCCESS;
}
