/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* nft(8) through libnftables: commands are one transaction. With ret_output they are one that lists, whose
 * answer is JSON with handles and numbers of protocols. On failure -EIO, with nft's words at *ret_error,
 * which may be NULL. Both are allocated. */
int nft_run(const char *commands, char **ret_output, char **ret_error);
