/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nft-run.h"

#include <errno.h>
#include <nftables/libnftables.h>

#include "alloc.h"

DEFINE_CLEANUP(struct nft_ctx *, nft_ctx_free)

int nft_run(const char *commands, char **ret_output, char **ret_error) {
        _cleanup_(nft_ctx_freep) struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);
        if (!nft)
                return -ENOMEM;
        nft_ctx_buffer_error(nft);
        nft_ctx_buffer_output(nft);
        nft_ctx_output_set_flags(nft, ret_output ? NFT_CTX_OUTPUT_JSON | NFT_CTX_OUTPUT_HANDLE |
                                                                      NFT_CTX_OUTPUT_NUMERIC_PROTO
                                                 : 0);
        if (nft_run_cmd_from_buffer(nft, commands) != 0) {
                if (ret_error) {
                        const char *text = nft_ctx_get_error_buffer(nft);
                        text = startswith(text, "Error: ") ?: text;
                        free(*ret_error); /* of an attempt before */
                        *ret_error = xstrndup(text, strcspn(text, "\n"));
                }
                return -EIO;
        }
        if (ret_output)
                *ret_output = xstrdup(nft_ctx_get_output_buffer(nft));
        return 0;
}
