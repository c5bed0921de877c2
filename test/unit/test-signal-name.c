/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <errno.h>
#include <signal.h>

#include "signal-name.h"

static void signals_have_names_and_numbers(void **state) {
        const struct {
                const char *text;
                int number;
        } cases[] = {
                { "TERM", SIGTERM },
                { "SIGUSR1", SIGUSR1 },
                { "9", SIGKILL },
                { "SIGRTMIN", SIGRTMIN },
                { "SIGRTMIN+3", SIGRTMIN + 3 },
                { "RTMAX-1", SIGRTMAX - 1 },
                { "", -EINVAL },
                { "SIG", -EINVAL },
                { "0", -EINVAL },
                { "65", -EINVAL },
                { "-1", -EINVAL },
                { "term", -EINVAL },
                { "SIGRTMIN-1", -EINVAL },
                { "SIGRTMIN+", -EINVAL },
                { "SIGRTMIN+99", -EINVAL },
                { "SIGRTMAX+1", -EINVAL },
        };
        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                assert_int_equal(signal_from_name(cases[i].text), cases[i].number);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(signals_have_names_and_numbers),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
