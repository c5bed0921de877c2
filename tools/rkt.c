/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The dispatcher: "rkt VERB …" becomes "rkt-VERB …", as with git. */

#include <errno.h>
#include <fcntl.h>

#include "alloc.h"
#include "build-config.h"
#include "cgroup.h"
#include "file.h"
#include "globals.h"
#include "log.h"
#include "process.h"
#include "strv.h"

typedef struct Verb {
        const char *name, *summary;
        bool newer; /* than rkt 1.x: what is short for a verb of that stays so */
} Verb;

static const Verb verbs[] = {
        { "app", "Operate on the apps of a running pod" },
        { "attach", "Attach to an app running within a rkt pod" },
        { "cat-manifest", "Inspect and print the pod manifest" },
        { "check", "Tell what this host has and lacks for rkt", true },
        { "completion", "Print the completion script for a shell (bash, fish, zsh)" },
        { "config", "Print configuration for each stage in JSON format" },
        { "enter", "Enter the namespaces of an app within a rkt pod" },
        { "events", "Tell what has happened to pods and images", true },
        { "fetch", "Fetch image(s) and store them in the local store" },
        { "gc", "Garbage collect rkt pods no longer in use" },
        { "help", "Help about any command" },
        { "image", "Operate on image(s) in the local store" },
        { "list", "List pods" },
#if HAVE_METADATA
        { "metadata-service", "Run the metadata service, which tells apps about their pod" },
#endif
        { "netplug", "Put pods into networks with CNI plugins", true },
        { "prepare", "Prepare to run image(s) in a pod in rkt" },
        { "rm", "Remove all files and resources associated with an exited pod" },
        { "run", "Run image(s) in a pod in rkt" },
        { "run-prepared", "Run a prepared application pod in rkt" },
        { "status", "Check the status of a rkt pod" },
        { "stop", "Stop a pod" },
        { "top", "Tell what running pods use of the host", true },
        { "trust", "Trust a key for image verification" },
        { "update", "Update the images of pods that want it", true },
        { "version", "Print the version and exit" },
        { "volume", "Manage volumes that outlive pods", true },
};

static void print_help(FILE *f) {
        fprintf(f,
                        "NAME:\n\trkt - rkt, the application container runner\n\nUSAGE:\n\trkt [global "
                        "flags] COMMAND [flags] "
                        "[arguments]\n\nVERSION:\n\t%s\n\nCOMMANDS:\n",
                        RKT_VERSION);
        for (size_t i = 0; i < ELEMENTSOF(verbs); i++)
                fprintf(f, "\t%-18s%s\n", verbs[i].name, verbs[i].summary);
        const Option *const tables[] = { global_options };
        options_help(f, "GLOBAL OPTIONS", tables, ELEMENTSOF(tables));
        fprintf(f, "\nUse \"rkt help COMMAND\" for more about a command.\n");
}

#if defined(__x86_64__)
#define ARCHITECTURE "linux/amd64"
#elif defined(__aarch64__)
#define ARCHITECTURE "linux/arm64"
#else
#define ARCHITECTURE "linux"
#endif

static int print_version(void) {
        printf("rkt Version: %s\nappc Version: %s\nArchitecture: " ARCHITECTURE
               "\nFeatures: %cTPM +SDJOURNAL\n",
                        RKT_VERSION, APPC_VERSION, HAVE_TPM ? '+' : '-');
        return process_end(0);
}

/* Programs that others add: rkt-NAME beside this one. */
static const Verb *find_program(const char *name) {
        static Verb foreign;
        _cleanup_free_ char *program = xasprintf("rkt-%s", name);
        _cleanup_free_ char *path = process_sibling(program);
        if (strchr(name, '/') || access(path, X_OK) < 0)
                return NULL;
        foreign = (Verb){ .name = name, .summary = "" };
        return &foreign;
}

/* Sets *ret to the verb that name is the beginning of, or to NULL. -EINVAL after logging: of several. */
static int find_shortened(const char *name, bool newer, const Verb **ret) {
        *ret = NULL;
        for (size_t i = 0; i < ELEMENTSOF(verbs); i++) {
                if (verbs[i].newer != newer || !startswith(verbs[i].name, name))
                        continue;
                if (*ret) {
                        log_error("ambiguous command \"%s\": it could be %s or %s", name, (*ret)->name,
                                        verbs[i].name);
                        return -EINVAL;
                }
                *ret = &verbs[i];
        }
        return 0;
}

/* The verb that name is, or is an unambiguous beginning of; NULL after logging. */
static const Verb *find_verb(const char *name) {
        const Verb *found;
        for (size_t i = 0; i < ELEMENTSOF(verbs); i++)
                if (streq(name, verbs[i].name))
                        return &verbs[i];
        if (find_shortened(name, false, &found) < 0 || (!found && find_shortened(name, true, &found) < 0))
                return NULL;
        if (!found)
                found = find_program(name);
        if (!found)
                log_error("unknown command \"%s\" (try \"rkt help\")", name);
        return found;
}

/* How many words argv[i] takes if it is a global flag, else 0. */
static int global_flag_words(int argc, char **argv, int i) {
        if (!startswith(argv[i], "--"))
                return 0;
        const char *name = argv[i] + 2;
        size_t length = strcspn(name, "=");
        for (const Option *o = global_options; o->name; o++)
                if (strlen(o->name) == length && strncmp(o->name, name, length) == 0)
                        return name[length] || o->type == OPTION_BOOL || i + 1 == argc ? 1 : 2;
        return 0;
}

/* What starts pods needs this as early as can be. */
static void prepare_for(const char *verb) {
        if (geteuid() == 0 && (streq(verb, "run") || streq(verb, "run-prepared")))
                cgroup_warm_up(true);
}

static int execute(const char *verb, char **flags, char **arguments) {
        _cleanup_free_ char *program = xasprintf("rkt-%s", verb);
        _cleanup_free_ char *path = process_sibling(program);
        _cleanup_strv_ char **argv = strv_copy(NULL);
        strv_add(&argv, program);
        strv_extend(&argv, flags);
        strv_extend(&argv, arguments);
        execv(path, argv);
        log_error_errno(errno, "%s", path);
        return EXIT_RKT_FAILURE;
}

static int print_completion(char **arguments) {
        static const struct {
                const char *shell, *file;
        } scripts[] = {
                { "bash", RKT_BASH_COMPLETION_FILE },
                { "fish", RKT_FISH_COMPLETION_FILE },
                { "zsh", RKT_ZSH_COMPLETION_FILE },
        };
        size_t i = 0;
        while (i < ELEMENTSOF(scripts) && !streq_ptr(arguments[0], scripts[i].shell))
                i++;
        if (i == ELEMENTSOF(scripts) || arguments[1]) {
                log_error("completion: expected the name of a shell: bash, fish or zsh");
                return EXIT_RKT_FAILURE;
        }
        _cleanup_close_ int fd = open(scripts[i].file, O_RDONLY | O_CLOEXEC);
        int r = fd < 0 ? -errno : copy_fd(fd, STDOUT_FILENO);
        if (r < 0)
                log_error_errno(r, "cannot print %s", scripts[i].file);
        return r < 0 ? EXIT_RKT_FAILURE : 0;
}

static int help(char **arguments) {
        if (!arguments[0]) {
                print_help(stdout);
                return process_end(0);
        }
        const Verb *verb = find_verb(arguments[0]);
        char *words[] = { (char *) "--help", NULL };
        if (!verb)
                return EXIT_RKT_FAILURE;
        if (streq(verb->name, "help") || streq(verb->name, "version") || streq(verb->name, "completion")) {
                print_help(stdout);
                return process_end(0);
        }
        return execute(verb->name, words, arguments + 1);
}

int main(int argc, char **argv) {
        _cleanup_strv_ char **flags = strv_copy(NULL);
        process_begin("rkt");

        int i = 1;
        while (i < argc) {
                if (streq(argv[i], "--help") || streq(argv[i], "-h")) {
                        print_help(stdout);
                        return process_end(0);
                }
                if (streq(argv[i], "--version"))
                        return print_version();
                int words = global_flag_words(argc, argv, i);
                if (words == 0)
                        break;
                for (; words > 0; words--)
                        strv_add(&flags, argv[i++]);
        }
        if (i == argc) {
                log_error("missing command");
                print_help(stderr);
                return 2;
        }
        if (argv[i][0] == '-') {
                log_error("unknown flag: %s", argv[i]);
                return EXIT_RKT_FAILURE;
        }

        const Verb *verb = find_verb(argv[i]);
        if (!verb)
                return EXIT_RKT_FAILURE;
        if (streq(verb->name, "help"))
                return help(argv + i + 1);
        if (streq(verb->name, "version"))
                return print_version();
        if (streq(verb->name, "completion"))
                return print_completion(argv + i + 1);
        prepare_for(verb->name);
        return execute(verb->name, flags, argv + i + 1);
}
