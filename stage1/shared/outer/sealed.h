/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Executes this program again from a read-only mount of its file, unless it is read-only already. What a pod
 * can get hold of is /proc/PID/exe of a process that has not executed the app's program yet, or of an app
 * whose program is a link to /proc/self/exe: a descriptor of it must not be good for writing to the host's
 * file (CVE-2019-5736). Returns only when there is nothing to do or it cannot be done. */
void sealed_execute(char **argv);
