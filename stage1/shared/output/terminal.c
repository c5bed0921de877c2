/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>

#include "file.h"
#include "log.h"

#define OUTPUT_PART 4096
#define OUTPUT_REST (1024 * 1024)

int terminal_open_master(int dirfd, const char *path) {
        int unlock = 0;
        _cleanup_close_ int master = openat(dirfd, path, O_RDWR | O_NOCTTY | O_CLOEXEC);
        return master < 0 || ioctl(master, TIOCSPTLCK, &unlock) < 0 ? -errno : TAKE_FD(master);
}

/* Not by name: that would have to be looked up in the app's root. */
int terminal_open_slave(int master) {
        int slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
        return slave < 0 ? -errno : slave;
}

int terminal_open_pair(int dirfd, const char *path, int *ret_master, int *ret_slave) {
        _cleanup_close_ int master = terminal_open_master(dirfd, path);
        int slave = master < 0 ? master : terminal_open_slave(master);
        if (slave < 0)
                return slave;
        *ret_master = TAKE_FD(master);
        *ret_slave = slave;
        return 0;
}

int terminal_name(int master, char *ret, size_t size) {
        unsigned number;
        if (ioctl(master, TIOCGPTN, &number) < 0)
                return -errno;
        snprintf(ret, size, "pts/%u", number);
        return 0;
}

void terminal_copy_size(int user, int master) {
        struct winsize size;
        if (ioctl(user, TIOCGWINSZ, &size) == 0)
                ioctl(master, TIOCSWINSZ, &size);
}

void terminal_resize(const Terminal *t) {
        if (t->master >= 0)
                terminal_copy_size(t->user, t->master);
}

int terminal_start(Terminal *t, int input, int output, int master) {
        *t = (Terminal){
                .input = input,
                .output = output,
                .user = input >= 0 ? input : output,
                .master = master,
        };
        if (fcntl(master, F_SETFL, O_NONBLOCK) < 0)
                return -errno;
        terminal_resize(t);
        if (input < 0)
                return 0;
        if (tcgetattr(input, &t->saved) < 0)
                return errno == ENOTTY ? 0 : -errno;
        struct termios raw = t->saved;
        cfmakeraw(&raw);
        if (tcsetattr(input, TCSADRAIN, &raw) < 0)
                return -errno;
        t->raw = true;
        return 0;
}

_waiting_ void terminal_poll(const Terminal *t, struct pollfd ret[static TERMINAL_POLLS]) {
        ret[0] = (struct pollfd){ .fd = t->n_pending == 0 && t->master >= 0 ? t->input : -1,
                .events = POLLIN };
        ret[1] = (struct pollfd){ .fd = t->master,
                .events = (short) (POLLIN | (t->n_pending > 0 ? POLLOUT : 0)) };
}

/* Nobody has the app's side open any more. */
static void close_master(Terminal *t) {
        close(TAKE_FD(t->master));
        t->n_pending = 0;
}

static void send_pending(Terminal *t) {
        ssize_t n = write(t->master, t->pending, t->n_pending);
        if (n <= 0)
                return;
        t->n_pending -= (size_t) n;
        memmove(t->pending, t->pending + n, t->n_pending);
}

static void read_input(Terminal *t) {
        const char end_of_file = 4; /* ^D */
        ssize_t n = read(t->input, t->pending, sizeof(t->pending));
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
                return;
        if (n <= 0) {
                (void) !write(t->master, &end_of_file, 1);
                t->input = -1;
                return;
        }
        t->n_pending = (size_t) n;
        send_pending(t);
}

/* false at the end of what there is. */
static bool copy_output(Terminal *t) {
        char buffer[OUTPUT_PART];
        ssize_t n = read(t->master, buffer, sizeof(buffer));
        if (n > 0) {
                write_all(t->output, buffer, (size_t) n); /* a user who has gone away is no reason to stop */
                return true;
        }
        if (n == 0 || (errno != EAGAIN && errno != EINTR))
                close_master(t);
        return false;
}

void terminal_handle(Terminal *t, const struct pollfd p[static TERMINAL_POLLS]) {
        if (p[0].revents)
                read_input(t);
        if (t->master >= 0 && (p[1].revents & POLLOUT))
                send_pending(t);
        if (t->master >= 0 && (p[1].revents & (POLLIN | POLLHUP | POLLERR)))
                copy_output(t);
}

void terminal_end(Terminal *t) {
        /* a process left in the background may go on writing: what the kernel has now is enough */
        for (unsigned i = 0; i < OUTPUT_REST / OUTPUT_PART && t->master >= 0 && copy_output(t); i++)
                ;
        if (t->raw)
                tcsetattr(t->user, TCSADRAIN, &t->saved);
        if (t->master >= 0)
                close_master(t);
}

int terminal_open_signals(void) {
        const int all[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGWINCH };
        sigset_t set;
        sigemptyset(&set);
        for (size_t i = 0; i < ELEMENTSOF(all); i++)
                sigaddset(&set, all[i]);
        sigprocmask(SIG_BLOCK, &set, NULL);
        int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
        return fd < 0 ? log_error_errno(errno, "signalfd") : fd;
}
