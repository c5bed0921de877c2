/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Runs a fuzz target without libFuzzer: over each file of a corpus directory as it is, then over mutations
 * of them. The mutations are the same in every run, so a failure can be repeated; the input that failed is
 * left in crash-TARGET.
 *
 * usage: fuzz-TARGET CORPUS [SECONDS [SEED]]     or     fuzz-TARGET FILE (that one input) */

#include "fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "file.h"
#include "strv.h"

#define INPUT_MAX             65536
#define MUTATIONS_MAX         100000
#define SECONDS_FOR_ONE_INPUT 20

typedef struct Input {
        size_t size;
        uint8_t data[INPUT_MAX];
} Input;

typedef struct Corpus {
        Input *inputs;
        size_t n;
} Corpus;

static uint64_t random_state;

static uint64_t next_random(uint64_t below) { /* xorshift64* */
        random_state ^= random_state >> 12;
        random_state ^= random_state << 25;
        random_state ^= random_state >> 27;
        return (random_state * UINT64_C(0x2545F4914F6CDD1D) >> 16) % below;
}

static int load(const char *path, Input *input) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r = read_file_at(AT_FDCWD, path, INPUT_MAX, &text, &size);
        if (r < 0) {
                fprintf(stderr, "%s: %s\n", path, strerror(-r));
                return r;
        }
        memcpy(input->data, text, size);
        input->size = size;
        return 0;
}

static int load_corpus(const char *path, Corpus *c) {
        _cleanup_strv_ char **names = NULL;
        int r = list_directory_at(AT_FDCWD, path, &names);
        if (r < 0) {
                fprintf(stderr, "%s: %s\n", path, strerror(-r));
                return r;
        }
        c->inputs = xnew(Input, strv_length(names));
        STRV_FOREACH (name, names) {
                _cleanup_free_ char *file = xasprintf("%s/%s", path, *name);
                r = load(file, &c->inputs[c->n++]);
                if (r < 0)
                        return r;
        }
        return 0;
}

static void insert(Input *input, size_t at, const uint8_t *data, size_t n) {
        n = MIN(n, INPUT_MAX - input->size);
        memmove(input->data + at + n, input->data + at, input->size - at);
        memcpy(input->data + at, data, n);
        input->size += n;
}

static void erase(Input *input, size_t at, size_t n) {
        n = MIN(n, input->size - at);
        memmove(input->data + at, input->data + at + n, input->size - at - n);
        input->size -= n;
}

/* One small change. */
static void mutate(Input *input, const Corpus *c) {
        static const char *const pieces[] = { "\"", "{", "}", "[", "]", ",", ":", "-", "0", "9", "1e9", ".",
                "null", "true", "\\u0000", "\\", "\xff", "/", "..", "=", "99999999999999999999", "", "\n",
                "%s", "\x1f\x8b" };
        size_t at = input->size ? next_random(input->size) : 0;
        switch (next_random(7)) {
        case 0:
                if (input->size)
                        input->data[at] ^= (uint8_t) (1 << next_random(8));
                break;
        case 1:
                if (input->size)
                        input->data[at] = (uint8_t) next_random(256);
                break;
        case 2: erase(input, at, 1 + next_random(16)); break;
        case 3: {
                const char *piece = pieces[next_random(ELEMENTSOF(pieces))];
                insert(input, at, (const uint8_t *) piece, strlen(piece));
                break;
        }
        case 4: { /* a stretch of it again, elsewhere */
                uint8_t copy[64];
                size_t n = MIN(input->size - at, 1 + next_random(sizeof(copy)));
                memcpy(copy, input->data + at, n);
                insert(input, input->size ? next_random(input->size) : 0, copy, n);
                break;
        }
        case 5: { /* a stretch of another input */
                const Input *other = &c->inputs[next_random(c->n)];
                if (other->size) {
                        size_t from = next_random(other->size);
                        insert(input, at, other->data + from, MIN(other->size - from, 1 + next_random(128)));
                }
                break;
        }
        case 6: input->size = at; break;
        }
}

static double seconds_now(void) {
        struct timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double) t.tv_sec + (double) t.tv_nsec / 1e9;
}

/* A copy in memory of just its size, for AddressSanitizer. */
static void run_one(const Input *input) {
        _cleanup_free_ uint8_t *data = xmalloc(input->size);
        memcpy(data, input->data, input->size);
        alarm(SECONDS_FOR_ONE_INPUT);
        LLVMFuzzerTestOneInput(data, input->size);
        alarm(0);
}

static _noreturn_ void run_all(const Corpus *c, Input *current, double seconds) {
        size_t mutations = 0;
        for (size_t i = 0; i < c->n; i++) {
                *current = c->inputs[i];
                run_one(current);
        }
        double end = seconds_now() + seconds;
        while (mutations < MUTATIONS_MAX && seconds_now() < end) {
                const Input *from = &c->inputs[next_random(c->n)];
                current->size = from->size;
                memcpy(current->data, from->data, from->size);
                for (uint64_t changes = 1 + next_random(6); changes > 0; changes--)
                        mutate(current, c);
                run_one(current);
                mutations++;
        }
        printf("%zu inputs and %zu mutations of them\n", c->n, mutations);
        exit(EXIT_SUCCESS);
}

static int save_failure(const char *program, const Input *input) {
        const char *slash = strrchr(program, '/');
        const char *name = startswith(slash ? slash + 1 : program, "fuzz-");
        _cleanup_free_ char *path = xasprintf("crash-%s", name ? name : "input");
        int r = write_file_at(AT_FDCWD, path, input->data, input->size, 0644);
        fprintf(stderr, "failed with the input of %zu bytes that is now in %s\n", input->size,
                        r < 0 ? "nothing (it could not be written)" : path);
        return EXIT_FAILURE;
}

int main(int argc, char **argv) {
        if (argc < 2) {
                fprintf(stderr, "usage: %s CORPUS [SECONDS [SEED]] or %s FILE\n", argv[0], argv[0]);
                return EXIT_FAILURE;
        }
        /* what is being tried stands in shared memory, where it outlives the process that tries it */
        Input *current =
                        mmap(NULL, sizeof(Input), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (current == MAP_FAILED)
                return EXIT_FAILURE;
        struct stat st;
        if (stat(argv[1], &st) == 0 && S_ISREG(st.st_mode)) {
                if (load(argv[1], current) < 0)
                        return EXIT_FAILURE;
                run_one(current);
                return EXIT_SUCCESS;
        }

        Corpus corpus = {};
        if (load_corpus(argv[1], &corpus) < 0)
                return EXIT_FAILURE;
        if (corpus.n == 0) {
                fprintf(stderr, "%s: no input in it\n", argv[1]);
                return EXIT_FAILURE;
        }
        double seconds = argc > 2 ? atof(argv[2]) : 2;
        random_state = (argc > 3 ? strtoull(argv[3], NULL, 10) : 1) * UINT64_C(0x9E3779B97F4A7C15) | 1;

        setrlimit(RLIMIT_CORE, &(struct rlimit){});
        fflush(NULL);
        pid_t pid = fork();
        if (pid < 0)
                return EXIT_FAILURE;
        if (pid == 0)
                run_all(&corpus, current, seconds);
        int status;
        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return EXIT_FAILURE;
        free(corpus.inputs);
        if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
                fprintf(stderr, "one input took more than %d seconds\n", SECONDS_FOR_ONE_INPUT);
        return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? EXIT_SUCCESS : save_failure(argv[0], current);
}
