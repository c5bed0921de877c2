/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>

#include "alloc.h"
#include "globals.h"
#include "image.h"
#include "log.h"
#include "process.h"
#include "strv.h"

static int fetch(int argc, char **argv);
static int aci(int argc, char **argv);
static int cat_manifest(int argc, char **argv);

typedef struct Subcommand {
        const char *name;
        int (*run)(int argc, char **argv);
        const char *summary; /* NULL: not in the help */
} Subcommand;

static const Subcommand subcommands[] = {
        { "build", aci, "Build an image file out of a directory" },
        { "cat-manifest", cat_manifest, "Inspect and print the image manifest" },
        { "export", aci, "Export a stored image to an ACI file or an OCI layout" },
        { "extract", image_extract, "Extract a stored image to a directory" },
        { "fetch", fetch, NULL },
        { "gc", image_gc, "Garbage collect local store" },
        { "list", image_list, "List images in the local store" },
        { "patch-manifest", aci, "Copy an image file with changes to its manifest" },
        { "reindex", image_reindex, "Take over the images of a store that rkt 1.x has written" },
        { "render", image_render, "Render a stored image to a directory with all its dependencies" },
        { "render-tree", image_render_tree, NULL },
        { "rm", image_rm, "Remove image(s) from the local store" },
        { "save", aci, "Save stored images to an archive for docker load and podman load" },
        { "validate", aci, "Check image files, image directories and manifests" },
        { "verify", image_verify, "Verify one or more rendered images in the local store" },
};

/* "rkt image fetch" is "rkt fetch". */
static int fetch(int argc, char **argv) {
        _cleanup_free_ char *path = process_sibling("rkt-fetch");
        execv(path, argv);
        log_error_errno(errno, "cannot execute %s", path);
        return EXIT_RKT_FAILURE;
}

/* What handles image files loads libarchive, which the others shall not wait for. */
static int aci(int argc, char **argv) {
        _cleanup_free_ char *path = process_helper("rkt-aci");
        _cleanup_strv_ char **words = strv_copy(NULL);
        strv_add(&words, "rkt-aci");
        strv_extend(&words, argv);
        execv(path, words);
        log_error_errno(errno, "cannot execute %s", path);
        return EXIT_RKT_FAILURE;
}

/* Of an image in the store, or of a file. */
static int cat_manifest(int argc, char **argv) {
        for (int i = 1; i < argc; i++)
                if (argv[i][0] != '-' && endswith(argv[i], ".aci") && access(argv[i], F_OK) == 0)
                        return aci(argc, argv);
        return image_cat_manifest(argc, argv);
}

static void print_help(FILE *f) {
        fprintf(f, "NAME:\n\trkt image - Operate on image(s) in the local store\n\nUSAGE:\n"
                   "\trkt image SUBCOMMAND [flags] [arguments]\n\nSUBCOMMANDS:\n");
        for (size_t i = 0; i < ELEMENTSOF(subcommands); i++)
                if (subcommands[i].summary)
                        fprintf(f, "\t%-16s%s\n", subcommands[i].name, subcommands[i].summary);
        fprintf(f, "\nUse \"rkt image SUBCOMMAND --help\" for more about one.\n");
}

/* How many words the global flags in front of the subcommand take. */
static int skip_flags(int argc, char **argv) {
        int i = 1;
        while (i < argc && startswith(argv[i], "--") && argv[i][2]) {
                const char *name = argv[i] + 2;
                size_t length = strcspn(name, "=");
                const Option *o = global_options;
                while (o->name && (strlen(o->name) != length || strncmp(o->name, name, length) != 0))
                        o++;
                if (!o->name)
                        break;
                i += name[length] || o->type == OPTION_BOOL ? 1 : 2;
        }
        return MIN(i, argc);
}

/* The subcommand that name is, or is an unambiguous beginning of; NULL after logging. */
static const Subcommand *find_subcommand(const char *name) {
        const Subcommand *found = NULL;
        for (size_t i = 0; i < ELEMENTSOF(subcommands); i++) {
                const Subcommand *s = &subcommands[i];
                if (streq(name, s->name))
                        return s;
                if (!s->summary || !startswith(s->name, name))
                        continue;
                if (found) {
                        log_error("ambiguous subcommand \"%s\": it could be %s or %s", name, found->name,
                                        s->name);
                        return NULL;
                }
                found = s;
        }
        if (!found)
                log_error("unknown subcommand \"%s\" (try \"rkt image --help\")", name);
        return found;
}

/* Moves the subcommand to the front: what parses the rest takes global flags anywhere. */
static int run(int argc, char **argv, int at) {
        const Subcommand *s = find_subcommand(argv[at]);
        if (!s)
                return EXIT_RKT_FAILURE;
        memmove(argv + 2, argv + 1, (at - 1) * sizeof(char *));
        argv[1] = (char *) s->name;
        return s->run(argc - 1, argv + 1);
}

/* "rkt image help NAME", and what the dispatcher makes of "rkt help image NAME". */
static int help(const char *name) {
        char *argv[] = { (char *) "rkt-image", (char *) name, (char *) "--help", NULL };
        if (name)
                return run(ELEMENTSOF(argv) - 1, argv, 1);
        print_help(stdout);
        return 0;
}

int main(int argc, char **argv) {
        process_begin("image");
        int at = skip_flags(argc, argv);
        if (at < argc && (streq(argv[at], "--help") || streq(argv[at], "-h") || streq(argv[at], "help")))
                return help(argv[at + 1]);
        if (at == argc) {
                log_error("missing subcommand");
                print_help(stderr);
                return 2;
        }
        if (argv[at][0] == '-') {
                log_error("unknown flag: %s", argv[at]);
                return EXIT_RKT_FAILURE;
        }
        return run(argc, argv, at);
}
