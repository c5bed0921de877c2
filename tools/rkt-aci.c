/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What rkt-image executes for its subcommands that handle image files: rkt-aci SUBCOMMAND ARGUMENT… */
#include <locale.h>
#include <signal.h>

#include "aci.h"
#include "log.h"
#include "macro.h"
#include "process.h"

static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
} subcommands[] = {
        { "build", image_build },
        { "cat-manifest", image_cat_file },
        { "export", image_export },
        { "patch-manifest", image_patch_manifest },
        { "save", image_save },
        { "validate", image_validate },
};

int main(int argc, char **argv) {
        process_begin("image");
        /* names that are not ASCII pass through libarchive in UTF-8, whatever the user's locale is */
        setlocale(LC_CTYPE, "C.UTF-8");
        signal(SIGPIPE, SIG_IGN);
        for (size_t i = 0; argc > 1 && i < ELEMENTSOF(subcommands); i++)
                if (streq(argv[1], subcommands[i].name))
                        return subcommands[i].run(argc - 1, argv + 1);
        log_error("rkt-aci: internal to rkt, see \"rkt image --help\"");
        return EXIT_RKT_FAILURE;
}
