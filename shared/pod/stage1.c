/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "stage1.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>

#include "alloc.h"
#include "app-string.h"
#include "build-config.h"
#include "file.h"
#include "globals.h"
#include "images.h"
#include "log.h"
#include "process.h"
#include "strv.h"
#include "types.h"

#define ANNOTATION_PREFIX "coreos.com/rkt/stage1/"

void stage1_done(Stage1 *s) {
        free(s->directory);
        free(s->image_id);
        free(s->manifest_text);
        if (s->manifest)
                image_manifest_free(s->manifest);
        *s = (Stage1){};
}

static int parse_manifest(Stage1 *s, const char *name) {
        _cleanup_free_ char *error = NULL;
        int r = image_manifest_parse(name, s->manifest_text, s->manifest_size, &s->manifest, &error);
        if (r < 0) {
                log_error("stage1 manifest: %s", error);
                return r;
        }
        if (!name_values_get(&s->manifest->annotations, ANNOTATION_PREFIX "run")) {
                log_error("%s: not a stage1 image: it has no annotation %srun", name, ANNOTATION_PREFIX);
                return -EINVAL;
        }
        return 0;
}

static int use_directory(const char *directory, Stage1 *ret) {
        _cleanup_free_ char *path = xasprintf("%s/manifest", directory);
        _cleanup_(stage1_done) Stage1 s = { .directory = xstrdup(directory) };
        int r = read_file_at(AT_FDCWD, path, APPC_MANIFEST_MAX, &s.manifest_text, &s.manifest_size);
        if (r < 0)
                return log_error_errno(r, "stage1 %s", path);
        r = parse_manifest(&s, path);
        if (r < 0)
                return r;
        *ret = s;
        s = (Stage1){};
        return 0;
}

static int use_image(const char *reference, PullPolicy policy, Stage1 *ret) {
        _cleanup_(stage1_done) Stage1 s = {};
        int r = images_find(reference, policy, NULL, &s.image_id);
        if (r >= 0)
                r = images_manifest_text(s.image_id, &s.manifest_text, &s.manifest_size);
        if (r >= 0)
                r = parse_manifest(&s, s.image_id);
        if (r < 0)
                return r;
        *ret = s;
        s = (Stage1){};
        return 0;
}

/* An absolute path to a directory or an ACI file, or a URL. */
static int use_location(const char *location, Stage1 *ret) {
        struct stat st;
        if (location[0] != '/')
                return use_image(location, PULL_NEW, ret);
        if (stat(location, &st) < 0)
                return log_error_errno(errno, "stage1 %s", location);
        return S_ISDIR(st.st_mode) ? use_directory(location, ret) : use_image(location, PULL_NEW, ret);
}

/* The directories that stage1 images are installed in: configured, else the one of this build. */
static const char *images_directory(void) {
        return globals.config.stage1_images_dir ?: RKT_STAGE1_DIR;
}

/* Whether what lies in directory is the stage1 that was asked for; anything else is passed over in silence.
 */
static bool is_wanted(const char *directory, const AppString *wanted) {
        _cleanup_image_manifest_ ImageManifest *m = NULL;
        _cleanup_free_ char *path = xasprintf("%s/manifest", directory), *error = NULL;
        return image_manifest_load_at(AT_FDCWD, path, &m, &error) >= 0 && streq(m->name, wanted->name) &&
               name_values_match(&m->labels, &wanted->labels) &&
               name_values_get(&m->annotations, ANNOTATION_PREFIX "run");
}

/* An installed flavour whose manifest has that image name and labels, whatever its directory is called. */
static int find_installed(const char *name, Stage1 *ret) {
        _cleanup_strv_ char **entries = NULL;
        _cleanup_app_string_ AppString wanted = {};
        _cleanup_free_ char *error = NULL;
        if (app_string_parse(name, &wanted, &error) < 0 ||
                        list_directory_at(AT_FDCWD, images_directory(), &entries) < 0)
                return -ENOENT;
        STRV_FOREACH (e, entries) {
                _cleanup_free_ char *directory = xasprintf("%s/%s", images_directory(), *e);
                if (is_wanted(directory, &wanted))
                        return use_directory(directory, ret);
        }
        return -ENOENT;
}

static int use_name(const char *name, Stage1 *ret) {
        int r = find_installed(name, ret);
        return r == -ENOENT ? use_image(name, PULL_NEW, ret) : r;
}

static int use_path(const char *path, Stage1 *ret) {
        _cleanup_free_ char *absolute = realpath(path, NULL);
        if (!absolute)
                return log_error_errno(errno, "--stage1-path=%s", path);
        return use_location(absolute, ret);
}

static int use_from_dir(const char *name, Stage1 *ret) {
        if (strchr(name, '/')) {
                log_error("--stage1-from-dir=%s: expected a name in %s, not a path", name,
                                images_directory());
                return -EINVAL;
        }
        _cleanup_free_ char *path = xasprintf("%s/%s", images_directory(), name);
        return use_location(path, ret);
}

static int use_configured(Stage1 *ret) {
        const Config *c = &globals.config;
        if (c->stage1_name) {
                _cleanup_free_ char *reference = xasprintf("%s:%s", c->stage1_name, c->stage1_version);
                int r = find_installed(reference, ret);
                if (r != -ENOENT)
                        return r;
                if (!c->stage1_location || images_have(reference))
                        return use_image(reference, PULL_NEW, ret);
        }
        if (c->stage1_location)
                return use_location(c->stage1_location, ret);
        return use_from_dir(RKT_DEFAULT_STAGE1, ret);
}

int stage1_choose(const Stage1Request *q, Stage1 *ret) {
        int given = !!q->url + !!q->path + !!q->name + !!q->hash + !!q->from_dir;
        if (given > 1) {
                log_error("the flags --stage1-url, --stage1-path, --stage1-name, --stage1-hash and "
                          "--stage1-from-dir "
                          "exclude each other");
                return -EINVAL;
        }
        if (q->url)
                return use_image(q->url, PULL_NEW, ret);
        if (q->path)
                return use_path(q->path, ret);
        if (q->name)
                return use_name(q->name, ret);
        if (q->hash)
                return use_image(q->hash, PULL_NEVER, ret);
        if (q->from_dir)
                return use_from_dir(q->from_dir, ret);
        return use_configured(ret);
}

int stage1_interface_version(const ImageManifest *m) {
        const char *text = name_values_get(&m->annotations, ANNOTATION_PREFIX "interface-version");
        uint64_t version = 1;
        if (text && parse_uint(text, INT32_MAX, &version) < 0)
                return -EINVAL;
        return (int) version;
}

int stage1_entrypoint(const Pod *p, const char *name, char **ret_path, ImageManifest **ret_manifest) {
        _cleanup_image_manifest_ ImageManifest *m = NULL;
        _cleanup_free_ char *error = NULL, *directory = NULL;
        int r = image_manifest_load_at(p->fd, "stage1/manifest", &m, &error);
        if (r < 0) {
                log_error("pod %s: %s", p->uuid, error);
                return r == -ENOENT ? -EIO : r;
        }
        _cleanup_free_ char *annotation = xasprintf("%s%s", ANNOTATION_PREFIX, name);
        const char *entry = name_values_get(&m->annotations, annotation);
        if (!entry)
                return -ENOENT;
        if (entry[0] != '/') {
                log_error("pod %s: stage1 annotation %s is \"%s\": expected an absolute path", p->uuid,
                                annotation, entry);
                return -EINVAL;
        }
        r = read_line_at(p->fd, "stage1/path", &directory);
        if (r < 0 && r != -ENOENT)
                return log_error_errno(r, "pod %s: stage1/path", p->uuid);
        *ret_path = directory ? xasprintf("%s/rootfs%s", directory, entry)
                              : xasprintf("stage1/rootfs%s", entry);
        if (ret_manifest)
                *ret_manifest = TAKE_PTR(m);
        return 0;
}

int stage1_run_entrypoint(const Pod *p, const char *name, char **argv) {
        _cleanup_free_ char *path = NULL;
        int wstatus, r = stage1_entrypoint(p, name, &path, NULL);
        if (r < 0)
                return r;
        argv[0] = path;

        pid_t pid = vfork();
        if (pid < 0)
                return log_error_errno(errno, "vfork");
        if (pid == 0) {
                if (fchdir(p->fd) == 0)
                        execv(path, argv);
                _exit(EXIT_RKT_FAILURE);
        }
        while (waitpid(pid, &wstatus, 0) < 0)
                if (errno != EINTR)
                        return log_error_errno(errno, "waitpid");
        argv[0] = NULL;
        return process_exit_status(wstatus);
}
