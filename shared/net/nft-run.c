/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nft-run.h"

#include <errno.h>
#include <nftables/libnftables.h>

#include "alloc.h"
#include "library.h"

/* Loaded when it is needed, which is seldom: with what it needs itself it is the biggest part of a start. */
#define LIBRARY "libnftables.so.1"

static struct {
        __typeof__(nft_ctx_new) *ctx_new;
        __typeof__(nft_ctx_free) *ctx_free;
        __typeof__(nft_ctx_buffer_error) *ctx_buffer_error;
        __typeof__(nft_ctx_buffer_output) *ctx_buffer_output;
        __typeof__(nft_ctx_get_error_buffer) *ctx_get_error_buffer;
        __typeof__(nft_ctx_get_output_buffer) *ctx_get_output_buffer;
        __typeof__(nft_ctx_output_set_flags) *ctx_output_set_flags;
        __typeof__(nft_run_cmd_from_buffer) *run_cmd_from_buffer;
} nft;

static int load(char **ret_error) {
        const LibraryFunction functions[] = {
                { "ctx_new", &nft.ctx_new },
                { "ctx_free", &nft.ctx_free },
                { "ctx_buffer_error", &nft.ctx_buffer_error },
                { "ctx_buffer_output", &nft.ctx_buffer_output },
                { "ctx_get_error_buffer", &nft.ctx_get_error_buffer },
                { "ctx_get_output_buffer", &nft.ctx_get_output_buffer },
                { "ctx_output_set_flags", &nft.ctx_output_set_flags },
                { "run_cmd_from_buffer", &nft.run_cmd_from_buffer },
        };
        static bool loaded;
        if (loaded)
                return 0;
        _cleanup_free_ char *error = NULL;
        int r = library_load(LIBRARY, "nft_", functions, ELEMENTSOF(functions), &error);
        if (r < 0 && ret_error) {
                free(*ret_error); /* of an attempt before */
                *ret_error = TAKE_PTR(error);
        }
        loaded = r >= 0;
        return r;
}

static void free_context(struct nft_ctx *c) {
        nft.ctx_free(c);
}
DEFINE_CLEANUP(struct nft_ctx *, free_context)

int nft_run(const char *commands, char **ret_output, char **ret_error) {
        int r = load(ret_error);
        if (r < 0)
                return r;
        _cleanup_(free_contextp) struct nft_ctx *c = nft.ctx_new(NFT_CTX_DEFAULT);
        if (!c)
                return -ENOMEM;
        nft.ctx_buffer_error(c);
        nft.ctx_buffer_output(c);
        nft.ctx_output_set_flags(c, ret_output ? NFT_CTX_OUTPUT_JSON | NFT_CTX_OUTPUT_HANDLE |
                                                                    NFT_CTX_OUTPUT_NUMERIC_PROTO
                                               : 0);
        if (nft.run_cmd_from_buffer(c, commands) != 0) {
                if (ret_error) {
                        const char *text = nft.ctx_get_error_buffer(c);
                        text = startswith(text, "Error: ") ?: text;
                        free(*ret_error); /* of an attempt before */
                        *ret_error = xstrndup(text, strcspn(text, "\n"));
                }
                return -EIO;
        }
        if (ret_output)
                *ret_output = xstrdup(nft.ctx_get_output_buffer(c));
        return 0;
}
