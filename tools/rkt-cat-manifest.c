/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "file.h"
#include "globals.h"
#include "json.h"
#include "log.h"
#include "pod-manifest.h"
#include "pod.h"
#include "process.h"
#include "strv.h"
#include "uuid-arguments.h"

static bool pretty = true;

static const Option options[] = {
        { "pretty-print", OPTION_BOOL, &pretty, "apply indent to format the output",
                        .shown_default = "true" },
        {},
};

static const Command command = {
        .name = "cat-manifest",
        .usage = "[--pretty-print=true] UUID | --uuid-file=FILE",
        .summary = "Inspect and print the pod manifest",
        .options = options,
        .shared_options = { uuid_file_options },
        .global_options = global_options,
};

int main(int argc, char **argv) {
        _cleanup_strv_ char **arguments = NULL;
        _cleanup_pod_ Pod *pod = NULL;
        _cleanup_pod_manifest_ PodManifest *manifest = NULL;
        _cleanup_free_ char *error = NULL;
        int r = globals_command(&command, argc, argv, &arguments);
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        if (pod_find_argument(globals.dir, arguments, uuid_file, &pod) < 0)
                return EXIT_RKT_FAILURE;
        if (pod_manifest_load_at(pod->fd, "pod", &manifest, &error) < 0) {
                log_error("pod %s: %s", pod->uuid, error);
                return EXIT_RKT_FAILURE;
        }
        _cleanup_free_ char *text = pod_manifest_to_text(manifest, pretty);
        puts(text);
        return process_end(0);
}
