/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The app of the measured pods: ends at once, or with an argument never. */

#include <unistd.h>

int main(int argc, char **argv) {
        while (argc > 1)
                pause();
        return 0;
}
