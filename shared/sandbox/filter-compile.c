/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "filter-compile.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/mman.h>

#include "alloc.h"
#include "file.h"
#include "filter-rules.h"
#include "strv.h"

#define UNIFORM_FIRST   424        /* from here on a call's number is the same everywhere */
#define UNIFORM_END     0x40000000 /* x32's bit */
#define DEFAULT_SET     "@rkt/default-whitelist"
#define ALWAYS_SET      "always"
#define SET_DEPTH_MAX   4
#define BY_NUMBER_MAX   64 /* calls that libseccomp does not know: jumps over them fit into a byte */
#define PROLOGUE_EXTRA  16
#define I386_SOCKETCALL 102
#define I386_SYS_SOCKET 1 /* linux/net.h */

typedef struct Compiler {
        const FilterLists *lists;
        const FilterSource *source;
        FilterRules rules;
        scmp_filter_ctx filter;
        unsigned by_number[BY_NUMBER_MAX];
        size_t n_by_number;
        char **ret_error;
} Compiler;

static int fail(Compiler *c, char *message) {
        *c->ret_error = message;
        return -EINVAL;
}

static uint32_t refusal(const FilterSource *s) {
        return s->error ? SCMP_ACT_ERRNO((uint32_t) s->error) : SCMP_ACT_KILL_PROCESS;
}

/* Copies the next line of text without its comment and the spaces at its end; NULL at the end of the text.
 */
static char *next_line(const char **text) {
        if (!**text)
                return NULL;
        const char *end = strchrnul(*text, '\n');
        char *line = xstrndup(*text, (size_t) (end - *text));
        *text = *end ? end + 1 : end;
        line[strcspn(line, "#")] = 0;
        for (size_t n = strlen(line); n > 0 && line[n - 1] == ' ';)
                line[--n] = 0;
        return line;
}

/* Number of a call by the table of young ones; 0: not there. */
static unsigned young_number(const FilterLists *lists, const char *name) {
        const char *text = lists->calls;
        char *line;
        unsigned number = 0;
        while (number == 0 && (line = next_line(&text))) {
                const char *rest = startswith(line, name);
                if (rest && *rest == ' ')
                        number = (unsigned) strtoul(rest, NULL, 10);
                free(line);
        }
        return number;
}

static unsigned highest_number(const FilterLists *lists) {
        const char *text = lists->calls;
        char *line;
        unsigned highest = UNIFORM_FIRST;
        while ((line = next_line(&text))) {
                const char *space = strchr(line, ' ');
                unsigned number = space ? (unsigned) strtoul(space, NULL, 10) : 0;
                highest = MAX(highest, number);
                free(line);
        }
        return highest;
}

static int add_set(Compiler *c, const char *name, unsigned depth);

static int add_set_line(Compiler *c, const char *line, unsigned depth) {
        return *line == '@' ? add_set(c, line, depth + 1)
                            : filter_rules_add_line(&c->rules, line, c->ret_error);
}

/* The lines of a section of the sets, or with section NULL of the whole text. 1 if the section is there. */
static int add_text(Compiler *c, const char *text, const char *section, unsigned depth) {
        _cleanup_free_ char *head = section ? xasprintf("[%s]", section) : NULL;
        bool inside = !section, found = inside;
        char *line;
        int r = 0;
        while (r >= 0 && (line = next_line(&text))) {
                if (*line == '[')
                        found |= inside = head && streq(line, head);
                else if (inside && *line)
                        r = add_set_line(c, line, depth);
                free(line);
        }
        return r < 0 ? r : found;
}

static int add_set(Compiler *c, const char *name, unsigned depth) {
        if (depth > SET_DEPTH_MAX)
                return fail(c, xasprintf("\"%s\" contains itself", name));
        if (streq(name, DEFAULT_SET))
                return add_text(c, c->lists->defaults, NULL, depth);
        int r = add_text(c, c->lists->sets, name, depth);
        if (r == 0)
                return fail(c, xasprintf("\"%s\" is not a wildcard: expected one of rkt-seccomp(8)", name));
        return r;
}

static int add_name(Compiler *c, const char *name) {
        if (streq(name, "@appc.io/empty"))
                return 0;
        if (*name == '@')
                return add_set(c, name, 0);
        if (seccomp_syscall_resolve_name(name) == __NR_SCMP_ERROR && young_number(c->lists, name) == 0)
                return fail(c, xasprintf("\"%s\" is not a system call", name));
        filter_rules_add_name(&c->rules, name);
        return 0;
}

static int gather(Compiler *c) {
        int r = 0;
        for (char *const *name = c->source->names; r >= 0 && *name; name++)
                r = add_name(c, *name);
        if (r >= 0 && c->source->retain)
                r = add_text(c, c->lists->sets, ALWAYS_SET, 0);
        return r;
}

/* Whether an earlier rule, or a wider one anywhere, says the same or more: without conditions beats with
 * conditions, and both beat an error of the call's own. What refuses takes every name as it is. */
static bool is_superseded(const Compiler *c, size_t index) {
        const FilterRule *rule = &c->rules.items[index];
        for (size_t i = 0; i < c->rules.n; i++) {
                const FilterRule *other = &c->rules.items[i];
                if (i == index || !streq(other->name, rule->name))
                        continue;
                bool other_plain = !c->source->retain || (other->n_conditions == 0 && other->error == 0);
                bool plain = !c->source->retain || (rule->n_conditions == 0 && rule->error == 0);
                if (other_plain && (!plain || i < index))
                        return true;
                if (rule->error != 0 && (other->error == 0 || i < index))
                        return true;
        }
        return false;
}

static int emit_rule(Compiler *c, const FilterRule *rule) {
        const FilterSource *s = c->source;
        uint32_t action = !s->retain    ? refusal(s)
                          : rule->error ? SCMP_ACT_ERRNO((uint32_t) rule->error)
                                        : SCMP_ACT_ALLOW;
        int call = seccomp_syscall_resolve_name(rule->name);
        if (call != __NR_SCMP_ERROR) {
                int r = seccomp_rule_add_array(c->filter, action, call, s->retain ? rule->n_conditions : 0,
                                rule->conditions);
                /* the same conditions may stand in two sets */
                return r < 0 && r != -EEXIST ? fail(c, xasprintf("cannot filter \"%s\": %s", rule->name,
                                                                       strerror(-r)))
                                             : 0;
        }
        unsigned number = young_number(c->lists, rule->name);
        if (number == 0 || rule->error != 0)
                return 0; /* of a wildcard, and older than what this libseccomp knows of: not on this machine
                           */
        if (c->n_by_number == BY_NUMBER_MAX)
                return fail(c, xstrdup("too many system calls that are younger than libseccomp"));
        c->by_number[c->n_by_number++] = number;
        return 0;
}

/* Programs for the machine's older instruction set run, too, and are under the same rules. x32 has no users:
 * its calls do not exist, as on most kernels. */
static int add_architectures(Compiler *c) {
        static const struct {
                uint32_t native, other;
        } families[] = {
                { SCMP_ARCH_X86_64, SCMP_ARCH_X86 },
                { SCMP_ARCH_AARCH64, SCMP_ARCH_ARM },
                { SCMP_ARCH_S390X, SCMP_ARCH_S390 },
        };
        uint32_t native = seccomp_arch_native(), wanted = c->source->architecture ?: native;
        int r = 0;
        if (wanted != native) {
                r = seccomp_arch_add(c->filter, wanted);
                if (r >= 0)
                        r = seccomp_arch_remove(c->filter, native);
        }
        for (size_t i = 0; i < ELEMENTSOF(families) && r >= 0; i++)
                if (families[i].native == wanted)
                        r = seccomp_arch_add(c->filter, families[i].other);
        return r < 0 ? fail(c, xasprintf("libseccomp cannot add the architecture: %s", strerror(-r))) : 0;
}

static int build(Compiler *c) {
        int r = gather(c);
        if (r < 0)
                return r;
        c->filter = seccomp_init(c->source->retain ? refusal(c->source) : SCMP_ACT_ALLOW);
        if (!c->filter)
                return fail(c, xstrdup("libseccomp cannot begin a filter"));
        /* a binary tree: a call costs a few comparisons instead of hundreds */
        seccomp_attr_set(c->filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
        seccomp_attr_set(c->filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS));
        r = add_architectures(c);
        for (size_t i = 0; i < c->rules.n && r >= 0; i++)
                if (!is_superseded(c, i))
                        r = emit_rule(c, &c->rules.items[i]);
        return r;
}

static uint32_t refusal_result(const FilterSource *s) {
        return s->error ? SECCOMP_RET_ERRNO | (uint32_t) s->error : SECCOMP_RET_KILL_PROCESS;
}

static bool has_conditions(const Compiler *c, const char *name) {
        for (size_t i = 0; i < c->rules.n; i++)
                if (streq(c->rules.items[i].name, name) && c->rules.items[i].n_conditions > 0 &&
                                !is_superseded(c, i))
                        return true;
        return false;
}

/* libseccomp lets i386's socketcall(SYS_SOCKET, ...) pass as soon as any socket(2) may, because the
 * arguments are where no filter sees them. */
static size_t make_socketcall_guard(const Compiler *c, struct sock_filter *code) {
        if (!c->source->retain || !has_conditions(c, "socket"))
                return 0;
        const struct sock_filter guard[] = {
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_I386, 0, 5),
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, I386_SOCKETCALL, 0, 3),
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, I386_SYS_SOCKET, 0, 1),
                BPF_STMT(BPF_RET | BPF_K, refusal_result(c->source)),
        };
        memcpy(code, guard, sizeof(guard));
        return ELEMENTSOF(guard);
}

static size_t make_number_checks(const Compiler *c, struct sock_filter *code) {
        bool ceiling = c->source->retain;
        size_t n = 0,
               rest = 2 * c->n_by_number + (ceiling ? 2 : 0); /* the instructions behind the range check */
        if (rest == 0)
                return 0;
        uint32_t result = c->source->retain ? SECCOMP_RET_ALLOW : refusal_result(c->source);
        code[n++] = (struct sock_filter) BPF_STMT(
                        BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
        code[n++] = (struct sock_filter) BPF_JUMP(
                        BPF_JMP | BPF_JGE | BPF_K, UNIFORM_END, (uint8_t) (rest + 1), 0);
        code[n++] = (struct sock_filter) BPF_JUMP(
                        BPF_JMP | BPF_JGE | BPF_K, UNIFORM_FIRST, 0, (uint8_t) rest);
        for (size_t i = 0; i < c->n_by_number; i++) {
                code[n++] = (struct sock_filter) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, c->by_number[i], 0, 1);
                code[n++] = (struct sock_filter) BPF_STMT(BPF_RET | BPF_K, result);
        }
        if (ceiling) {
                code[n++] = (struct sock_filter) BPF_JUMP(
                                BPF_JMP | BPF_JGT | BPF_K, highest_number(c->lists), 0, 1);
                code[n++] = (struct sock_filter) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS);
        }
        return n;
}

/* Goes before libseccomp's program, whose jumps are relative: it does not notice. */
static size_t make_prologue(const Compiler *c, struct sock_filter *code) {
        size_t n = make_socketcall_guard(c, code);
        return n + make_number_checks(c, code + n);
}

static int export(Compiler *c, struct sock_filter **ret, size_t *ret_n) {
        struct sock_filter prologue[2 * BY_NUMBER_MAX + PROLOGUE_EXTRA];
        _cleanup_close_ int fd = memfd_create("filter", MFD_CLOEXEC);
        _cleanup_free_ char *code = NULL;
        size_t size;
        if (fd < 0)
                return -errno;
        int r = seccomp_export_bpf(c->filter, fd);
        if (r < 0)
                return fail(c, xasprintf("libseccomp cannot compile the filter: %s", strerror(-r)));
        if (lseek(fd, 0, SEEK_SET) < 0)
                return -errno;
        if ((r = read_fd(fd, BPF_MAXINSNS * sizeof(struct sock_filter), &code, &size)) < 0)
                return r;
        size_t n = make_prologue(c, prologue), m = size / sizeof(struct sock_filter);
        if (n + m > BPF_MAXINSNS)
                return fail(c, xstrdup("the filter has too many instructions"));
        *ret = xcalloc(n + m, sizeof(struct sock_filter));
        memcpy(*ret, prologue, n * sizeof(struct sock_filter));
        memcpy(*ret + n, code, size);
        *ret_n = n + m;
        return 0;
}

int filter_compile(const FilterLists *lists, const FilterSource *source, struct sock_filter **ret,
                size_t *ret_n, char **ret_error) {
        Compiler c = { .lists = lists, .source = source, .ret_error = ret_error };
        int r = build(&c);
        if (r >= 0)
                r = export(&c, ret, ret_n);
        if (r < 0 && !*ret_error)
                *ret_error = xstrdup(strerror(-r));
        if (c.filter)
                seccomp_release(c.filter);
        filter_rules_done(&c.rules);
        return r;
}
