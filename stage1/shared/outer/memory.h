/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How long a supervisor has had nothing to do when it gives its memory back. */
#define MEMORY_IDLE_MS 1000

/* Gives back what the process does not need while it waits: free memory, and the pages of the program
 * itself, which come back from the page cache when they are used. What stays with a running pod is what the
 * waiting touches. */
void memory_give_back(void);
