/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finding the files, and what hides or adds to them. */

#include "podfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>

#include "alloc.h"
#include "file.h"
#include "strv.h"

const char *const podfile_directories[] = { "/etc/rkt/pods", "/run/rkt/pods", "/usr/lib/rkt/pods", NULL };

static const char *const suffixes[] = {
        [PODFILE_POD] = ".pod",
        [PODFILE_IMAGE] = ".image",
        [PODFILE_NET] = ".net",
        [PODFILE_VOLUME] = ".volume",
};

void podfile_problem(Podfile *p, const UnitSetting *where, const char *format, ...) {
        va_list ap;
        xgrow(&p->problems, p->n_problems);
        PodfileProblem *problem = &p->problems[p->n_problems++];
        *problem = (PodfileProblem){ .path = xstrdup(where ? where->path : p->path) };
        problem->line = where ? where->line : 0;
        va_start(ap, format);
        problem->message = xvasprintf(format, ap);
        va_end(ap);
}

void podfile_done(Podfile *p) {
        for (size_t i = 0; i < p->n_problems; i++) {
                free(p->problems[i].path);
                free(p->problems[i].message);
        }
        free(p->problems);
        unit_file_done(&p->settings);
        free(p->name);
        free(p->path);
        free(p->unit_name);
        free(p->unit);
        strv_free(p->links);
}

void podfiles_done(Podfiles *l) {
        for (size_t i = 0; i < l->n; i++)
                podfile_done(&l->items[i]);
        free(l->items);
        *l = (Podfiles){};
}

/* The kind of a file, by its name; _PODFILE_KIND_MAX: none of ours. */
static PodfileKind kind_of(const char *file_name) {
        PodfileKind k = 0;
        while (k < _PODFILE_KIND_MAX && (*file_name == '.' || !endswith(file_name, suffixes[k])))
                k++;
        return k;
}

static Podfile podfile_new(const char *path) {
        const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
        Podfile p = { .path = xstrdup(path), .kind = kind_of(name) };
        if (p.kind < _PODFILE_KIND_MAX)
                p.name = xstrndup(name, strlen(name) - strlen(suffixes[p.kind]));
        return p;
}

Podfile *podfiles_find(const Podfiles *l, const char *file_name) {
        PodfileKind kind = kind_of(file_name);
        if (kind == _PODFILE_KIND_MAX)
                return NULL;
        size_t length = strlen(file_name) - strlen(suffixes[kind]);
        for (size_t i = 0; i < l->n; i++)
                if (l->items[i].kind == kind && strlen(l->items[i].name) == length &&
                                strncmp(l->items[i].name, file_name, length) == 0)
                        return &l->items[i];
        return NULL;
}

static void add_text(Podfile *p, const char *path, const char *text, size_t size) {
        UnitSetting where = { .path = path };
        char *error = NULL;
        if (unit_file_parse(&p->settings, path, text, size, &where.line, &error) < 0)
                podfile_problem(p, &where, "%s", error);
        free(error);
}

void podfile_parse(const char *path, const char *text, size_t size, Podfile *ret) {
        *ret = podfile_new(path);
        ret->masked = size == 0;
        add_text(ret, path, text, size);
}

/* Returns how large it is, 0 if it cannot be read, which is noted. */
static size_t add_file(Podfile *p, int directory, const char *name, const char *path) {
        _cleanup_free_ char *text = NULL;
        size_t size = 0;
        int r = read_file_at(directory, name, UNIT_FILE_MAX, &text, &size);
        if (r >= 0)
                add_text(p, path, text, size);
        else {
                UnitSetting where = { .path = path };
                podfile_problem(p, &where, "cannot read it: %s", strerror(-r));
        }
        return r < 0 ? 0 : size;
}

static void take_file(Podfiles *l, int directory, const char *directory_path, const char *name) {
        _cleanup_free_ char *path = xasprintf("%s/%s", directory_path, name);
        struct stat st;
        if (podfiles_find(l, name) || (fstatat(directory, name, &st, 0) >= 0 && S_ISDIR(st.st_mode)))
                return;
        xgrow(&l->items, l->n);
        Podfile *p = &l->items[l->n++];
        *p = podfile_new(path);
        p->masked = add_file(p, directory, name, path) == 0 && p->n_problems == 0;
}

static void read_directory(Podfiles *l, const char *path) {
        _cleanup_close_ int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_strv_ char **names = NULL;
        if (directory < 0 || list_directory_at(directory, ".", &names) < 0)
                return;
        STRV_FOREACH (name, names)
                if (kind_of(*name) < _PODFILE_KIND_MAX)
                        take_file(l, directory, path, *name);
}

typedef struct DropIn {
        char *name, *path;
} DropIn;

typedef struct DropIns {
        DropIn *items;
        size_t n;
} DropIns;

static void find_drop_ins(DropIns *l, const char *directory) {
        _cleanup_strv_ char **names = NULL;
        if (list_directory_at(AT_FDCWD, directory, &names) < 0)
                return;
        STRV_FOREACH (name, names) {
                bool hidden = false;
                for (size_t i = 0; i < l->n; i++)
                        hidden |= streq(l->items[i].name, *name);
                if (hidden || **name == '.' || !endswith(*name, ".conf"))
                        continue;
                xgrow(&l->items, l->n);
                l->items[l->n++] = (DropIn){ xstrdup(*name), xasprintf("%s/%s", directory, *name) };
        }
}

static int compare_drop_ins(const void *a, const void *b) {
        return strcmp(((const DropIn *) a)->name, ((const DropIn *) b)->name);
}

/* NAME.pod.d/ *.conf of all directories, in the order of their names; of those with one name the one of the
 * first directory counts. An instance has those of its template behind its own. */
static void add_drop_ins(Podfile *p, const char *const *directories) {
        DropIns l = {};
        const char *at = strchr(p->name, '@');
        for (size_t i = 0; directories[i]; i++) {
                _cleanup_free_ char *own =
                                xasprintf("%s/%s%s.d", directories[i], p->name, suffixes[p->kind]);
                find_drop_ins(&l, own);
        }
        for (size_t i = 0; at && at[1] && directories[i]; i++) {
                _cleanup_free_ char *template = xasprintf("%s/%.*s@%s.d", directories[i],
                                (int) (at - p->name), p->name, suffixes[p->kind]);
                find_drop_ins(&l, template);
        }
        if (l.n > 0)
                qsort(l.items, l.n, sizeof(*l.items), compare_drop_ins);
        for (size_t i = 0; i < l.n; i++) {
                add_file(p, AT_FDCWD, l.items[i].path, l.items[i].path);
                free(l.items[i].name);
                free(l.items[i].path);
        }
        free(l.items);
}

void podfiles_read(const char *const *directories, Podfiles *ret) {
        *ret = (Podfiles){};
        for (size_t i = 0; directories[i]; i++)
                read_directory(ret, directories[i]);
        for (size_t i = 0; i < ret->n; i++)
                if (!ret->items[i].masked)
                        add_drop_ins(&ret->items[i], directories);
}
