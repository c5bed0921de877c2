/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Whether the kernel can show the owners of the data directory's files mapped to a user namespace, below an
 * overlay (Linux 5.19, with file systems that can do it). Found out by doing it, once for each start of the
 * host and file system. Returns what cannot be done, in a few words, or NULL. */
const char *mapped_overlay_unsupported(const char *data_dir);
