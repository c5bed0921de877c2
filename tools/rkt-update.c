/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Newer images for the pods of services that want them, and the old ones again if they do not run. */

#include <errno.h>
#include <fcntl.h>

#include "alloc.h"
#include "auto-update.h"
#include "file.h"
#include "globals.h"
#include "log.h"
#include "pod-manifest.h"
#include "pod.h"
#include "process.h"
#include "reference.h"
#include "store-reference.h"
#include "store.h"
#include "strv.h"
#include "unit-name.h"

/* Below the data directory, a file for each unit: the images that it did not run with, an ID a line. */
#define REJECTED     "updates"
#define REJECTED_MAX 65536
#define OUTPUT_MAX   65536

static bool dry_run, retry;

static const Option options[] = {
        { "dry-run", OPTION_BOOL, &dry_run,
                        "fetch images and tell what would be restarted, but restart nothing" },
        { "retry", OPTION_BOOL, &retry, "try images, too, that were rolled back before" },
        {},
};

static const Command command = {
        .name = "update",
        .usage = "[--dry-run] [--retry] [UNIT...]",
        .summary = "Update the images of pods that want it",
        .description = "For apps with the annotation " AUTO_UPDATE_ANNOTATION
                       " (AutoUpdate= of rkt.pod(5)) in pods of\n"
                       "services: fetches the image, restarts the service if it is another one, and goes "
                       "back to "
                       "the old\none if it does not become ready.",
        .options = options,
        .global_options = global_options,
        .needs_root = true,
};

typedef struct Update {
        char *unit, *app, *reference, *old, *new; /* new is the old one if there is none newer */
        bool fetched;                             /* new is what the registry has */
} Update;

static Update *updates;
static size_t n_updates;
static bool failed;
static char **wanted_units;
static Store *store;

static bool is_changed(const Update *u) {
        return !streq(u->old, u->new);
}

static void tell(const Update *u, const char *result) {
        printf("%s\t%s\t%s\t%s\n", u->unit, u->app, u->reference, result);
}

static int set_reference(const Update *u, const char *id) {
        _cleanup_close_ int lock = store_lock_changes(store);
        int r = lock < 0 ? lock : store_reference_save(store, u->reference, id);
        return r < 0 ? log_error_errno(r, "cannot let %s be the image %s", u->reference, id) : 0;
}

static char *rejected_path(const char *unit) {
        return xasprintf("%s/" REJECTED "/%s", globals.dir, unit);
}

static bool is_rejected(const Update *u) {
        _cleanup_free_ char *path = rejected_path(u->unit), *text = NULL;
        if (retry || read_file_at(AT_FDCWD, path, REJECTED_MAX, &text, NULL) < 0)
                return false;
        _cleanup_strv_ char **ids = strv_split(text, '\n');
        return strv_contains(ids, u->new);
}

/* As long as it is not forgotten, a timer does not stop the service for it again and again. */
static void reject(const Update *u) {
        _cleanup_free_ char *path = rejected_path(u->unit),
                            *directory = xasprintf("%s/" REJECTED, globals.dir),
                            *line = xasprintf("%s\n", u->new);
        int r = is_rejected(u) ? 0 : mkdir_parents_at(AT_FDCWD, directory, 0755);
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
        if (r >= 0)
                r = fd < 0 ? -errno : write_all(fd, line, strlen(line));
        if (r < 0)
                log_warning_errno(r, "%s", path);
}

/* *ret: the ID of what the reference means now. */
static int fetch(const char *reference, char **ret) {
        _cleanup_strv_ char **argv = NULL, **flags = globals_arguments();
        int status;
        strv_add(&argv, "rkt-fetch");
        strv_extend(&argv, flags);
        strv_add(&argv, "--full");
        strv_add(&argv, "--pull-policy=update");
        if (dry_run)
                strv_add(&argv, "--unnamed");
        strv_push(&argv, xasprintf("docker://%s", reference));
        int r = process_capture(argv, OUTPUT_MAX, ret, &status);
        if (r < 0)
                return log_error_errno(r, "rkt-fetch");
        (*ret)[strcspn(*ret, "\n")] = 0;
        return status == 0 ? 0 : -EIO; /* it has said why */
}

static int find_new(Update *u, const char *policy) {
        for (size_t i = 0; i < n_updates; i++)
                if (updates[i].fetched && streq(updates[i].reference, u->reference)) {
                        u->new = xstrdup(updates[i].new);
                        u->fetched = true;
                        return 0; /* asked for already */
                }
        if (streq(policy, AUTO_UPDATE_REGISTRY)) {
                int r = fetch(u->reference, &u->new);
                u->fetched = r >= 0;
                return r;
        }
        int r = store_reference_find(store, u->reference, &u->new);
        return r < 0 ? log_error_errno(r, "%s", u->reference) : 0;
}

/* What the user has asked for by name: with a digest, it is always the same. */
static char *reference_of(const RuntimeApp *a) {
        const char *text = name_values_get(&a->annotations, AUTO_UPDATE_REFERENCE_ANNOTATION);
        _cleanup_reference_ Reference reference = {};
        if (!text || reference_parse(text, &reference, NULL) < 0 || reference.kind != REFERENCE_REGISTRY ||
                        strchr(reference.location, '@'))
                return NULL;
        return xstrdup(reference.location);
}

static void add_app(const char *unit, const RuntimeApp *a, const char *policy) {
        Update u = { .old = store_id_from_hash(a->image.id), .reference = reference_of(a) };
        if (!u.old || !u.reference) {
                log_error("%s: app %s: its image %s was not asked for by a tag of a registry", unit, a->name,
                                a->image.id);
                free(u.old);
                free(u.reference);
                failed = true;
                return;
        }
        u.unit = xstrdup(unit);
        u.app = xstrdup(a->name);
        if (find_new(&u, policy) < 0) {
                failed = true;
                free(u.new);
                u.new = xstrdup(u.old);
        }
        xgrow(&updates, n_updates);
        updates[n_updates++] = u;
}

/* The service that it stays in: the only one that can start it again. */
static char *unit_of_pod(const Pod *p) {
        _cleanup_free_ char *cgroup = NULL;
        char *unit = read_line_at(p->fd, "subcgroup", &cgroup) < 0 ? NULL : unit_of_cgroup(cgroup);
        if (unit && endswith(unit, ".service"))
                return unit;
        free(unit);
        return NULL;
}

static int look_at_pod(Pod *p, void *userdata) {
        _cleanup_pod_manifest_ PodManifest *m = NULL;
        _cleanup_free_ char *error = NULL;
        if (p->state != POD_RUNNING || pod_manifest_load_at(p->fd, "pod", &m, &error) < 0)
                return 0;
        _cleanup_free_ char *unit = unit_of_pod(p);
        for (size_t i = 0; i < m->n_apps; i++) {
                const char *policy = name_values_get(&m->apps[i].annotations, AUTO_UPDATE_ANNOTATION);
                if (!policy || streq(policy, "no"))
                        continue;
                if (!unit)
                        log_warning("pod %s: app %s: it is in no service that could be restarted", p->uuid,
                                        m->apps[i].name);
                else if (strv_length(wanted_units) == 0 || strv_contains(wanted_units, unit))
                        add_app(unit, &m->apps[i], policy);
        }
        return 0;
}

static int systemctl(const char *verb, const char *unit) {
        char *argv[] = { (char *) "systemctl", (char *) verb, (char *) unit, NULL };
        int r = process_run(argv, -1);
        if (r < 0)
                log_error_errno(r, "systemctl");
        return r;
}

static int compare_units(const void *a, const void *b) {
        return strcmp(((const Update *) a)->unit, ((const Update *) b)->unit);
}

static void roll_back(Update *first, size_t n) {
        const char *unit = first->unit;
        bool back = true;
        for (size_t i = 0; i < n; i++)
                if (is_changed(&first[i])) {
                        reject(&first[i]);
                        back &= set_reference(&first[i], first[i].old) >= 0;
                }
        log_error("%s does not become ready: going back to the images that it had", unit);
        systemctl("reset-failed", unit);
        back &= systemctl("restart", unit) == 0;
        for (size_t i = 0; i < n; i++)
                tell(&first[i], !is_changed(&first[i]) ? "up to date" : back ? "rolled back" : "failed");
        failed = true;
}

/* The apps of one unit. */
static void update_unit(Update *first, size_t n) {
        bool changed = false;
        for (size_t i = 0; i < n; i++) {
                Update *u = &first[i];
                if (is_changed(u) && is_rejected(u)) {
                        tell(u, "rejected");
                        /* who starts the service meanwhile is not to get it either */
                        if (!dry_run && set_reference(u, u->old) < 0)
                                failed = true;
                        free(u->new);
                        u->new = xstrdup(u->old);
                } else if (!is_changed(u))
                        tell(u, "up to date");
                changed |= is_changed(u);
        }
        if (changed && !dry_run && systemctl("restart", first->unit) != 0) {
                roll_back(first, n);
                return;
        }
        for (size_t i = 0; i < n; i++)
                if (is_changed(&first[i]))
                        tell(&first[i], dry_run ? "pending" : "updated");
}

static void update_all(void) {
        if (n_updates > 0)
                qsort(updates, n_updates, sizeof(*updates), compare_units);
        for (size_t i = 0, n; i < n_updates; i += n) {
                for (n = 1; i + n < n_updates && streq(updates[i].unit, updates[i + n].unit);)
                        n++;
                update_unit(&updates[i], n);
        }
}

int main(int argc, char **argv) {
        int r = globals_command(&command, argc, argv, &wanted_units);
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        if (store_open(globals.dir, &store) < 0 ||
                        pods_foreach(globals.dir, POD_PLACE_BIT(POD_PLACE_RUN), look_at_pod, NULL) < 0)
                return EXIT_RKT_FAILURE;
        update_all();
        return process_end(failed ? -EIO : 0);
}
