/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Answers apps that ask about their pod over HTTP (App Container specification 0.8.11). All that it knows is
 * in files, so that it need not stay when nobody asks, and nothing is lost when it ends. */

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <systemd/sd-daemon.h>

#include "alloc.h"
#include "duration.h"
#include "globals.h"
#include "log.h"
#include "metadata-public.h"
#include "metadata-registration.h"
#include "metadata-sockets.h"
#include "metadata-state.h"
#include "metadata-url.h"
#include "process.h"
#include "strv.h"

static char *listen_port;
static int64_t exit_idle_ns;

static const Option options[] = {
        { "exit-idle-time", OPTION_DURATION, &exit_idle_ns,
                        "end when nothing has been asked for so long, if systemd listens",
                        .shown_default = "never" },
        { "listen-port", OPTION_STRING, &listen_port, "port to listen on, if systemd does not",
                        .shown_default = METADATA_PORT },
        {},
};

static const Command command = {
        .name = "metadata-service",
        .usage = "[--listen-port=18112]",
        .summary = "Run the metadata service",
        .description = "Answers apps of pods that were started with --mds-register, at $AC_METADATA_URL. "
                       "Meant to be run from\nrkt-metadata.socket.",
        .options = options,
        .global_options = global_options,
};

typedef struct Service {
        HttpServer **servers;
        size_t n;
        int signals;
        uint64_t began;
} Service;

static int parse_port(uint16_t *ret) {
        uint64_t port;
        if (parse_uint(listen_port ?: METADATA_PORT, UINT16_MAX, &port) < 0 || port == 0) {
                log_error("--listen-port=%s: expected a port number", listen_port);
                return -EINVAL;
        }
        *ret = (uint16_t) port;
        return 0;
}

static int open_signals(void) {
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGTERM);
        sigaddset(&set, SIGINT);
        sigprocmask(SIG_BLOCK, &set, NULL);
        signal(SIGPIPE, SIG_IGN);
        int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
        return fd < 0 ? log_error_errno(errno, "signalfd") : fd;
}

static int serve(Service *s, const HttpService *service, const int *sockets, size_t n) {
        for (size_t i = 0; i < n; i++) {
                HttpServer *server = http_server_new(service, sockets[i]);
                if (!server)
                        return -EIO;
                xgrow(&s->servers, s->n);
                s->servers[s->n++] = server;
        }
        return 0;
}

static unsigned connections(const Service *s) {
        unsigned sum = 0;
        for (size_t i = 0; i < s->n; i++)
                sum += http_server_connections(s->servers[i]);
        return sum;
}

/* Milliseconds until it may end; 0: now; -1: never. */
static int idle_time_left(const Service *s, bool passed) {
        if (!passed || exit_idle_ns <= 0 || connections(s) > 0)
                return -1;
        uint64_t used = MAX(s->began, http_server_last_use()), now = monotonic_ns();
        uint64_t end = used + (uint64_t) exit_idle_ns;
        return now >= end ? 0 : (int) MIN((end - now) / NSEC_PER_MSEC + 1, 3600000u);
}

static int shorter(int a, int b) {
        return a < 0 ? b : b < 0 ? a : MIN(a, b);
}

/* Until a signal, or nobody has asked anything for the time after which it may end. */
static void run(Service *s, bool passed) {
        _cleanup_free_ struct pollfd *p = xnew(struct pollfd, s->n + 1);
        for (size_t i = 0; i < s->n; i++)
                p[i] = (struct pollfd){ .fd = http_server_poll_fd(s->servers[i]), .events = POLLIN };
        p[s->n] = (struct pollfd){ .fd = s->signals, .events = POLLIN };
        for (;;) {
                int timeout = idle_time_left(s, passed);
                if (timeout == 0)
                        return;
                for (size_t i = 0; i < s->n; i++)
                        timeout = shorter(timeout, http_server_timeout(s->servers[i]));
                if (poll(p, s->n + 1, timeout) < 0 && errno != EINTR) {
                        log_error_errno(errno, "poll");
                        return;
                }
                if (p[s->n].revents)
                        return;
                for (size_t i = 0; i < s->n; i++)
                        http_server_run(s->servers[i]);
        }
}

/* Connections that are not accepted yet are the next instance's, if systemd has the sockets; what was begun
 * is ended, for as long as a request may take. */
static void drain(Service *s) {
        for (size_t i = 0; i < s->n; i++)
                http_server_quiesce(s->servers[i]);
        for (int left = 200; left > 0 && connections(s) > 0; left--) {
                for (size_t i = 0; i < s->n; i++)
                        http_server_run(s->servers[i]);
                poll(NULL, 0, 5);
        }
}

static void service_done(Service *s) {
        for (size_t i = 0; i < s->n; i++)
                http_server_free(s->servers[i]);
        free(s->servers);
        if (s->signals >= 0)
                close(s->signals);
}

static int run_service(void) {
        static MetadataPublic public;
        static HttpService public_service, registration_service;
        _cleanup_(service_done) Service s = { .signals = -1, .began = monotonic_ns() };
        _cleanup_(metadata_sockets_done) MetadataSockets sockets = {};
        uint16_t port;
        int r = parse_port(&port);
        if (r < 0 || (r = public.state = metadata_state_open(METADATA_STATE)) < 0 ||
                        (r = metadata_state_key(public.state, public.key)) < 0 ||
                        (r = s.signals = open_signals()) < 0 ||
                        (r = metadata_sockets_open(&sockets, port)) < 0)
                return r;
        metadata_public_init(&public_service, &public);
        metadata_registration_init(&registration_service, &public.state);
        r = serve(&s, &public_service, sockets.public, sockets.n_public);
        if (r < 0 || (r = serve(&s, &registration_service, sockets.registration, sockets.n_registration)) <
                                        0)
                return r;
        sd_notify(0, "READY=1");
        run(&s, sockets.passed);
        sd_notify(0, "STOPPING=1");
        drain(&s);
        return 0;
}

/* Nothing of the configuration is its business, nor can its user read it. */
int main(int argc, char **argv) {
        _cleanup_strv_ char **arguments = NULL;
        process_begin("metadata-service");
        int r = command_parse(&command, argc, argv, &arguments);
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        log_set_debug(globals.debug);
        if (*arguments) {
                log_error("unexpected argument \"%s\"", *arguments);
                return EXIT_RKT_FAILURE;
        }
        return process_end(run_service());
}
