/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A cgroup2 device program, assembled here: it is a list of comparisons. The kernel runs it with a struct
 * bpf_cgroup_dev_ctx for every open and mknod of a device by a process of the cgroup; 1 allows. */

#include <errno.h>
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include "alloc.h"
#include "devices.h"
#include "macro.h"

#define INSTRUCTIONS_PER_RULE 6

const DeviceRule devices_common[DEVICES_COMMON] = {
        /* null zero full random urandom */
        { .major = 1, .minor = 3, .write = true },
        { .major = 1, .minor = 5, .write = true },
        { .major = 1, .minor = 7, .write = true },
        { .major = 1, .minor = 8, .write = true },
        { .major = 1, .minor = 9, .write = true },
        /* tty ptmx pts/N */
        { .major = 5, .minor = 0, .write = true },
        { .major = 5, .minor = 2, .write = true },
        { .major = 136, .minor = DEVICE_ANY_MINOR, .write = true },
        /* net/tun */
        { .major = 10, .minor = 200, .write = true },
};

bool device_rule_is_common(const DeviceRule *rule) {
        for (size_t i = 0; i < ELEMENTSOF(devices_common); i++) {
                const DeviceRule *c = &devices_common[i];
                if (rule->block == c->block && rule->major == c->major &&
                                (rule->minor == c->minor || c->minor == DEVICE_ANY_MINOR))
                        return true;
        }
        return false;
}

typedef struct Program {
        struct bpf_insn *code;
        size_t n;
} Program;

static void emit(Program *p, uint8_t code, uint8_t dst, uint8_t src, int16_t off, int32_t imm) {
        p->code[p->n++] = (struct bpf_insn){
                .code = code, .dst_reg = dst, .src_reg = src, .off = off, .imm = imm
        };
}

enum { TYPE = BPF_REG_2, ACCESS = BPF_REG_3, MAJOR = BPF_REG_4, MINOR = BPF_REG_5, SCRATCH = BPF_REG_1 };

static void emit_return(Program *p, int value) {
        emit(p, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, value);
        emit(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static void emit_start(Program *p) {
        emit(p, BPF_LDX | BPF_MEM | BPF_W, TYPE, BPF_REG_1, offsetof(struct bpf_cgroup_dev_ctx, access_type),
                        0);
        emit(p, BPF_LDX | BPF_MEM | BPF_W, MAJOR, BPF_REG_1, offsetof(struct bpf_cgroup_dev_ctx, major), 0);
        emit(p, BPF_LDX | BPF_MEM | BPF_W, MINOR, BPF_REG_1, offsetof(struct bpf_cgroup_dev_ctx, minor), 0);
        emit(p, BPF_ALU | BPF_MOV | BPF_X, ACCESS, TYPE, 0, 0);
        emit(p, BPF_ALU | BPF_RSH | BPF_K, ACCESS, 0, 0, 16);
        emit(p, BPF_ALU | BPF_AND | BPF_K, TYPE, 0, 0, 0xffff);
        /* making a node is harmless: opening it is what is asked about below */
        emit(p, BPF_JMP | BPF_JNE | BPF_K, ACCESS, 0, 2, BPF_DEVCG_ACC_MKNOD);
        emit_return(p, 1);
}

static void emit_rule(Program *p, bool block, unsigned major, unsigned minor, bool write) {
        size_t end = p->n + INSTRUCTIONS_PER_RULE + (minor != DEVICE_ANY_MINOR) + (write ? 0 : 1);
#define SKIP (int16_t)(end - p->n - 1)
        emit(p, BPF_JMP | BPF_JNE | BPF_K, TYPE, 0, SKIP, block ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
        emit(p, BPF_JMP | BPF_JNE | BPF_K, MAJOR, 0, SKIP, (int32_t) major);
        if (minor != DEVICE_ANY_MINOR)
                emit(p, BPF_JMP | BPF_JNE | BPF_K, MINOR, 0, SKIP, (int32_t) minor);
        emit(p, BPF_ALU | BPF_MOV | BPF_X, SCRATCH, ACCESS, 0, 0);
        if (!write)
                emit(p, BPF_ALU | BPF_AND | BPF_K, SCRATCH, 0, 0, BPF_DEVCG_ACC_WRITE);
        emit(p, BPF_JMP | BPF_JGT | BPF_K, SCRATCH, 0, SKIP, write ? 7 : 0);
        emit_return(p, 1);
#undef SKIP
}

bool device_rule_of(const struct stat *st, bool write, DeviceRule *ret) {
        if (!S_ISCHR(st->st_mode) && !S_ISBLK(st->st_mode))
                return false;
        *ret = (DeviceRule){
                .block = S_ISBLK(st->st_mode),
                .major = major(st->st_rdev),
                .minor = minor(st->st_rdev),
                .write = write,
        };
        return true;
}

int device_policy_load(const DeviceRule *rules, size_t n) {
        static const char license[] = "GPL";
        Program p = { .code = xnew(struct bpf_insn,
                                      16 + (n + DEVICES_COMMON) * (INSTRUCTIONS_PER_RULE + 3)) };
        _cleanup_free_ void *code = p.code;

        emit_start(&p);
        for (size_t i = 0; i < DEVICES_COMMON; i++)
                emit_rule(&p, false, devices_common[i].major, devices_common[i].minor, true);
        for (size_t i = 0; i < n; i++)
                emit_rule(&p, rules[i].block, rules[i].major, rules[i].minor, rules[i].write);
        emit_return(&p, 0);

        union bpf_attr attr = {
                .prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
                .insns = (uintptr_t) p.code,
                .insn_cnt = (uint32_t) p.n,
                .license = (uintptr_t) license,
        };
        int fd = (int) syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
        return fd < 0 ? -errno : fd;
}

int device_policy_attach(int program, int cgroup) {
        union bpf_attr attr = {
                .target_fd = (uint32_t) cgroup,
                .attach_bpf_fd = (uint32_t) program,
                .attach_type = BPF_CGROUP_DEVICE,
                .attach_flags = BPF_F_ALLOW_MULTI,
        };
        return syscall(SYS_bpf, BPF_PROG_ATTACH, &attr, sizeof(attr)) < 0 ? -errno : 0;
}
