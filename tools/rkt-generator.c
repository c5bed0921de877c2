/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A generator of systemd (systemd.generator(7)): it runs at each daemon-reload, before anything else is
 * there, so it starts no process, waits for nobody and loads no library. */

#include <errno.h>
#include <fcntl.h>

#include "alloc.h"
#include "build-config.h"
#include "file.h"
#include "generator-journal.h"
#include "json.h"
#include "log.h"
#include "option.h"
#include "podfile.h"
#include "process.h"
#include "strv.h"

static bool dry_run;
static char **directories;
static char *network_path;

static const Option options[] = {
        { "directory", OPTION_STRV, &directories, "read these files instead of the system's",
                        .shown_default = "DIR" },
        { "dry-run", OPTION_BOOL, &dry_run, "print the units and what is wrong with files; write nothing" },
        { "write-network", OPTION_STRING, &network_path, "", .flags = OPTION_HIDDEN },
        {},
};

static const Command command = {
        .name = "generator",
        .usage = "--dry-run [--directory=DIR...] | DIR DIR-EARLY DIR-LATE",
        .summary = "Make units of files that declare pods",
        .description = "systemd runs this as a generator. By hand, --dry-run shows what it would make.",
        .options = options,
        .helper = true,
};

static const PodfilePrograms programs = { .rkt = RKT_BINDIR "/rkt", .generator = RKT_GENERATOR };

static void say(const PodfileProblem *p) {
        if (p->line)
                log_error("%s:%u: %s", p->path, p->line, p->message);
        else
                log_error("%s: %s", p->path, p->message);
}

/* Two files may mean one unit, as web-net.pod and web.net do: the first one is it. */
static void check_unique(Podfiles *l, size_t i) {
        for (size_t j = 0; j < i; j++)
                if (streq_ptr(l->items[j].unit_name, l->items[i].unit_name))
                        podfile_problem(&l->items[i], NULL, "its unit %s is that of %s",
                                        l->items[i].unit_name, l->items[j].path);
}

static int make_link(int directory, const Podfile *p, const char *link) {
        const char *slash = strrchr(link, '/');
        _cleanup_free_ char *parent = slash ? xstrndup(link, (size_t) (slash - link)) : NULL;
        _cleanup_free_ char *target = xasprintf("%s%s", slash ? "../" : "", p->unit_name);
        if (parent && mkdirat(directory, parent, 0755) < 0 && errno != EEXIST)
                return -errno;
        return symlinkat(target, directory, link) < 0 && errno != EEXIST ? -errno : 0;
}

static void write_unit(int directory, Podfile *p) {
        int r = write_string_at(directory, p->unit_name, p->unit, 0644);
        STRV_FOREACH (link, p->links)
                if (r >= 0)
                        r = make_link(directory, p, *link);
        if (r < 0)
                podfile_problem(p, NULL, "cannot write its unit %s: %s", p->unit_name, strerror(-r));
}

static void print_unit(const Podfile *p) {
        printf("# %s\n%s", p->unit_name, p->unit);
        STRV_FOREACH (link, p->links)
                printf("# %s -> %s\n", *link, p->unit_name);
        putchar('\n');
}

/* directory: where units go; -1: to standard output. Returns whether all files became units. */
static bool generate(const char *const *from, int directory) {
        _cleanup_podfiles_ Podfiles l;
        bool whole = true;
        podfiles_read(from, &l);
        for (size_t i = 0; i < l.n; i++) {
                Podfile *p = &l.items[i];
                if (p->masked)
                        continue;
                podfile_translate(p, &l, &programs);
                check_unique(&l, i);
                if (p->n_problems == 0 && directory < 0)
                        print_unit(p);
                else if (p->n_problems == 0)
                        write_unit(directory, p);
                for (size_t j = 0; j < p->n_problems; j++)
                        if (directory < 0)
                                say(&p->problems[j]);
                        else
                                generator_journal(&p->problems[j], p->unit_name);
                whole &= p->n_problems == 0;
        }
        return whole;
}

/* For the unit of a net file: others find a whole file or none. */
static int write_network(const char *path) {
        const char *slash = strrchr(path, '/');
        _cleanup_free_ char *parent = xstrndup(path, slash ? (size_t) (slash - path) : 0);
        const char *only[] = { parent, NULL };
        bool standard = false;
        for (const char *const *d = podfile_directories; *d; d++)
                standard |= streq(*d, parent);
        _cleanup_podfiles_ Podfiles l;
        podfiles_read(standard ? podfile_directories : only, &l);
        Podfile *p = podfiles_find(&l, slash ? slash + 1 : path);
        if (!p || p->kind != PODFILE_NET) {
                log_error("%s: there is no such file", path);
                return -ENOENT;
        }
        _cleanup_json_ json_object *network = podfile_network(p);
        for (size_t i = 0; i < p->n_problems; i++)
                say(&p->problems[i]);
        if (!network || p->n_problems > 0)
                return -EINVAL;
        _cleanup_free_ char *text = json_to_text(network, true),
                            *file = xasprintf("%s/%s.conflist", PODFILE_NETWORKS, p->name);
        int r = mkdir_parents_at(AT_FDCWD, PODFILE_NETWORKS, 0755);
        if (r >= 0)
                r = replace_file_at(AT_FDCWD, file, text, strlen(text), 0644, false);
        return r < 0 ? log_error_errno(r, "cannot write %s", file) : 0;
}

int main(int argc, char **argv) {
        _cleanup_strv_ char **arguments = NULL;
        process_begin("generator");
        int r = command_parse(&command, argc, argv, &arguments);
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        if (network_path)
                return process_end(write_network(network_path));
        const char *const *from = directories ? (const char *const *) directories : podfile_directories;
        if (dry_run && !*arguments)
                return process_end(generate(from, -1) ? 0 : -EINVAL);
        if (dry_run || strv_length(arguments) == 0 || strv_length(arguments) > 3) {
                log_error("expected --dry-run, or up to three directories as systemd.generator(7) says");
                return EXIT_RKT_FAILURE;
        }
        const char *initrd = getenv("SYSTEMD_IN_INITRD");
        if (initrd && streq(initrd, "1"))
                return 0;
        _cleanup_close_ int directory = open(arguments[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (directory < 0) {
                log_error_errno(errno, "cannot open %s", arguments[0]);
                return EXIT_RKT_FAILURE;
        }
        return process_end(generate(from, directory) ? 0 : -EINVAL);
}
