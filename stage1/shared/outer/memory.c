/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "memory.h"

#include <elf.h>
#include <link.h>
#include <malloc.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include "macro.h"

/* A read-only segment of the program: what is dropped is read from the file again. */
static _waiting_ void drop_segment(uintptr_t base, const ElfW(Phdr) * segment) {
        uintptr_t page = (uintptr_t) sysconf(_SC_PAGESIZE);
        uintptr_t start = (base + segment->p_vaddr) & ~(page - 1);
        uintptr_t end = (base + segment->p_vaddr + segment->p_memsz) & ~(page - 1);
        if (start < end)
                madvise((void *) start, end - start, MADV_DONTNEED);
}

_waiting_ void memory_give_back(void) {
        const ElfW(Phdr) *segments = (const ElfW(Phdr) *) getauxval(AT_PHDR);
        size_t n = getauxval(AT_PHNUM);
        uintptr_t base = 0;
        malloc_trim(0);
        for (size_t i = 0; i < n; i++)
                if (segments[i].p_type == PT_PHDR)
                        base = (uintptr_t) segments - segments[i].p_vaddr;
        for (size_t i = 0; i < n; i++)
                if (segments[i].p_type == PT_LOAD && !(segments[i].p_flags & PF_W))
                        drop_segment(base, &segments[i]);
}
