/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gunzip.h"

#include <errno.h>
#include <isa-l/igzip_lib.h>

#include "alloc.h"

struct Gunzip {
        struct inflate_state state;
};

Gunzip *gunzip_new(void) {
        Gunzip *g = xnew(Gunzip, 1);
        isal_inflate_init(&g->state);
        g->state.crc_flag = ISAL_GZIP;
        return g;
}

void gunzip_free(Gunzip *g) {
        free(g);
}

void gunzip_restart(Gunzip *g) {
        isal_inflate_reset(&g->state);
        g->state.crc_flag = ISAL_GZIP;
}

int gunzip_step(Gunzip *g, GunzipBuffers *b) {
        g->state.next_in = (uint8_t *) b->in;
        g->state.avail_in = b->in_size;
        g->state.next_out = b->out;
        g->state.avail_out = b->out_size;
        int r = isal_inflate(&g->state);
        *b = (GunzipBuffers){ g->state.next_in, g->state.avail_in, g->state.next_out, g->state.avail_out };
        if (r != ISAL_DECOMP_OK && r != ISAL_END_INPUT && r != ISAL_OUT_OVERFLOW)
                return -EBADMSG;
        return g->state.block_state == ISAL_BLOCK_FINISH;
}
