/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "executable.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "alloc.h"
#include "executable-header.h"
#include "file.h"

#define INTERPRETERS_MAX 4 /* the kernel's limit of nested "#!" is 5 */

static const char *search_path(char *const environment[]) {
        for (char *const *e = environment; *e; e++) {
                const char *value = startswith(*e, "PATH=");
                if (value)
                        return value;
        }
        return "";
}

typedef int (*Visitor)(const char *path, void *userdata);

/* Calls visit for each place where name could be, until one returns something else than -ENOENT. */
static int each_candidate(const char *name, char *const environment[], Visitor visit, void *userdata) {
        static const char *const fallbacks[] = { ".", "/bin", "/usr/bin" };
        char path[PATH_MAX];
        if (strchr(name, '/'))
                return visit(name, userdata);

        int result = -ENOENT;
        const char *p = search_path(environment);
        while (*p) {
                size_t n = strcspn(p, ":");
                if (snprintf(path, sizeof(path), "%.*s/%s", n ? (int) n : 1, n ? p : ".", name) <
                                (int) sizeof(path)) {
                        int r = visit(path, userdata);
                        if (r != -ENOENT && r != -ENOTDIR && r != -EACCES)
                                return r;
                        if (r == -EACCES)
                                result = r;
                }
                p += n + (p[n] == ':');
        }
        for (size_t i = 0; i < ELEMENTSOF(fallbacks); i++) {
                if (snprintf(path, sizeof(path), "%s/%s", fallbacks[i], name) >= (int) sizeof(path))
                        continue;
                int r = visit(path, userdata);
                if (r != -ENOENT && r != -ENOTDIR && r != -EACCES)
                        return r;
                if (r == -EACCES)
                        result = r;
        }
        return result;
}

typedef struct Execution {
        char *const *argv, *const *environment;
} Execution;

static int execute(const char *path, void *userdata) {
        Execution *e = userdata;
        execve(path, e->argv, e->environment);
        int r = -errno;
        /* the file is there, what it needs is not: the search is over */
        if (r == -ENOENT && access(path, F_OK) == 0)
                return -ELIBACC;
        return r;
}

int executable_run(char *const argv[], char *const environment[]) {
        Execution e = { argv, environment };
        int r = each_candidate(argv[0], environment, execute, &e);
        return r == -ELIBACC ? -ENOENT : r;
}

typedef struct Search {
        int rootfd;
        const char *working_directory;
        int fd;
        char *path;
} Search;

static int open_candidate(const char *path, void *userdata) {
        Search *s = userdata;
        _cleanup_free_ char *full =
                        path[0] == '/' ? xstrdup(path) : xasprintf("%s/%s", s->working_directory, path);
        _cleanup_close_ int fd = openat_in_root(s->rootfd, full, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
        if (fd < 0)
                return fd;
        s->fd = TAKE_FD(fd);
        s->path = TAKE_PTR(full);
        return 0;
}

static char *explain_contents(int rootfd, int fd, const char *path, int error, unsigned depth);

/* What is wrong with an interpreter; NULL if nothing is. */
static char *explain_interpreter(int rootfd, const char *path, const char *interpreter, const char *what,
                int error, unsigned depth) {
        _cleanup_close_ int fd = openat_in_root(rootfd, interpreter, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
        if (fd < 0)
                return xasprintf("%s needs %s \"%s\", which is not in the image: %s", path, what,
                                interpreter, strerror(-fd));
        struct stat st;
        if (fstat(fd, &st) < 0)
                return NULL;
        if (S_ISREG(st.st_mode) && !(st.st_mode & 0111))
                return xasprintf("%s needs %s \"%s\", which is not executable", path, what, interpreter);
        if (S_ISDIR(st.st_mode))
                return xasprintf("%s needs %s \"%s\", which is a directory", path, what, interpreter);
        return depth < INTERPRETERS_MAX
                               ? explain_contents(rootfd, fd, interpreter, error, depth + 1)
                               : xasprintf("%s needs an interpreter that needs another one, and so on",
                                                 path);
}

/* What the kernel makes of a name that ends in a carriage return, and people do not see. */
static char *explain_carriage_return(int rootfd, const char *path, const char *interpreter) {
        _cleanup_free_ char *name = xasprintf("%s\r", interpreter);
        _cleanup_close_ int fd = openat_in_root(rootfd, name, O_PATH, 0);
        return fd >= 0 ? NULL
                       : xasprintf("%s needs the interpreter \"%s\" with a carriage return behind its name: "
                                   "the "
                                   "lines of the script end as on Windows",
                                         path, interpreter);
}

static char *explain_contents(int rootfd, int fd, const char *path, int error, unsigned depth) {
        _cleanup_executable_header_ ExecutableHeader h = {};
        executable_header_read(fd, &h);
        if (h.kind == EXECUTABLE_EMPTY && error == ENOEXEC)
                return xasprintf("%s is empty", path);
        if (h.foreign && error == ENOEXEC)
                return xasprintf("%s is a program for machines of another kind: %s", path, h.foreign);
        char *why = h.carriage_return ? explain_carriage_return(rootfd, path, h.interpreter) : NULL;
        if (why)
                return why;
        if (h.interpreter)
                return explain_interpreter(rootfd, path, h.interpreter,
                                h.kind == EXECUTABLE_ELF ? "the loader" : "the interpreter", error, depth);
        if (error == ENOEXEC)
                return xasprintf("%s is neither a program for this machine nor a script that begins with "
                                 "\"#!\"",
                                path);
        return NULL;
}

/* We may open it, and the user may not execute it. */
static char *explain_access(const Search *s, const struct stat *st) {
        struct statvfs v;
        if (fstatvfs(s->fd, &v) == 0 && (v.f_flag & ST_NOEXEC))
                return xasprintf("%s lies in a volume or file system whose programs may not be executed "
                                 "(noexec)",
                                s->path);
        return xasprintf("%s, or a directory above it, is closed to the user (mode %04o, owner %u:%u)",
                        s->path, st->st_mode & 07777, st->st_uid, st->st_gid);
}

static char *explain_file(Search *s, int error) {
        struct stat st;
        if (fstat(s->fd, &st) == 0 && S_ISDIR(st.st_mode))
                return xasprintf("%s is a directory", s->path);
        if (fstat(s->fd, &st) == 0 && !S_ISREG(st.st_mode))
                return xasprintf("%s is not a regular file", s->path);
        if (!(st.st_mode & 0111))
                return xasprintf("%s is not executable (mode %04o)", s->path, st.st_mode & 07777);
        char *why = explain_contents(s->rootfd, s->fd, s->path, error, 0);
        return why || error != EACCES ? why : explain_access(s, &st);
}

char *executable_explain(int rootfd, char *const argv[], char *const environment[],
                const char *working_directory, int error) {
        Search s = { .rootfd = rootfd, .working_directory = working_directory, .fd = -1 };
        error = abs(error);
        int r = each_candidate(argv[0], environment, open_candidate, &s);
        _cleanup_close_ int fd = s.fd;
        _cleanup_free_ char *path = s.path;
        if (r == -ENOENT || r == -ENOTDIR)
                return strchr(argv[0], '/')
                                       ? xasprintf("cannot execute %s: there is no such file in the image",
                                                         argv[0])
                                       : xasprintf("cannot execute %s: it is neither in PATH (%s) nor in "
                                                   "the working directory (%s), "
                                                   "/bin or /usr/bin of the image",
                                                         argv[0], search_path(environment),
                                                         working_directory);
        _cleanup_free_ char *why = r >= 0 ? explain_file(&s, error) : NULL;
        return why ? xasprintf("cannot execute %s: %s", argv[0], why)
                   : xasprintf("cannot execute %s: %s", argv[0], strerror(error));
}
