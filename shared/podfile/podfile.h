/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What an administrator declares of pods, in files that become units of systemd: rkt.pod(5). Nothing here
 * logs: what is wrong with a file is kept beside it, and the other files go on. */

#include "macro.h"
#include "unit-file.h"

typedef enum PodfileKind {
        PODFILE_POD,
        PODFILE_IMAGE,
        PODFILE_NET,
        PODFILE_VOLUME,
        _PODFILE_KIND_MAX,
} PodfileKind;

typedef struct PodfileProblem {
        char *path;
        unsigned line; /* 0: the file as a whole */
        char *message;
} PodfileProblem;

typedef struct Podfile {
        PodfileKind kind;
        char *name; /* of the file, without what tells its kind */
        char *path;
        UnitFile settings; /* of the file and of its drop-ins */
        bool masked;       /* empty, or a link to /dev/null: it hides those of its name behind it */
        PodfileProblem *problems;
        size_t n_problems; /* with any there is no unit */

        /* after podfile_translate */
        char *unit_name;
        char *unit;   /* its text */
        char **links; /* to it, relative to the directory of units */
} Podfile;

typedef struct Podfiles {
        Podfile *items;
        size_t n;
} Podfiles;

/* The directories that are read, the first before the others; a strv that ends with NULL. */
extern const char *const podfile_directories[];

/* The command line that starts with this is rkt's, not the file's to say. */
typedef struct PodfilePrograms {
        const char *rkt, *generator;
} PodfilePrograms;

void podfile_done(Podfile *p);
void podfiles_done(Podfiles *l);
#define _cleanup_podfiles_ _cleanup_(podfiles_done)

/* All files of the directories, with their drop-ins. A directory need not exist. */
void podfiles_read(const char *const *directories, Podfiles *ret);
/* One file alone, of that name. */
void podfile_parse(const char *path, const char *text, size_t size, Podfile *ret);
/* Makes its unit, or finds what is wrong with it; the others may be named in it. */
void podfile_translate(Podfile *p, const Podfiles *all, const PodfilePrograms *programs);

/* Of that file name, such as "web.net"; NULL if there is none. */
Podfile *podfiles_find(const Podfiles *l, const char *file_name);
void podfile_problem(Podfile *p, const UnitSetting *where, const char *format, ...) _printf_(3, 4);

/* The name of the network that a net file makes, and its configuration for CNI (the caller's; NULL after
 * noting a problem). */
char *podfile_network_name(const Podfile *p);
struct json_object *podfile_network(Podfile *p);
/* Where a network of that name is put while its unit is active. */
#define PODFILE_NETWORKS "/run/rkt/net.d"
