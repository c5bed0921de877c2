/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "executable-header.h"

#include <elf.h>
#include <endian.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"

#define LINE_MAX_KERNEL 256 /* what the kernel reads of a script: BINPRM_BUF_SIZE */
#define SEGMENTS_MAX    512

#if defined(__x86_64__)
#define OWN_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define OWN_MACHINE EM_AARCH64
#else
#define OWN_MACHINE EM_NONE
#endif

typedef struct Elf {
        int fd;
        bool wide, big; /* 64 bits; big-endian */
} Elf;

/* A number of the file's byte order. */
static uint64_t number(const Elf *e, const void *at, size_t size) {
        uint64_t value = 0;
        for (size_t i = 0; i < size; i++)
                value = value << 8 | ((const uint8_t *) at)[e->big ? i : size - 1 - i];
        return value;
}
#define NUMBER(e, field) number((e), &(field), sizeof(field))

static const char *machine_name(unsigned machine) {
        static const struct {
                unsigned machine;
                const char *name;
        } table[] = {
                { EM_386, "i386" },
                { EM_X86_64, "amd64" },
                { EM_ARM, "arm" },
                { EM_AARCH64, "arm64" },
                { EM_PPC64, "ppc64" },
                { EM_S390, "s390x" },
                { EM_RISCV, "riscv" },
                { EM_MIPS, "mips" },
        };
        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                if (table[i].machine == machine)
                        return table[i].name;
        return "another";
}

static char *read_interpreter(int fd, uint64_t offset, uint64_t size) {
        if (size == 0 || size > PATH_MAX || offset > INT64_MAX)
                return NULL;
        _cleanup_free_ char *name = xcalloc(size + 1, 1);
        ssize_t n = pread(fd, name, size, (off_t) offset);
        return n > 0 && *name ? TAKE_PTR(name) : NULL;
}

/* Of the n segments at offset, the one that names the loader. */
static char *find_interpreter(const Elf *e, uint64_t offset, uint64_t n) {
        size_t size = e->wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
        for (uint64_t i = 0; i < n && n <= SEGMENTS_MAX; i++) {
                union {
                        Elf64_Phdr wide;
                        Elf32_Phdr narrow;
                } s;
                uint64_t at;
                if (__builtin_add_overflow(offset, i * size, &at) || at > INT64_MAX ||
                                pread(e->fd, &s, size, (off_t) at) != (ssize_t) size)
                        return NULL;
                if (NUMBER(e, s.wide.p_type) != PT_INTERP) /* in both the first */
                        continue;
                return e->wide ? read_interpreter(e->fd, NUMBER(e, s.wide.p_offset),
                                                 NUMBER(e, s.wide.p_filesz))
                               : read_interpreter(e->fd, NUMBER(e, s.narrow.p_offset),
                                                 NUMBER(e, s.narrow.p_filesz));
        }
        return NULL;
}

static void read_elf(int fd, const uint8_t *head, size_t size, ExecutableHeader *h) {
        Elf e = { .fd = fd, .wide = head[EI_CLASS] == ELFCLASS64, .big = head[EI_DATA] == ELFDATA2MSB };
        h->kind = EXECUTABLE_ELF;
        if (size < (e.wide ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr)))
                return;
        Elf64_Ehdr wide;
        Elf32_Ehdr narrow;
        memcpy(&wide, head, MIN(size, sizeof(wide)));
        memcpy(&narrow, head, sizeof(narrow));
        unsigned machine = (unsigned) NUMBER(&e, wide.e_machine); /* in both at the same place */
        if (machine != OWN_MACHINE && machine != EM_NONE)
                h->foreign = machine_name(machine);
        h->interpreter = e.wide ? find_interpreter(&e, NUMBER(&e, wide.e_phoff), NUMBER(&e, wide.e_phnum))
                                : find_interpreter(&e, NUMBER(&e, narrow.e_phoff),
                                                  NUMBER(&e, narrow.e_phnum));
}

static void read_script(char *line, ExecutableHeader *h) {
        h->kind = EXECUTABLE_SCRIPT;
        line += 2;
        line += strspn(line, " \t");
        line[strcspn(line, "\n")] = 0;
        size_t n = strcspn(line, " \t");
        h->carriage_return = n > 0 && line[n - 1] == '\r';
        line[n - h->carriage_return] = 0;
        if (*line)
                h->interpreter = xstrdup(line);
}

void executable_header_read(int fd, ExecutableHeader *ret) {
        char head[LINE_MAX_KERNEL + 1] = {};
        ExecutableHeader h = {};
        ssize_t n = pread(fd, head, LINE_MAX_KERNEL, 0);
        if (n == 0)
                h.kind = EXECUTABLE_EMPTY;
        else if (n > EI_DATA && memcmp(head, ELFMAG, SELFMAG) == 0)
                read_elf(fd, (const uint8_t *) head, (size_t) n, &h);
        else if (n > 2 && head[0] == '#' && head[1] == '!')
                read_script(head, &h);
        *ret = h;
}

void executable_header_done(ExecutableHeader *h) {
        free(h->interpreter);
        *h = (ExecutableHeader){};
}
