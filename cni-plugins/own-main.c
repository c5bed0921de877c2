/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The program of a plugin that others have inside, too; PLUGIN is its name in own.h. */

#include "own.h"

int main(void) {
        return PLUGIN();
}
