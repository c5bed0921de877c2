/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

/* Shuts this process in before it looks at the first byte of an archive, so that whoever makes it do
 * something else than unpacking has gained nothing but the directory that it unpacks to:
 *
 *   - *root (a directory; -1: none) becomes the root of a mount namespace in which nothing else exists; the
 *     descriptor is replaced by one that does not lead out of it;
 *   - network, IPC and UTS namespaces of its own, without a device that is up;
 *   - of root's capabilities, those that owners, modes, device nodes and file capabilities need;
 *   - no new privileges, and a seccomp filter: without a directory, not even files can be opened.
 *
 * *ret_privileged says whether it may give files to others. Logs failures. */
int unpack_sandbox_enter(int *root, bool *ret_privileged);
