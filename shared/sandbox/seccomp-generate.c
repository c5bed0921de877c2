/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Build-time program: compiles a list of system calls (its form is described in seccomp-default.list) to BPF
 * and writes it as C. Usage: seccomp-generate LIST OUT.c */

#include <ctype.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define UNIFORM_FIRST 424        /* from here on a call's number is the same everywhere */
#define UNIFORM_END   0x40000000 /* x32's bit */
#define NUMBERS_MAX   64

static const char *list_name;
static unsigned list_line;

/* Calls that the prologue allows by number, and the highest number that the list knows. */
static int numbers[NUMBERS_MAX];
static size_t n_numbers;
static int last_number;

static __attribute__((noreturn, format(printf, 1, 2))) void die(const char *format, ...) {
        va_list ap;
        va_start(ap, format);
        fprintf(stderr, "%s:%u: ", list_name, list_line);
        vfprintf(stderr, format, ap);
        fputc('\n', stderr);
        va_end(ap);
        exit(1);
}

static const struct {
        const char *name;
        enum scmp_compare compare;
} comparisons[] = {
        { "==", SCMP_CMP_EQ },
        { "!=", SCMP_CMP_NE },
        { "<=", SCMP_CMP_LE },
        { ">=", SCMP_CMP_GE },
        { "<", SCMP_CMP_LT },
        { ">", SCMP_CMP_GT },
};

static unsigned long long number(const char *s) {
        char *end;
        if (!s || !isdigit((unsigned char) *s))
                die("expected a number, found \"%s\"", s ? s : "the end of the line");
        unsigned long long v = strtoull(s, &end, 0);
        if (*end)
                die("expected a number, found \"%s\"", s);
        return v;
}

/* "aN == V" or "aN & MASK == V"; the words are taken from strtok. */
static struct scmp_arg_cmp condition(const char *word) {
        struct scmp_arg_cmp c = {};
        if (word[0] != 'a' || word[1] < '0' || word[1] > '5' || word[2])
                die("expected an argument, a0 to a5, found \"%s\"", word);
        c.arg = (unsigned) (word[1] - '0');
        const char *operator= strtok(NULL, " ");
        if (operator&& strcmp(operator, "&") == 0) {
                c.datum_a = number(strtok(NULL, " "));
                operator= strtok(NULL, " ");
                if (!operator|| strcmp(operator, "==") != 0)
                        die("expected == after a mask");
                c.op = SCMP_CMP_MASKED_EQ;
                c.datum_b = number(strtok(NULL, " "));
                return c;
        }
        for (size_t i = 0; operator&& i<sizeof(comparisons) / sizeof(comparisons[0]); i++)
                if (strcmp(operator, comparisons[i].name) == 0) {
                        c.op = comparisons[i].compare;
                        c.datum_a = number(strtok(NULL, " "));
                        return c;
                }
        die("expected a comparison, found \"%s\"", operator ? operator : "the end of the line");
}

static int error_number(const char *name) {
        if (name && strcmp(name, "ENOSYS") == 0)
                return ENOSYS;
        if (name && strcmp(name, "EPERM") == 0)
                return EPERM;
        die("expected ENOSYS or EPERM");
}

static void add_rule(scmp_filter_ctx filter, char *line) {
        struct scmp_arg_cmp args[4];
        unsigned n = 0;
        uint32_t action = SCMP_ACT_ALLOW;

        char *name = strtok(line, " "), *word = strtok(NULL, " ");
        if (*name == '!') {
                name++;
                action = SCMP_ACT_ERRNO((uint32_t) error_number(word));
                word = NULL;
        }
        while (word) {
                if (n == sizeof(args) / sizeof(args[0]))
                        die("too many conditions");
                args[n++] = condition(word);
                word = strtok(NULL, " ");
                if (word && strcmp(word, "&&") != 0)
                        die("expected &&, found \"%s\"", word);
                word = word ? strtok(NULL, " ") : NULL;
        }

        int fixed = 0;
        char *equals = strchr(name, '=');
        if (equals) {
                *equals = 0;
                fixed = (int) number(equals + 1);
                if (fixed < UNIFORM_FIRST)
                        die("only calls from %d on can be given by number", UNIFORM_FIRST);
        }
        int call = seccomp_syscall_resolve_name(name);
        if (call == __NR_SCMP_ERROR) {
                if (fixed == 0)
                        return; /* another architecture's, or younger than this libseccomp */
                if (n_numbers == NUMBERS_MAX)
                        die("too many calls given by number");
                numbers[n_numbers++] = fixed;
        } else {
                int r = seccomp_rule_add_array(filter, action, call, n, args);
                if (r < 0 && r != -EDOM)
                        die("%s: %s", name, strerror(-r));
        }
        if (fixed > last_number)
                last_number = fixed;
}

static void read_list(scmp_filter_ctx filter, FILE *f) {
        char line[256];
        while (fgets(line, sizeof(line), f)) {
                list_line++;
                line[strcspn(line, "#\n")] = 0;
                size_t n = strlen(line);
                while (n > 0 && line[n - 1] == ' ')
                        line[--n] = 0;
                if (n > 0)
                        add_rule(filter, line);
        }
}

/* Programs for the machine's older instruction set run, too, and are under the same rules. x32 has no users:
 * its calls do not exist, as on most kernels. */
static void add_architectures(scmp_filter_ctx filter) {
        static const struct {
                uint32_t native, other;
        } families[] = {
                { SCMP_ARCH_X86_64, SCMP_ARCH_X86 },
                { SCMP_ARCH_AARCH64, SCMP_ARCH_ARM },
                { SCMP_ARCH_S390X, SCMP_ARCH_S390 },
        };
        for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
                if (families[i].native == seccomp_arch_native() &&
                                seccomp_arch_add(filter, families[i].other) < 0)
                        die("cannot add an architecture");
}

static void emit(FILE *out, const struct sock_filter *code, size_t n) {
        for (size_t i = 0; i < n; i++)
                fprintf(out, "        { 0x%04x, %u, %u, 0x%08x },\n", code[i].code, code[i].jt, code[i].jf,
                                code[i].k);
}

/* Goes before libseccomp's program, whose jumps are relative: it does not notice. */
static size_t write_prologue(FILE *out) {
        struct sock_filter code[2 * NUMBERS_MAX + 8];
        size_t n = 0;
        size_t rest = 2 * n_numbers + 2; /* the instructions behind the range check */
        code[n++] = (struct sock_filter) BPF_STMT(
                        BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
        code[n++] = (struct sock_filter) BPF_JUMP(
                        BPF_JMP | BPF_JGE | BPF_K, UNIFORM_END, (uint8_t) (rest + 1), 0);
        code[n++] = (struct sock_filter) BPF_JUMP(
                        BPF_JMP | BPF_JGE | BPF_K, UNIFORM_FIRST, 0, (uint8_t) rest);
        for (size_t i = 0; i < n_numbers; i++) {
                code[n++] = (struct sock_filter) BPF_JUMP(
                                BPF_JMP | BPF_JEQ | BPF_K, (unsigned) numbers[i], 0, 1);
                code[n++] = (struct sock_filter) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
        }
        code[n++] = (struct sock_filter) BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, (unsigned) last_number, 0, 1);
        code[n++] = (struct sock_filter) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS);
        emit(out, code, n);
        return n;
}

static size_t write_filter(FILE *out, scmp_filter_ctx filter) {
        int fd = memfd_create("filter", 0);
        if (fd < 0 || seccomp_export_bpf(filter, fd) < 0)
                die("cannot compile the filter");
        off_t size = lseek(fd, 0, SEEK_END);
        struct sock_filter *code = malloc((size_t) size);
        if (!code || pread(fd, code, (size_t) size, 0) != size)
                die("cannot read the filter");
        emit(out, code, (size_t) size / sizeof(*code));
        close(fd);
        free(code);
        return (size_t) size / sizeof(*code);
}

int main(int argc, char **argv) {
        if (argc != 3) {
                fprintf(stderr, "usage: seccomp-generate LIST OUT.c\n");
                return 2;
        }
        list_name = argv[1];
        scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
        FILE *f = fopen(argv[1], "re"), *out = fopen(argv[2], "we");
        if (!filter || !f || !out)
                die("cannot open the files");
        /* optimized as a binary tree: a call costs a few comparisons instead of hundreds */
        seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
        seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS));
        add_architectures(filter);
        read_list(filter, f);
        fclose(f);

        fprintf(out, "/* made by seccomp-generate from %s */\n#include \"syscall-filter.h\"\n\n",
                        "seccomp-default.list");
        fprintf(out, "const struct sock_filter seccomp_default[] = {\n");
        size_t n = write_prologue(out);
        n += write_filter(out, filter);
        fprintf(out, "};\nconst size_t seccomp_default_length = %zu;\n", n);
        seccomp_release(filter);
        return fclose(out) == 0 ? 0 : 1;
}
