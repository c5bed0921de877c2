/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "app.h"
#include "execution.h"

/* What the current phase of the app executes, from the app's state; everything but the descriptors that only
 * a child opens. */
void process_describe(const App *a, Execution *ret);

/* A fork that is in the app's cgroup, but for those of v1, which it joins itself. Returns as fork(2), or
 * -errno.
 */
pid_t process_fork(const App *a);

/* What it has as its standard input and output, unless it is interactive; null is open on /dev/null. */
void process_choose_standard(const App *a, int null, Execution *e);

/* Starts it. *ret_failure is a pipe that yields an ExecutionFailure if that fails, and nothing when the
 * program has been executed. Returns the pid or -errno. */
pid_t process_start(App *a, int *ret_failure);
