/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gunzip.h"

#include <errno.h>
#include <zlib.h>

#include "alloc.h"

struct Gunzip {
        z_stream stream;
};

Gunzip *gunzip_new(void) {
        Gunzip *g = xnew(Gunzip, 1);
        if (inflateInit2(&g->stream, 16 + MAX_WBITS) != Z_OK)
                abort(); /* out of memory, or built against another zlib */
        return g;
}

void gunzip_free(Gunzip *g) {
        inflateEnd(&g->stream);
        free(g);
}

void gunzip_restart(Gunzip *g) {
        inflateReset(&g->stream);
}

int gunzip_step(Gunzip *g, GunzipBuffers *b) {
        g->stream.next_in = (uint8_t *) b->in;
        g->stream.avail_in = b->in_size;
        g->stream.next_out = b->out;
        g->stream.avail_out = b->out_size;
        int r = inflate(&g->stream, Z_NO_FLUSH);
        *b = (GunzipBuffers){ g->stream.next_in, g->stream.avail_in, g->stream.next_out,
                g->stream.avail_out };
        if (r == Z_STREAM_END)
                return 1;
        return r == Z_OK || r == Z_BUF_ERROR ? 0 : -EBADMSG;
}
