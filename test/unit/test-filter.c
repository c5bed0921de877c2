/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>

#include "alloc.h"
#include "file.h"
#include "filter-cache.h"
#include "filter-lists.h"
#include "strv.h"

#define KILL     SECCOMP_RET_KILL_PROCESS
#define ALLOW    SECCOMP_RET_ALLOW
#define ERROR(e) (SECCOMP_RET_ERRNO | (e))
#define I386     AUDIT_ARCH_I386
#define X32      0x40000000

/* What the kernel's interpreter makes of the instructions that seccomp(2) allows and libseccomp writes. */
static uint32_t run(const struct sock_filter *code, size_t n, const struct seccomp_data *data) {
        uint32_t a = 0;
        for (size_t i = 0; i < n; i++) {
                const struct sock_filter *f = &code[i];
                switch (f->code) {
                case BPF_LD | BPF_W | BPF_ABS:
                        assert_true(f->k % 4 == 0 && f->k + 4 <= sizeof(*data));
                        memcpy(&a, (const char *) data + f->k, 4);
                        break;
                case BPF_ALU | BPF_AND | BPF_K: a &= f->k; break;
                case BPF_JMP | BPF_JA: i += f->k; break;
                case BPF_JMP | BPF_JEQ | BPF_K: i += a == f->k ? f->jt : f->jf; break;
                case BPF_JMP | BPF_JGT | BPF_K: i += a > f->k ? f->jt : f->jf; break;
                case BPF_JMP | BPF_JGE | BPF_K: i += a >= f->k ? f->jt : f->jf; break;
                case BPF_RET | BPF_K: return f->k;
                default: fail_msg("instruction 0x%x", f->code);
                }
        }
        fail_msg("no result");
        return 0;
}

typedef struct Filter {
        struct sock_filter *code;
        size_t n;
        uint32_t token, architecture;
} Filter;

/* words: "retain EPERM a b c" */
static int try_compile(const char *words, uint32_t token, Filter *f, char **ret_error) {
        _cleanup_strv_ char **w = strv_split(words, ' ');
        FilterSource s = { .retain = streq(w[0], "retain"), .names = w + 2, .architecture = token };
        s.error = streq(w[1], "kill") ? 0 : streq(w[1], "EPERM") ? EPERM : ENOTSUP;
        *f = (Filter){ .token = token, .architecture = token };
        return filter_compile(&filter_lists, &s, &f->code, &f->n, ret_error);
}

static Filter compile(const char *words, uint32_t token) {
        Filter f;
        _cleanup_free_ char *error = NULL;
        if (try_compile(words, token, &f, &error) < 0)
                fail_msg("%s: %s", words, error);
        return f;
}

static uint32_t call_number(const Filter *f, uint32_t architecture, unsigned number, uint64_t argument) {
        struct seccomp_data data = { .nr = (int) number, .arch = architecture, .args = { argument } };
        return run(f->code, f->n, &data);
}

static uint32_t call_on(const Filter *f, uint32_t architecture, const char *name, uint64_t argument) {
        int number = seccomp_syscall_resolve_name_arch(architecture, name);
        if (number < 0)
                fail_msg("%s is not a call of %x", name, architecture);
        return call_number(f, architecture, (unsigned) number, argument);
}

static uint32_t call(const Filter *f, const char *name, uint64_t argument) {
        return call_on(f, f->architecture, name, argument);
}

#define DEFAULT "retain EPERM @rkt/default-whitelist"

static void the_default_refuses_what_reaches_the_host_on_each_architecture(void **state) {
        static const char *const refused[] = { "mount", "keyctl", "bpf", "init_module", "setns", "unshare",
                "perf_event_open", "reboot", "swapon", "kcmp", "io_uring_setup", "open_by_handle_at",
                "userfaultfd", "pidfd_getfd", "kexec_load", "syslog", "quotactl", "acct", "settimeofday" };
        static const char *const allowed[] = { "read", "execve", "openat", "futex", "getrandom", "statx",
                "chroot" };
        static const uint32_t tokens[][2] = { { SCMP_ARCH_X86_64, SCMP_ARCH_X86 },
                { SCMP_ARCH_AARCH64, SCMP_ARCH_ARM } };
        for (size_t t = 0; t < ELEMENTSOF(tokens); t++) {
                Filter f = compile(DEFAULT, tokens[t][0]);
                for (size_t k = 0; k < 2; k++) {
                        for (size_t i = 0; i < ELEMENTSOF(refused); i++)
                                if (call_on(&f, tokens[t][k], refused[i], 0) != ERROR(EPERM))
                                        fail_msg("%s on %x", refused[i], tokens[t][k]);
                        for (size_t i = 0; i < ELEMENTSOF(allowed); i++)
                                if (call_on(&f, tokens[t][k], allowed[i], 0) != ALLOW)
                                        fail_msg("%s on %x", allowed[i], tokens[t][k]);
                }
                free(f.code);
        }
}

static void the_default_looks_at_arguments(void **state) {
        Filter f = compile(DEFAULT, SCMP_ARCH_X86_64);
        assert_int_equal(call(&f, "clone", 0x01200011), ALLOW);
        for (unsigned bit = 0; bit < 32; bit++) {
                /* CLONE_NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET, NEWNS */
                bool namespace = (0x7e020000u >> bit) & 1;
                assert_int_equal(call(&f, "clone", UINT64_C(1) << bit), namespace ? ERROR(EPERM) : ALLOW);
        }
        assert_int_equal(call(&f, "clone3", 0), ERROR(ENOSYS));
        assert_int_equal(call(&f, "personality", 0), ALLOW);
        assert_int_equal(call(&f, "personality", 0xffffffff), ALLOW);
        assert_int_equal(call(&f, "personality", 0x0040000), ERROR(EPERM)); /* ADDR_NO_RANDOMIZE */
        for (uint64_t family = 0; family < 64; family++) {
                bool known = family == 1 || family == 2 || family == 10 || family == 16 || family == 17;
                assert_int_equal(call(&f, "socket", family), known ? ALLOW : ERROR(EPERM));
                assert_int_equal(call(&f, "socket", family | UINT64_C(1) << 32),
                                known ? ALLOW : ERROR(EPERM));
                assert_int_equal(call_number(&f, I386, 359, family), known ? ALLOW : ERROR(EPERM));
        }
        free(f.code);
}

static void i386s_multiplexer_makes_no_sockets(void **state) {
        Filter f = compile(DEFAULT, SCMP_ARCH_X86_64);
        assert_int_equal(call_on(&f, I386, "socketcall", 1), ERROR(EPERM));
        assert_int_equal(call_on(&f, I386, "socketcall", 2), ALLOW);
        assert_int_equal(call_on(&f, I386, "socketcall", 9), ALLOW);
        free(f.code);
        f = compile("remove EPERM socket", SCMP_ARCH_X86_64);
        assert_int_equal(call_on(&f, I386, "socketcall", 1), ERROR(EPERM));
        assert_int_equal(call_on(&f, I386, "socketcall", 3), ALLOW);
        free(f.code);
}

static void foreign_ways_to_call_the_kernel_are_not_there(void **state) {
        static const char *const filters[] = { DEFAULT, "retain kill read", "remove kill mount" };
        for (size_t i = 0; i < ELEMENTSOF(filters); i++) {
                Filter f = compile(filters[i], SCMP_ARCH_X86_64);
                assert_int_equal(call_number(&f, SCMP_ARCH_X86_64, X32 | 1, 0), ERROR(ENOSYS));
                assert_int_equal(call_number(&f, SCMP_ARCH_X86_64, X32 | 520, 0), ERROR(ENOSYS));
                assert_int_equal(call_number(&f, AUDIT_ARCH_PPC64LE, 1, 0), ERROR(ENOSYS));
                free(f.code);
        }
}

static void calls_younger_than_libseccomp_are_known_by_number(void **state) {
        Filter f = compile(DEFAULT, SCMP_ARCH_X86_64);
        assert_int_equal(call_number(&f, SCMP_ARCH_X86_64, 452, 0), ALLOW);        /* fchmodat2 */
        assert_int_equal(call_number(&f, I386, 462, 0), ALLOW);                    /* mseal */
        assert_int_equal(call_number(&f, SCMP_ARCH_X86_64, 467, 0), ERROR(EPERM)); /* open_tree_attr */
        assert_int_equal(call_number(&f, SCMP_ARCH_X86_64, 999, 0), ERROR(ENOSYS));
        free(f.code);
        f = compile("remove ENOTSUP mseal", SCMP_ARCH_AARCH64);
        assert_int_equal(call_number(&f, SCMP_ARCH_AARCH64, 462, 0), ERROR(ENOTSUP));
        assert_int_equal(call_number(&f, SCMP_ARCH_AARCH64, 999, 0), ALLOW);
        free(f.code);
}

static void a_retain_set_is_what_it_says_and_what_a_program_cannot_do_without(void **state) {
        Filter f = compile("retain kill read write", SCMP_ARCH_X86_64);
        assert_int_equal(call(&f, "read", 0), ALLOW);
        assert_int_equal(call(&f, "execve", 0), ALLOW);
        assert_int_equal(call(&f, "exit_group", 0), ALLOW);
        assert_int_equal(call(&f, "mmap", 0), KILL);
        assert_int_equal(call_on(&f, I386, "mmap2", 0), KILL);
        free(f.code);
        f = compile("retain EPERM @rkt/default-whitelist mount clone3 clone", SCMP_ARCH_X86_64);
        assert_int_equal(call(&f, "mount", 0), ALLOW);
        assert_int_equal(call(&f, "clone", 0x7e020000), ALLOW);
        assert_int_equal(call(&f, "clone3", 0), ALLOW);
        assert_int_equal(call(&f, "bpf", 0), ERROR(EPERM));
        free(f.code);
}

static void a_remove_set_refuses_what_it_names_whatever_its_arguments(void **state) {
        Filter f = compile("remove ENOTSUP mount clone3 @systemd/clock @appc.io/empty", SCMP_ARCH_X86_64);
        assert_int_equal(call(&f, "mount", 0), ERROR(ENOTSUP));
        assert_int_equal(call(&f, "settimeofday", 0), ERROR(ENOTSUP));
        assert_int_equal(call(&f, "clone3", 0), ERROR(ENOTSUP));
        assert_int_equal(call(&f, "bpf", 0), ALLOW);
        free(f.code);
        f = compile("remove EPERM @rkt/default-whitelist", SCMP_ARCH_X86_64);
        assert_int_equal(call(&f, "clone", 0), ERROR(EPERM));
        assert_int_equal(call(&f, "mount", 0), ALLOW);
        free(f.code);
}

static void every_wildcard_is_there(void **state) {
        static const char *const wildcards[] = { "@appc.io/empty", "@rkt/default-whitelist",
                "@rkt/default-blacklist", "@docker/default-whitelist", "@docker/default-blacklist",
                "@systemd/clock", "@systemd/default-whitelist", "@systemd/mount", "@systemd/network-io",
                "@systemd/obsolete", "@systemd/privileged", "@systemd/process", "@systemd/raw-io" };
        for (size_t i = 0; i < ELEMENTSOF(wildcards); i++)
                for (int mode = 0; mode < 2; mode++) {
                        _cleanup_free_ char *words =
                                        xasprintf("%s EPERM %s", mode ? "retain" : "remove", wildcards[i]);
                        Filter f = compile(words, SCMP_ARCH_X86_64), g = compile(words, SCMP_ARCH_AARCH64);
                        free(f.code);
                        free(g.code);
                }
        Filter docker = compile("retain EPERM @docker/default-whitelist", SCMP_ARCH_X86_64);
        assert_int_equal(call(&docker, "socket", 44), ALLOW);
        assert_int_equal(call(&docker, "socket", 38), ERROR(EPERM));
        assert_int_equal(call(&docker, "socket", 40), ERROR(EPERM));
        free(docker.code);
}

static void an_unknown_name_is_an_error_that_names_it(void **state) {
        static const char *const wrong[] = { "retain EPERM read frobnicate", "remove EPERM @rkt/nothing",
                "retain EPERM @systemd", "remove EPERM always]" };
        static const char *const named[] = { "\"frobnicate\"", "\"@rkt/nothing\"", "\"@systemd\"",
                "\"always]\"" };
        for (size_t i = 0; i < ELEMENTSOF(wrong); i++) {
                _cleanup_free_ char *error = NULL;
                Filter f;
                assert_int_equal(try_compile(wrong[i], SCMP_ARCH_X86_64, &f, &error), -EINVAL);
                assert_non_null(strstr(error, named[i]));
        }
}

static void the_cache_gives_back_what_was_made_from_the_same_words(void **state) {
        char directory[] = "/tmp/test-filter-XXXXXX", b[] = "b", a[] = "a", *names[] = { b, a, b, NULL },
             *other[] = { a, b, NULL };
        assert_non_null(mkdtemp(directory));
        int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_free_ char *source = filter_source(true, "EPERM", names),
                            *same = filter_source(true, "EPERM", other),
                            *kill_source = filter_source(true, NULL, other),
                            *name = filter_cache_name(source);
        assert_string_equal(source, "retain EPERM\na\nb");
        assert_string_equal(same, source);
        SyscallFilter f;
        syscall_filter_default(&f);
        SyscallFilter read = {};
        assert_int_equal(filter_cache_load(fd, source, &read), -ENOENT);
        assert_int_equal(filter_cache_store(fd, source, &f), 0);
        assert_int_equal(filter_cache_load(fd, source, &read), 0);
        assert_int_equal(read.n, f.n);
        assert_memory_equal(read.code, f.code, f.n * sizeof(*f.code));
        syscall_filter_done(&read);

        /* a file under another filter's name, a cut one, and one that everybody may write are not taken */
        _cleanup_free_ char *kill_name = filter_cache_name(kill_source);
        assert_string_not_equal(kill_name, name);
        assert_int_equal(renameat(fd, name, fd, kill_name), 0);
        assert_int_equal(filter_cache_load(fd, kill_source, &read), -ENOENT);
        assert_int_equal(filter_cache_store(fd, source, &f), 0);
        struct stat st;
        assert_int_equal(fstatat(fd, name, &st, 0), 0);
        int file = openat(fd, name, O_RDWR | O_CLOEXEC);
        assert_int_equal(ftruncate(file, st.st_size - 3), 0);
        assert_int_equal(filter_cache_load(fd, source, &read), -ENOENT);
        assert_int_equal(ftruncate(file, st.st_size), 0);
        assert_int_equal(fchmod(file, 0666), 0);
        assert_int_equal(filter_cache_load(fd, source, &read), -EPERM);
        close(file);
        close(fd);
        remove_tree_at(AT_FDCWD, directory, true);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_default_refuses_what_reaches_the_host_on_each_architecture),
                cmocka_unit_test(the_default_looks_at_arguments),
                cmocka_unit_test(i386s_multiplexer_makes_no_sockets),
                cmocka_unit_test(foreign_ways_to_call_the_kernel_are_not_there),
                cmocka_unit_test(calls_younger_than_libseccomp_are_known_by_number),
                cmocka_unit_test(a_retain_set_is_what_it_says_and_what_a_program_cannot_do_without),
                cmocka_unit_test(a_remove_set_refuses_what_it_names_whatever_its_arguments),
                cmocka_unit_test(every_wildcard_is_there),
                cmocka_unit_test(an_unknown_name_is_an_error_that_names_it),
                cmocka_unit_test(the_cache_gives_back_what_was_made_from_the_same_words),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
