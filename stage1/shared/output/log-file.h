/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* PID 1's side of an app's log file, in the form of the Container Runtime Interface: lines "TIME STREAM TAG
 * TEXT", with TIME as in RFC 3339 with nanoseconds, STREAM stdout or stderr, and TAG F, or P where no
 * newline follows in what the app wrote. What the file does not take, because its disk is full, waits, and
 * so does the app. */

#include <stdbool.h>
#include <stdint.h>

#include "app-io.h"
#include "loop.h"

#define LOG_FILE_LINE_MAX ((size_t) 16 * 1024) /* longer ones become several P: what readers expect */

typedef struct LogFile {
        const char *app;
        const AppIo *io;
        int requests; /* socket to who opens the files */
        int fd;       /* -1: could not be opened yet */
        uint64_t size;
        uint64_t rotate_at; /* not before: monotonic ns */
        char *pending;
        size_t n_pending, room;
        size_t begun; /* so much of the first line there is in the file already */
        bool stuck;   /* it has not taken something: it is tried again from time to time */
        int loop, timer;
        LoopSource source;
        void (*writable)(void *userdata);
        void *userdata;
} LogFile;

/* Logs failures. writable is called when it takes lines again. */
int log_file_open(LogFile *l, const char *app, const AppIo *io, int requests, int loop,
                void (*writable)(void *), void *userdata);
void log_file_close(LogFile *l);

bool log_file_ready(const LogFile *l);
/* Until log_file_flush, lines are collected. */
void log_file_add(LogFile *l, const char *stream, bool partial, const char *line, size_t size);
void log_file_flush(LogFile *l);
/* Somebody has moved the file: goes on in a new one of its name. */
void log_file_reopen(LogFile *l);
