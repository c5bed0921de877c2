/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cat-manifest-command.h"

#include "globals.h"

bool cat_manifest_pretty = true;

static const Option options[] = {
        { "pretty-print", OPTION_BOOL, &cat_manifest_pretty, "apply indent to format the output",
                        .shown_default = "true" },
        {},
};

const Command cat_manifest_command = {
        .name = "image cat-manifest",
        .usage = "IMAGE | FILE.aci",
        .summary = "Inspect and print the image manifest",
        .options = options,
        .global_options = global_options,
};
