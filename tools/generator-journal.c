/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "generator-journal.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "alloc.h"
#include "file.h"

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

static void drop_newlines(char *s) {
        for (; *s; s++)
                if (*s == '\n')
                        *s = ' ';
}

/* The native protocol of the journal: a datagram of lines FIELD=VALUE. The fields are those that systemd
 * gives its own complaints about unit files; OBJECT_SYSTEMD_UNIT is what journalctl -u looks for. */
static bool tell_journal(const PodfileProblem *p, const char *where, const char *message, const char *unit) {
        struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = JOURNAL_SOCKET };
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return false;
        _cleanup_free_ char *text =
                        xasprintf("PRIORITY=3\nSYSLOG_IDENTIFIER=rkt-generator\nMESSAGE=%s: %s\n"
                                  "CONFIG_FILE=%s\nCONFIG_LINE=%u\nUNIT=%s\nOBJECT_SYSTEMD_UNIT=%s\n",
                                        where, message, p->path, p->line, unit, unit);
        return sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *) &address, sizeof(address)) >=
               0;
}

void generator_journal(const PodfileProblem *p, const char *unit) {
        _cleanup_free_ char *where = p->line ? xasprintf("%s:%u", p->path, p->line) : xstrdup(p->path),
                            *message = xstrdup(p->message);
        drop_newlines(where);
        drop_newlines(message);
        if (tell_journal(p, where, message, unit))
                return;
        _cleanup_close_ int kmsg = open("/dev/kmsg", O_WRONLY | O_CLOEXEC | O_NOCTTY);
        _cleanup_free_ char *line =
                        xasprintf("<3>rkt-generator[%d]: %s: %s\n", (int) getpid(), where, message);
        if (kmsg < 0 || write(kmsg, line, strlen(line)) < 0)
                return; /* there is nobody to tell */
}
