/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What an app writes to its standard output or error: a pipe that PID 1 reads, line by line, to the console
 * and to the journal, or to a file; or to those who attach. When one of them does not keep up, the pipe is
 * left full, and the app waits. A terminal is read in the same way. */

#include <stdbool.h>

#include "attach.h"
#include "console.h"
#include "journal.h"
#include "log-file.h"
#include "rate-limit.h"

/* Longer lines are cut into several messages, as journald does with LineMax=48K. */
#define STREAM_LINE_MAX ((size_t) 48 * 1024)

typedef struct Logs {
        Console console;
        Journal journal;
        bool interactive; /* the app has the terminal: lines of PID 1 go there as they are */
        AttachServer attach;
        int log_requests; /* socket to who opens log files; -1: there are none */
} Logs;

typedef struct Stream {
        Logs *logs;
        JournalSender sender; /* pid is the process that runs now */
        RateLimit *limit;     /* of what is kept; NULL: none */
        bool terminal;        /* lines end as they do there */
        bool logged;          /* the logs take its lines */
        LogFile *file;        /* in place of the logs; or NULL */
        const char *name;     /* there */
        AttachPoint *point;   /* where those who attach get it; or NULL */
        AttachKind kind;      /* there */
        int in, out;          /* PID 1's end, and the app's */
        char *buffer;         /* an unfinished line */
        size_t used, size;
        int loop;
        LoopSource source;
} Stream;

/* Shows a line and keeps it in the journal. */
void logs_write(Logs *l, const JournalSender *from, const char *line, size_t size);
bool logs_ready(const Logs *l);

void stream_init(Stream *s, Logs *l, const JournalSender *sender);
/* Makes the pipe; an app that runs as this user may open it again by name (/dev/stdout). */
int stream_open(Stream *s);
int stream_watch(Stream *s, int loop);
/* Reads what is there, as long as it can be passed on. With finish, an unfinished line counts as one.
 * Returns whether nothing is left. */
bool stream_read(Stream *s, bool finish);
/* Tells the journal how many lines it has not got. */
void stream_tell_dropped(Stream *s);
/* What has not been read is lost. */
void stream_close(Stream *s);
/* The logs take lines again. */
void stream_resume(Stream *s);
