/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "syscall-filter.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>

#include "file.h"

void syscall_filter_done(SyscallFilter *f) {
        free(f->allocated);
        *f = (SyscallFilter){};
}

void syscall_filter_default(SyscallFilter *ret) {
        *ret = (SyscallFilter){ .code = seccomp_default, .n = seccomp_default_length };
}

int syscall_filter_read_at(int dirfd, const char *path, SyscallFilter *ret) {
        char *code;
        size_t size;
        int r = read_file_at(dirfd, path, BPF_MAXINSNS * sizeof(struct sock_filter), &code, &size);
        if (r < 0)
                return r;
        if (size == 0 || size % sizeof(struct sock_filter) != 0) {
                free(code);
                return -EINVAL;
        }
        *ret = (SyscallFilter){
                .code = (void *) code, .n = size / sizeof(struct sock_filter), .allocated = code
        };
        return 0;
}

int syscall_filter_write_at(int dirfd, const char *path, const SyscallFilter *f) {
        return write_file_at(dirfd, path, f->code, f->n * sizeof(*f->code), 0644);
}

int syscall_filter_load(const SyscallFilter *f) {
        struct sock_fprog program = { .len = (unsigned short) f->n,
                .filter = (struct sock_filter *) f->code };
        return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0 ? -errno : 0;
}
