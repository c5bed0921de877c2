/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Entry point "attach": between the user's terminal and an app's input and output,
 * which PID 1 has. Working directory: the pod's. */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <termios.h>

#include "alloc.h"
#include "app-io.h"
#include "attach-message.h"
#include "attach-options.h"
#include "file.h"
#include "log.h"
#include "manifest-load.h"
#include "option.h"
#include "pod-manifest.h"
#include "process.h"
#include "terminal.h"

typedef struct Session {
        const AttachOptions *options;
        int socket, signals;
        int input; /* -1: there is none, or it has ended */
        DetachKeys detach;
        bool raw;
        struct termios saved;
        bool welcome, over;
        int status;
} Session;

static int read_io(const char *app, AppIo *ret) {
        _cleanup_pod_manifest_ PodManifest *m = NULL;
        _cleanup_free_ char *error = NULL;
        int r = pod_manifest_load_at(AT_FDCWD, "pod", &m, &error);
        const RuntimeApp *a = r < 0 ? NULL : pod_manifest_find_app(m, app);
        if (r >= 0 && !a) {
                log_error("the pod has no app \"%s\"", app);
                return -ENOENT;
        }
        if (r >= 0)
                r = app_io_parse(&a->annotations, ret, &error);
        if (r < 0)
                log_error("the pod's manifest: %s", error);
        return r;
}

static void add_target(json_object *targets, const char *name) {
        json_object *t = json_object_new_object();
        json_object_object_add(t, "name", json_object_new_string(name));
        json_object_object_add(t, "domain", json_object_new_string("unix"));
        json_object_object_add(t, "address", json_object_new_string("/" ATTACH_SOCKET));
        json_object_array_add(targets, t);
}

/* As rkt's. */
static int list_endpoints(const AppIo *io) {
        static const char *const names[] = { "stdin", "stdout", "stderr" };
        _cleanup_json_ json_object *o = json_object_new_object();
        json_object *targets = json_object_new_array();
        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (io->modes[i] == APP_IO_STREAM)
                        add_target(targets, names[i]);
        if (app_io_has(io, APP_IO_TTY))
                add_target(targets, "tty");
        json_object_object_add(o, "version", json_object_new_int(1));
        json_object_object_add(o, "targets", targets);
        _cleanup_free_ char *text = json_to_text(o, false);
        return process_end(puts(text) < 0 ? log_error_errno(errno, "standard output") : 0);
}

static int send_message(Session *s, const AttachMessage *m) {
        char buffer[ATTACH_MESSAGE_MAX];
        size_t size = attach_message_write(m, buffer);
        ssize_t n;
        do
                n = send(s->socket, buffer, size, MSG_NOSIGNAL);
        while (n < 0 && errno == EINTR);
        return n < 0 ? -errno : 0;
}

static int connect_to_pod(void) {
        struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "stage1/rootfs/" ATTACH_SOCKET };
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        if (fd < 0 || connect(fd, (struct sockaddr *) &address, sizeof(address)) < 0)
                return log_error_errno(errno, "cannot connect to the pod at %s", address.sun_path);
        return TAKE_FD(fd);
}

static void send_window(Session *s) {
        struct winsize w;
        for (int i = 0; i < 3; i++)
                if (ioctl(i, TIOCGWINSZ, &w) == 0) {
                        send_message(s, &(AttachMessage){ .kind = ATTACH_WINDOW,
                                                        .rows = w.ws_row,
                                                        .columns = w.ws_col });
                        return;
                }
}

static bool is_null(int fd) {
        struct stat st;
        return fstat(fd, &st) < 0 || (S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3));
}

static int make_raw(Session *s) {
        if (!isatty(s->input))
                return 0;
        if (tcgetattr(s->input, &s->saved) < 0)
                return -errno;
        struct termios raw = s->saved;
        cfmakeraw(&raw);
        if (tcsetattr(s->input, TCSADRAIN, &raw) < 0)
                return -errno;
        s->raw = true;
        return 0;
}

static void restore_terminal(Session *s) {
        if (s->raw)
                tcsetattr(STDIN_FILENO, TCSADRAIN, &s->saved);
        s->raw = false;
}

/* Input that is not there would end that of the app: whoever has none does not mean that. */
static int on_welcome(Session *s, unsigned channels) {
        const unsigned in = ATTACH_STDIN | ATTACH_TTY_IN, tty = ATTACH_TTY_IN | ATTACH_TTY_OUT;
        s->welcome = true;
        if (!(channels & in) || s->options->no_input || is_null(STDIN_FILENO))
                s->input = -1;
        if (channels & tty) {
                send_window(s);
                int r = s->input >= 0 ? make_raw(s) : 0;
                if (r < 0)
                        return log_error_errno(r, "cannot use the terminal");
        }
        return 0;
}

static int print(int fd, const AttachMessage *m) {
        int r = write_all(fd, m->data, m->size);
        return r < 0 ? log_error_errno(r, "standard %s", fd == STDOUT_FILENO ? "output" : "error") : 0;
}

/* What PID 1 has not got around to tell: it writes it down, too. */
static int read_status(Session *s) {
        _cleanup_free_ char *path = xasprintf("stage1/rootfs/rkt/status/%s", s->options->app), *text = NULL;
        uint64_t status;
        s->over = true;
        if (read_line_at(AT_FDCWD, path, &text) < 0 || parse_uint(text, 255, &status) < 0) {
                restore_terminal(s);
                log_error("the pod has gone");
                return -ECONNRESET;
        }
        restore_terminal(s);
        log_warning("the pod has ended: output may be missing here");
        s->status = (int) status;
        return 0;
}

static int on_message(Session *s) {
        char buffer[ATTACH_MESSAGE_MAX + 1];
        AttachMessage m;
        ssize_t n = recv(s->socket, buffer, sizeof(buffer), 0);
        /* input that it has not read when it ends is no reason not to read what it has said */
        if (n < 0 && (errno == EINTR || errno == ECONNRESET))
                return 0;
        if (n <= 0)
                return read_status(s);
        if (attach_message_parse(buffer, (size_t) n, false, &m) < 0) {
                log_error("the pod has sent something that is not known here");
                return -EBADMSG;
        }
        switch (m.kind) {
        case ATTACH_WELCOME: return on_welcome(s, m.channels);
        case ATTACH_OUTPUT: return print(STDOUT_FILENO, &m);
        case ATTACH_ERROR: return print(STDERR_FILENO, &m);
        case ATTACH_REFUSAL: log_error("app %s: %.*s", s->options->app, (int) m.size, m.data); return -EPERM;
        case ATTACH_DROPPED:
                log_warning("%llu bytes of output are missing here: they were not read in time%s",
                                (unsigned long long) m.number, s->raw ? "\r" : "");
                return 0;
        case ATTACH_ENDED:
                s->status = (int) (m.number & 255);
                s->over = true;
                return 0;
        default: return 0;
        }
}

/* The pod may end while something is typed: why it has is still to be read. */
static int send_input(Session *s, const AttachMessage *m) {
        int r = send_message(s, m);
        if (r == -EPIPE || r == -ECONNRESET) {
                s->input = -1;
                return 0;
        }
        return r < 0 ? log_error_errno(r, "cannot send the input to the pod") : 0;
}

static int on_input(Session *s) {
        char typed[ATTACH_DATA_MAX - DETACH_KEYS_MAX], passed[ATTACH_DATA_MAX];
        size_t size = 0;
        ssize_t n = read(s->input, typed, sizeof(typed));
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
                return 0;
        if (n <= 0) {
                s->input = -1;
                return send_input(s, &(AttachMessage){ .kind = ATTACH_EOF });
        }
        /* only keys are typed */
        bool typing = isatty(s->input);
        if (typing)
                s->over = detach_keys_filter(&s->detach, typed, (size_t) n, passed, &size);
        AttachMessage m = {
                .kind = ATTACH_INPUT, .data = typing ? passed : typed, .size = typing ? size : (size_t) n
        };
        int r = m.size > 0 ? send_input(s, &m) : 0;
        if (s->over) {
                restore_terminal(s);
                log_info("detached from app %s", s->options->app);
        }
        return r;
}

static int on_signal(Session *s) {
        struct signalfd_siginfo info;
        if (read(s->signals, &info, sizeof(info)) != sizeof(info))
                return 0;
        if (info.ssi_signo == SIGWINCH) {
                send_window(s);
                return 0;
        }
        s->status = 128 + (int) info.ssi_signo;
        s->over = true;
        return 0;
}

static int run_session(Session *s) {
        int r = 0;
        while (r >= 0 && !s->over) {
                struct pollfd p[] = {
                        { .fd = s->socket, .events = POLLIN },
                        { .fd = s->signals, .events = POLLIN },
                        { .fd = s->welcome ? s->input : -1, .events = POLLIN },
                };
                if (poll(p, ELEMENTSOF(p), -1) <= 0)
                        continue;
                if (p[1].revents)
                        r = on_signal(s);
                if (r >= 0 && !s->over && p[0].revents)
                        r = on_message(s);
                if (r >= 0 && !s->over && p[2].revents && s->input >= 0)
                        r = on_input(s);
        }
        return r;
}

static int attach(const AttachOptions *o) {
        Session s = { .options = o, .socket = connect_to_pod(), .input = STDIN_FILENO, .detach = o->detach };
        if (s.socket < 0)
                return s.socket;
        AttachMessage hello = {
                .kind = ATTACH_HELLO, .channels = o->channels, .data = o->app, .size = strlen(o->app)
        };
        s.signals = terminal_open_signals();
        int r = s.signals < 0 ? s.signals : send_message(&s, &hello);
        if (r == -EPIPE || r == -ECONNRESET)
                r = read_status(&s); /* it has ended just now */
        else if (r >= 0)
                r = run_session(&s);
        else if (s.signals >= 0)
                log_error_errno(r, "cannot speak to the pod");
        restore_terminal(&s);
        return r < 0 ? r : s.status;
}

int main(int argc, char **argv) {
        _cleanup_app_io_ AppIo io = {};
        AttachOptions o;
        process_begin("attach");
        int r = attach_options_parse(argc, argv, &o);
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        if ((r = read_io(o.app, &io)) < 0)
                return EXIT_RKT_FAILURE;
        if (o.list)
                return list_endpoints(&io);
        if (!app_io_attachable(&io)) {
                log_error("app %s: there is nothing to attach to: it was not started with --stdin, --stdout "
                          "or "
                          "--stderr as stream or tty",
                                o.app);
                return EXIT_RKT_FAILURE;
        }
        r = attach(&o);
        return r < 0 ? EXIT_RKT_FAILURE : r;
}
