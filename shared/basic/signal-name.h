/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* "TERM", "SIGTERM", "15", "SIGRTMIN+3", "RTMAX-1": the number, or -EINVAL. */
int signal_from_name(const char *s);
/* "SIGTERM", "SIGRTMIN+3"; allocated. */
char *signal_name(int number);
