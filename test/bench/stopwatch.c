/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Times commands side by side: each round runs every command once, in turn, so that what the machine does
 * meanwhile hits all of them alike.
 *
 *      stopwatch [-n ROUNDS] [-w WARMUPS] [-j JOBS] [-p PAUSE] NAME COMMAND ARG… [--- NAME COMMAND ARG…]…
 *
 * From before posix_spawn(3) until waitpid(2) returns. With -j, JOBS of the same command run at a time and
 * the commands follow one another. With -p, PAUSE milliseconds pass before each start, so that every start
 * finds the machine at rest. Prints a line for each: name, runs, failed runs, then in milliseconds the
 * minimum, the median, the 99th percentile, the whole time, and the processor time of a run on the average
 * (the command's own and of all whom it waited for), separated by tabs. The commands' stdout goes to
 * /dev/null; stderr stays, "@" in an argument becomes a number that no other run has. */

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "alloc.h"
#include "duration.h"
#include "log.h"
#include "option.h"
#include "strv.h"

#define MAX_JOBS 64

extern char **environ;

typedef struct Contestant {
        const char *name;
        char **argv;            /* borrowed from main's */
        uint64_t *times, whole; /* ns */
        uint64_t processor;     /* ns, of all that count together */
        size_t n_times, failed;
} Contestant;

typedef struct Slot {
        pid_t pid;
        uint64_t start;
} Slot;

static uint64_t rounds = 20, warmups = 2, jobs = 1, pause_ms;
static posix_spawn_file_actions_t actions;
static size_t serial;

static char **number_arguments(char *const argv[]) {
        char **l = NULL;
        serial++;
        STRV_FOREACH (a, argv) {
                const char *at = strchr(*a, '@');
                if (at)
                        strv_push(&l, xasprintf("%.*s%zu%s", (int) (at - *a), *a, serial, at + 1));
                else
                        strv_add(&l, *a);
        }
        return l;
}

static pid_t start(const Contestant *c) {
        pid_t pid;
        _cleanup_strv_ char **argv = number_arguments(c->argv);
        int r = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
        if (r == 0)
                return pid;
        log_error_errno(r, "cannot start %s", argv[0]);
        exit(EXIT_RKT_FAILURE);
}

static uint64_t timeval_ns(const struct timeval *t) {
        return t->tv_sec * NSEC_PER_SEC + t->tv_usec * 1000;
}

static void note(Contestant *c, uint64_t time, const struct rusage *used, int status, bool counts) {
        if (status != 0)
                c->failed++;
        if (!counts)
                return;
        c->times[c->n_times++] = time;
        c->processor += timeval_ns(&used->ru_utime) + timeval_ns(&used->ru_stime);
}

static void time_once(Contestant *c, bool counts) {
        int status;
        struct rusage used;
        nanosleep(&(struct timespec){ pause_ms / 1000, pause_ms % 1000 * NSEC_PER_MSEC }, NULL);
        uint64_t before = monotonic_ns();
        pid_t pid = start(c);
        while (wait4(pid, &status, 0, &used) < 0 && errno == EINTR)
                ;
        note(c, monotonic_ns() - before, &used, status, counts);
}

static void time_together(Contestant *c) {
        Slot slots[MAX_JOBS] = {};
        uint64_t begin = monotonic_ns();
        for (size_t started = 0, ended = 0; ended < rounds; ended++) {
                for (size_t i = 0; i < jobs && started < rounds; i++) {
                        if (slots[i].pid > 0)
                                continue;
                        slots[i].start = monotonic_ns();
                        slots[i].pid = start(c);
                        started++;
                }
                int status;
                struct rusage used;
                pid_t pid = wait4(-1, &status, 0, &used);
                for (size_t i = 0; i < jobs; i++) {
                        if (slots[i].pid == pid) {
                                note(c, monotonic_ns() - slots[i].start, &used, status, true);
                                slots[i].pid = 0;
                        }
                }
        }
        c->whole = monotonic_ns() - begin;
}

static int compare(const void *a, const void *b) {
        uint64_t x = *(const uint64_t *) a, y = *(const uint64_t *) b;
        return x < y ? -1 : x > y;
}

static void print(Contestant *c) {
        qsort(c->times, c->n_times, sizeof(uint64_t), compare);
        uint64_t sum = 0;
        for (size_t i = 0; i < c->n_times; i++)
                sum += c->times[i];
        printf("%s\t%zu\t%zu\t%.3f\t%.3f\t%.3f\t%.3f\t%.3f\n", c->name, c->n_times, c->failed,
                        c->times[0] / 1e6, c->times[c->n_times / 2] / 1e6,
                        c->times[c->n_times * 99 / 100] / 1e6, (c->whole ? c->whole : sum) / 1e6,
                        c->processor / 1e6 / c->n_times);
}

static void usage(void) {
        log_error("usage: [-n ROUNDS] [-w WARMUPS] [-j JOBS] [-p MILLISECONDS] NAME COMMAND… [--- NAME "
                  "COMMAND…]…");
        exit(EXIT_RKT_FAILURE);
}

static void parse_options(int argc, char **argv) {
        int option;
        while ((option = getopt(argc, argv, "+n:w:j:p:")) >= 0) {
                uint64_t *target = option == 'n'   ? &rounds
                                   : option == 'w' ? &warmups
                                   : option == 'j' ? &jobs
                                   : option == 'p' ? &pause_ms
                                                   : NULL;
                if (!target || parse_uint(optarg, 1000000, target) < 0)
                        usage();
        }
        if (rounds == 0 || jobs == 0 || jobs > MAX_JOBS)
                usage();
}

static size_t parse_contestants(char **argv, Contestant **ret) {
        size_t n = 0;
        for (char **a = argv; *a;) {
                if (!a[0] || !a[1])
                        usage();
                xgrow(ret, n);
                (*ret)[n++] = (Contestant){ .name = a[0], .argv = a + 1, .times = xnew(uint64_t, rounds) };
                while (*a && !streq(*a, "---"))
                        a++;
                if (*a)
                        *a++ = NULL;
        }
        if (n == 0)
                usage();
        return n;
}

int main(int argc, char **argv) {
        log_init("stopwatch");
        parse_options(argc, argv);
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
        _cleanup_free_ Contestant *contestants = NULL;
        size_t n = parse_contestants(argv + optind, &contestants);
        for (uint64_t round = 0; round < warmups; round++)
                for (size_t i = 0; i < n; i++)
                        time_once(&contestants[i], false);
        if (jobs > 1)
                for (size_t i = 0; i < n; i++)
                        time_together(&contestants[i]);
        else
                for (uint64_t round = 0; round < rounds; round++)
                        for (size_t i = 0; i < n; i++)
                                time_once(&contestants[i], true);
        for (size_t i = 0; i < n; i++) {
                print(&contestants[i]);
                free(contestants[i].times);
        }
        return 0;
}
