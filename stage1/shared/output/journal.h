/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* journald in the pod. PID 1 holds its sockets from the beginning, so that apps can log, and starts it when
 * the first message is there: a pod that says nothing pays nothing. */

#include <stdbool.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "loop.h"

typedef enum JournalSocket {
        JOURNAL_SOCKET_NATIVE,
        JOURNAL_SOCKET_STDOUT,
        JOURNAL_SOCKET_SYSLOG,
        _JOURNAL_SOCKET_MAX,
} JournalSocket;

typedef struct Journal {
        int sockets[_JOURNAL_SOCKET_MAX]; /* -1 once there is no journald to be had */
        LoopSource sources[_JOURNAL_SOCKET_MAX];
        int client; /* PID 1's own connection */
        LoopSource client_source;
        int cgroup;       /* that journald starts in; -1: ours */
        int host_usr;     /* the host's /usr, not yet mounted; or -1 */
        pid_t pid;        /* 0: not running */
        bool managed;     /* the pod's service manager holds the sockets, and starts it */
        uint64_t max_use; /* bytes; 0: journald's own limit */
        unsigned starts;
        char *pending; /* a message that did not fit */
        size_t n_pending;
        struct {
                pid_t pid;
                uid_t uid;
                gid_t gid;
        } pending_sender;
        int loop;
        void (*writable)(void *userdata);
        void *userdata;
} Journal;

/* Who a line is from. */
typedef struct JournalSender {
        const char *identifier;
        pid_t pid;
        uid_t uid;
        gid_t gid;
        int priority; /* syslog's */
} JournalSender;

/* Makes the sockets in /run/systemd/journal; host_usr is taken. */
int journal_open(Journal *j, int host_usr);
/* What is written is not kept. */
void journal_open_none(Journal *j);
/* Of a pod with a service manager: nothing but the connection, once somebody listens. */
void journal_open_managed(Journal *j);
/* The files by which journald finds out how it is to behave here: -errno. */
int journal_prepare_files(const Journal *j);
void journal_attach(Journal *j, int loop, void (*writable)(void *), void *userdata);

bool journal_ready(const Journal *j);
void journal_write(Journal *j, const JournalSender *from, const char *line, size_t size);

/* journald has ended: it is started again with the next message. */
void journal_ended(Journal *j);
/* Of a pod with a service manager: waits until journald, which may only be on its way, has what was written.
 */
void journal_settle(Journal *j);
/* Ends it and waits for it, so that everything is on disk. */
void journal_close(Journal *j);
