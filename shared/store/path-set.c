/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "path-set.h"

#include <sys/random.h>

#include "alloc.h"

typedef struct Slot {
        uint64_t hash; /* 0: free */
        PathNote note;
} Slot;

struct PathSet {
        Slot *slots;
        size_t n_slots, n_used; /* n_slots is a power of two */
        uint64_t seed;
};

PathSet *path_set_new(void) {
        PathSet *s = xnew(PathSet, 1);
        s->n_slots = 1024;
        s->slots = xnew(Slot, s->n_slots);
        if (getrandom(&s->seed, sizeof(s->seed), GRND_NONBLOCK) < 0)
                s->seed = (uintptr_t) s;
        return s;
}

void path_set_free(PathSet *s) {
        free(s->slots);
        free(s);
}

static uint64_t mix(uint64_t a, uint64_t b) {
        __extension__ unsigned __int128 product = (unsigned __int128) a * b;
        return (uint64_t) product ^ (uint64_t) (product >> 64);
}

static uint64_t hash_path(uint64_t seed, const char *path, size_t length) {
        uint64_t h = seed ^ length;
        while (length > 0) {
                uint64_t word = 0;
                size_t n = MIN(length, sizeof(word));
                memcpy(&word, path, n);
                path += n;
                length -= n;
                h = mix(h ^ word ^ UINT64_C(0x9e3779b97f4a7c15), seed | 1) + UINT64_C(0xd6e8feb86659fd93);
        }
        h = mix(h, UINT64_C(0xe7037ed1a0b428db));
        return h ?: 1;
}

static Slot *find_slot(const PathSet *s, uint64_t hash) {
        for (size_t i = hash & (s->n_slots - 1);; i = (i + 1) & (s->n_slots - 1))
                if (s->slots[i].hash == hash || s->slots[i].hash == 0)
                        return &s->slots[i];
}

static void grow(PathSet *s) {
        PathSet bigger = { .n_slots = s->n_slots * 2, .n_used = s->n_used, .seed = s->seed };
        bigger.slots = xnew(Slot, bigger.n_slots);
        for (size_t i = 0; i < s->n_slots; i++)
                if (s->slots[i].hash != 0)
                        *find_slot(&bigger, s->slots[i].hash) = s->slots[i];
        free(s->slots);
        *s = bigger;
}

PathNote path_set_get(const PathSet *s, const char *path, size_t length) {
        return find_slot(s, hash_path(s->seed, path, length))->note;
}

void path_set_put(PathSet *s, const char *path, size_t length, PathNote note) {
        if (s->n_used * 4 >= s->n_slots * 3)
                grow(s);
        uint64_t hash = hash_path(s->seed, path, length);
        Slot *slot = find_slot(s, hash);
        s->n_used += slot->hash == 0;
        *slot = (Slot){ hash, note };
}
