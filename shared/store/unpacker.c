/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unpacker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "alloc.h"
#include "file.h"
#include "log.h"
#include "process.h"
#include "store.h"
#include "strv.h"
#include "types.h"
#include "unpack-report.h"

#define REPORT_MAX (sizeof(UnpackReport) + 1024 * 80)
#define NOTES_MAX  ((size_t) 1024 * 1024 * 1024)

extern char **environ;

struct Unpacker {
        pid_t pid; /* 0: it has ended */
        int pidfd, report, manifest, notes;
        size_t n_layers;
};

void unpacker_result_clear(UnpackerResult *r) {
        strv_free(r->ids);
        free(r->tree_id);
        free(r->manifest);
        free(r->notes);
        *r = (UnpackerResult){};
}

/* Descriptors that are passed on: kept open in the child under their own numbers. */
typedef struct Words {
        char **argv;
        posix_spawn_file_actions_t actions;
        int *opened; /* ours, closed once the child has them */
        size_t n_opened;
} Words;

static void pass_fd(Words *w, const char *option, int fd) {
        strv_push(&w->argv, xasprintf("--%s=%d", option, fd));
        posix_spawn_file_actions_adddup2(&w->actions, fd, fd);
}

static int memory_file(Words *w, const char *name) {
        int fd = memfd_create(name, MFD_CLOEXEC);
        if (fd < 0)
                return -errno;
        if (w) {
                xgrow(&w->opened, w->n_opened);
                w->opened[w->n_opened++] = fd;
        }
        return fd;
}

static int pass_whitelist(Words *w, char *const *list) {
        int fd = memory_file(w, "whitelist");
        if (fd < 0)
                return fd;
        STRV_FOREACH (path, list) {
                int r = write_all(fd, *path, strlen(*path) + 1);
                if (r < 0)
                        return r;
        }
        if (lseek(fd, 0, SEEK_SET) < 0)
                return -errno;
        pass_fd(w, "whitelist", fd);
        return 0;
}

static void pass_limits(Words *w) {
        static const char *const limits[][2] = {
                { "RKT_UNPACK_MAX_SIZE", "max-size" },
                { "RKT_UNPACK_MAX_ENTRIES", "max-entries" },
                { "RKT_UNPACK_MAX_RATIO", "max-ratio" },
        };
        for (size_t i = 0; i < ELEMENTSOF(limits); i++) {
                const char *value = getenv(limits[i][0]);
                if (value)
                        strv_push(&w->argv, xasprintf("--%s=%s", limits[i][1], value));
        }
}

static int make_words(Words *w, const Unpacker *u, const UnpackerRequest *request) {
        strv_add(&w->argv, "rkt-unpack");
        pass_fd(w, "report", u->report);
        pass_fd(w, "manifest", u->manifest);
        pass_fd(w, "notes", u->notes);
        strv_push(&w->argv, xasprintf("--format=%d", (int) request->format));
        if (request->sync)
                strv_add(&w->argv, "--sync=1");
        if (request->root >= 0)
                pass_fd(w, "root", request->root);
        if (request->output >= 0)
                pass_fd(w, "output", request->output);
        pass_limits(w);
        for (size_t i = 0; i < request->n_layers; i++) {
                const UnpackerLayer *layer = &request->layers[i];
                pass_fd(w, "layer", layer->fd);
                if (layer->follow >= 0)
                        pass_fd(w, "follow", layer->follow);
                for (size_t k = 0; k < layer->n_whitelists; k++) {
                        int r = pass_whitelist(w, layer->whitelists[k]);
                        if (r < 0)
                                return r;
                }
        }
        return 0;
}

static int spawn(Unpacker *u, const UnpackerRequest *request) {
        _cleanup_free_ char *path = process_helper("rkt-unpack");
        Words w = {};
        posix_spawn_file_actions_init(&w.actions);
        int r = make_words(&w, u, request);
        if (r >= 0) {
                r = -posix_spawn(&u->pid, path, &w.actions, NULL, w.argv, environ);
                if (r < 0)
                        u->pid = 0;
        }
        for (size_t i = 0; i < w.n_opened; i++)
                close(w.opened[i]);
        free(w.opened);
        strv_free(w.argv);
        posix_spawn_file_actions_destroy(&w.actions);
        return r < 0 ? log_error_errno(r, "cannot start %s", path) : 0;
}

int unpacker_start(const UnpackerRequest *request, Unpacker **ret) {
        _cleanup_unpacker_ Unpacker *u = xnew(Unpacker, 1);
        u->n_layers = request->n_layers;
        u->pidfd = u->manifest = u->notes = -1;
        u->report = memory_file(NULL, "report");
        if (u->report >= 0)
                u->manifest = memory_file(NULL, "manifest");
        if (u->manifest >= 0)
                u->notes = memory_file(NULL, "notes");
        if (u->notes < 0)
                return log_error_errno(errno, "cannot make a memory file");
        int r = spawn(u, request);
        if (r < 0)
                return r;
        u->pidfd = syscall(SYS_pidfd_open, u->pid, 0);
        if (u->pidfd < 0)
                return log_error_errno(errno, "cannot watch the unpacking process");
        *ret = TAKE_PTR(u);
        return 0;
}

int unpacker_pollfd(const Unpacker *u) {
        return u->pidfd;
}

static int wait_for(Unpacker *u) {
        int wstatus;
        pid_t pid = u->pid;
        u->pid = 0;
        while (waitpid(pid, &wstatus, 0) < 0)
                if (errno != EINTR)
                        return -errno;
        return process_exit_status(wstatus);
}

static int read_back(int fd, size_t max, char **ret, size_t *ret_size) {
        if (lseek(fd, 0, SEEK_SET) < 0)
                return -errno;
        return read_fd(fd, max, ret, ret_size);
}

static int take_report(Unpacker *u, const UnpackReport *report, size_t size, UnpackerResult *ret) {
        _cleanup_unpacker_result_ UnpackerResult result = {
                .tree_size = report->tree_size,
                .entries = report->entries,
                .ids = strv_copy(NULL),
        };
        if (report->n_layers != u->n_layers ||
                        size != sizeof(UnpackReport) + u->n_layers * sizeof(report->ids[0]))
                return -EPROTO;
        result.tree_id = xstrndup(report->tree_id, sizeof(report->tree_id));
        if (!store_tree_id_is_valid(result.tree_id))
                return -EPROTO;
        for (size_t i = 0; i < u->n_layers; i++) {
                strv_push(&result.ids, xstrndup(report->ids[i], sizeof(report->ids[i])));
                if (!store_id_is_whole(result.ids[i]))
                        return -EPROTO;
        }
        int r = read_back(u->manifest, APPC_MANIFEST_MAX, &result.manifest, &result.manifest_size);
        if (r >= 0)
                r = read_back(u->notes, NOTES_MAX, &result.notes, &result.notes_size);
        if (r < 0)
                return r;
        *ret = result;
        result = (UnpackerResult){};
        return 0;
}

int unpacker_wait(Unpacker *u, UnpackerResult *ret, size_t *ret_failed_layer, char **ret_error) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        *ret_failed_layer = 0;
        int status = wait_for(u);
        if (status < 0) {
                *ret_error = xasprintf("cannot wait for the unpacking process: %s", strerror(-status));
                return status;
        }
        int r = read_back(u->report, REPORT_MAX, &text, &size);
        const UnpackReport *report = (const UnpackReport *) text;
        if (r < 0 || size < sizeof(UnpackReport) || status != 0) {
                *ret_error = xasprintf(status > 128 ? "the unpacking process was killed by signal %d"
                                                    : "the unpacking process failed with status %d",
                                status > 128 ? status - 128 : status);
                return -ECHILD;
        }
        if (report->state == UNPACK_FAILED && report->error > 0 && report->error < 4096) {
                *ret_failed_layer = MIN((size_t) report->failed_layer, u->n_layers - 1);
                *ret_error = xstrndup(report->message, sizeof(report->message));
                return -report->error;
        }
        r = report->state == UNPACK_DONE ? take_report(u, report, size, ret) : -EPROTO;
        if (r < 0)
                *ret_error = xasprintf(
                                "the unpacking process gave a report that makes no sense: %s", strerror(-r));
        return r;
}

void unpacker_free(Unpacker *u) {
        if (u->pid > 0) {
                kill(u->pid, SIGKILL);
                wait_for(u);
        }
        const int fds[] = { u->pidfd, u->report, u->manifest, u->notes };
        for (size_t i = 0; i < ELEMENTSOF(fds); i++)
                if (fds[i] >= 0)
                        close(fds[i]);
        free(u);
}
