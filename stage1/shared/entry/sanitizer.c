/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Only in builds with sanitizers. The search for leaks at exit starts a thread, which a process that has
 * joined another PID namespace cannot: it would wait for that thread for ever. */

const char *__asan_default_options(void);

__attribute__((visibility("default"))) const char *__asan_default_options(void) {
        return "detect_leaks=0";
}
