/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "generate.h"

#include <errno.h>

#include "alloc.h"
#include "app-io.h"
#include "app-life.h"
#include "auto-update.h"
#include "json.h"
#include "log-limit.h"
#include "log.h"
#include "mutable.h"
#include "own-init.h"
#include "strv.h"
#include "types.h"

extern char **environ;

void pod_images_free(PodImage *images, size_t n) {
        for (size_t i = 0; i < n; i++) {
                free(images[i].id);
                image_trees_clear(&images[i].trees);
                free(images[i].manifest_text);
                if (images[i].manifest)
                        image_manifest_free(images[i].manifest);
        }
        free(images);
}

int pod_image_check(const PodImage *image) {
        const NameValueList *labels = &image->manifest->labels;
        const char *os = name_values_get(labels, "os"), *arch = name_values_get(labels, "arch");
        if (!os || !arch) {
                log_error("image %s (%s): no label \"%s\": an image needs the labels os and arch to be run",
                                image->manifest->name, image->id, os ? "arch" : "os");
                return -EINVAL;
        }
        _cleanup_free_ char *problem = os_arch_problem(OS_ARCH_RKT, os, arch);
        if (problem) {
                log_error("image %s (%s): %s", image->manifest->name, image->id, problem);
                return -EINVAL;
        }
        return 0;
}

/* The caller's variables that the app's own list may hold: a shell also exports functions with odd names. */
static void inherit_environment(NameValueList *l) {
        STRV_FOREACH (variable, environ) {
                _cleanup_free_ char *name = NULL, *value = NULL;
                if (name_value_split(*variable, &name, &value) >= 0 && environment_name_is_valid(name))
                        name_values_set(l, name, value);
        }
}

/* Lowest first: caller, image, --set-env-file, --set-env, --environment. */
static void generate_environment(const PodRequest *q, const AppRequest *a, App *app) {
        NameValueList merged = {};
        if (q->inherit_env)
                inherit_environment(&merged);
        name_values_merge(&merged, &app->environment);
        name_values_merge(&merged, &q->environment_file);
        name_values_merge(&merged, &q->environment);
        name_values_merge(&merged, &a->environment);
        name_values_clear(&app->environment);
        app->environment = merged;
}

static void replace(char **field, const char *value) {
        if (value) {
                free(*field);
                *field = xstrdup(value);
        }
}

/* What an image runs without its arguments: of Docker and the OCI, the entry point, if it has one; else the
 * program. */
static size_t count_program_words(const ImageManifest *image, const App *app) {
        bool docker = name_values_get(&image->annotations, APP_DOCKER_ANNOTATION);
        const char *entrypoint = name_values_get(&image->annotations, "appc.io/docker/entrypoint");
        if (!docker && !entrypoint)
                return MIN(strv_length(app->exec), 1u);
        _cleanup_json_ json_object *words = entrypoint ? json_tokener_parse(entrypoint) : NULL;
        size_t n = words && json_object_is_type(words, json_type_array) ? json_object_array_length(words)
                                                                        : 0;
        return MIN(strv_length(app->exec), n);
}

static void drop_words(char **words, size_t from) {
        for (size_t i = strv_length(words); i > from; i--)
                free(TAKE_PTR(words[i - 1]));
}

/* In place of the shell or the like that an image runs otherwise. */
static void choose_init(App *app) {
        if (strv_length(app->exec) > 0 && own_init_is_program(app->exec[0]))
                return;
        strv_free(app->exec);
        app->exec = NULL;
        strv_add(&app->exec, OWN_INIT_PATH);
}

static int generate_exec(const PodRequest *q, const AppRequest *a, const ImageManifest *image, App *app) {
        if (q->own_init)
                choose_init(app);
        if (a->replace_arguments && app->exec)
                drop_words(app->exec, count_program_words(image, app));
        if (a->exec) {
                strv_free(app->exec);
                app->exec = NULL;
                strv_add(&app->exec, a->exec);
        }
        if (a->arguments)
                strv_extend(&app->exec, a->arguments);
        if (strv_length(app->exec) == 0) {
                log_error("image %s: it has no command to run; name one with --exec", image->name);
                return -EINVAL;
        }
        return 0;
}

static int generate_isolators(const IsolatorList *given, IsolatorList *l) {
        for (size_t i = 0; i < given->n; i++) {
                const Isolator *isolator = &given->items[i];
                _cleanup_free_ char *error = NULL;
                if (isolators_set(l, isolator->name, isolator->value, &error) < 0) {
                        log_error("isolator %s: %s", isolator->name, error);
                        return -EINVAL;
                }
        }
        return 0;
}

static void add_mount(RuntimeApp *runtime, const Mount *m) {
        Mount *added = runtime_app_add_mount(runtime, m->volume, m->path);
        added->read_only = m->read_only;
        if (m->app_volume) {
                added->app_volume = xnew(Volume, 1);
                volume_copy(added->app_volume, m->app_volume);
        }
}

/* Mounts for all apps come first; one of the app's own for the same path takes the place of theirs. */
static void generate_mounts(const PodRequest *q, const AppRequest *a, RuntimeApp *runtime) {
        for (size_t i = 0; i < q->n_mounts; i++) {
                bool overridden = false;
                for (size_t j = 0; j < a->n_mounts; j++)
                        overridden |= path_equal(a->mounts[j].path, q->mounts[i].path);
                if (!overridden)
                        add_mount(runtime, &q->mounts[i]);
        }
        for (size_t i = 0; i < a->n_mounts; i++)
                add_mount(runtime, &a->mounts[i]);
}

static int generate_app(const PodRequest *q, const AppRequest *a, const ImageManifest *image, App **ret) {
        _cleanup_app_ App *app = NULL;
        if (image->app) {
                app = app_copy(image->app);
        } else if (q->own_init) {
                app = app_new("0", "0");
        } else if (a->exec) {
                _cleanup_free_ char *uid = xasprintf("%u", getuid()), *gid = xasprintf("%u", getgid());
                app = app_new(uid, gid);
        } else {
                log_error("image %s: it has no app section; name a command with --exec", image->name);
                return -EINVAL;
        }
        int r = generate_exec(q, a, image, app);
        if (r >= 0)
                r = generate_isolators(&a->isolators, &app->isolators);
        if (r < 0)
                return r;

        replace(&app->working_directory, q->own_init ? "/" : a->working_directory);
        replace(&app->user, a->user ?: (q->own_init ? "0" : NULL));
        replace(&app->group, a->group ?: (q->own_init ? "0" : NULL));
        if (a->supplementary_gids_given) {
                free(app->supplementary_gids);
                app->n_supplementary_gids = a->n_supplementary_gids;
                app->supplementary_gids = xreallocarray(NULL, a->n_supplementary_gids, sizeof(gid_t));
                memcpy(app->supplementary_gids, a->supplementary_gids,
                                a->n_supplementary_gids * sizeof(gid_t));
        }
        generate_environment(q, a, app);
        name_values_merge(&app->user_annotations, &a->user_annotations);
        name_values_merge(&app->user_labels, &a->user_labels);
        *ret = TAKE_PTR(app);
        return 0;
}

static void inherit_annotation(const NameValueList *image, const char *name, NameValueList *runtime) {
        const char *value = name_values_get(image, name);
        if (value)
                name_values_set(runtime, name, value);
}

/* Of the image; what the user says goes before them. */
static void inherit_annotations(const NameValueList *image, NameValueList *runtime) {
        static const char *const names[] = { APP_STOP_SIGNAL_ANNOTATION, APP_NOTIFY_ANNOTATION,
                APP_DOCKER_ANNOTATION };
        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                inherit_annotation(image, names[i], runtime);
        for (size_t i = 0; app_health_image_annotations[i]; i++)
                inherit_annotation(image, app_health_image_annotations[i], runtime);
}

static int add_app(const PodRequest *q, size_t i, const PodImage *image, PodManifest *m) {
        const AppRequest *a = &q->apps[i];
        _cleanup_free_ char *name = a->name ? xstrdup(a->name) : app_name_from_image(image->manifest->name);
        if (!name) {
                log_error("image %s: no app name can be made of it; give one with --name",
                                image->manifest->name);
                return -EINVAL;
        }
        if (pod_manifest_find_app(m, name)) {
                log_error("several apps are called \"%s\"; give them different names with --name", name);
                return -EINVAL;
        }
        App *app;
        int r = generate_app(q, a, image->manifest, &app);
        if (r < 0)
                return r;
        RuntimeApp *runtime = pod_manifest_add_app(m, name, image->id);
        runtime->app = app;
        runtime->image.name = xstrdup(image->manifest->name);
        name_values_copy(&runtime->image.labels, &image->manifest->labels);
        inherit_annotations(&image->manifest->annotations, &runtime->annotations);
        name_values_merge(&runtime->annotations, &a->annotations);
        if (name_values_get(&a->annotations, AUTO_UPDATE_ANNOTATION))
                name_values_set(&runtime->annotations, AUTO_UPDATE_REFERENCE_ANNOTATION, a->image);
        runtime->read_only_rootfs = a->read_only_rootfs > 0;
        generate_mounts(q, a, runtime);
        return 0;
}

static bool has_port(const PodManifest *m, const char *name) {
        for (size_t i = 0; i < m->n_apps; i++)
                for (size_t j = 0; m->apps[i].app && j < m->apps[i].app->n_ports; j++)
                        if (streq(m->apps[i].app->ports[j].name, name))
                                return true;
        return false;
}

/* What no image declares can be named by its number: 80-tcp, as those of Docker images are called. */
static Port *port_by_number(const char *name) {
        const char *dash = strchr(name, '-');
        uint64_t number;
        if (!dash || (!streq(dash, "-tcp") && !streq(dash, "-udp")))
                return NULL;
        _cleanup_free_ char *digits = xstrndup(name, (size_t) (dash - name));
        if (parse_uint(digits, 65535, &number) < 0 || number == 0)
                return NULL;
        Port *p = xnew(Port, 1);
        *p = (Port){ .name = xstrdup(name), .protocol = xstrdup(dash + 1), .port = number, .count = 1 };
        return p;
}

static Port *copy_port(const Port *from) {
        Port *p = xnew(Port, 1);
        *p = *from;
        p->name = xstrdup(from->name);
        p->protocol = xstrdup(from->protocol);
        return p;
}

static void add_volumes_and_ports(const PodRequest *q, PodManifest *m) {
        for (size_t i = 0; i < q->n_volumes; i++)
                volume_copy(pod_manifest_add_volume(m), &q->volumes[i]);
        for (size_t i = 0; i < q->n_ports; i++) {
                ExposedPort *p = pod_manifest_add_port(m);
                p->name = xstrdup(q->ports[i].name);
                p->host_port = q->ports[i].host_port;
                p->host_ip = xstrdup(q->ports[i].host_ip);
                p->pod_port = q->ports[i].pod_port   ? copy_port(q->ports[i].pod_port)
                              : has_port(m, p->name) ? NULL
                                                     : port_by_number(p->name);
        }
}

int pod_manifest_generate(const PodRequest *q, const PodImage *images, PodManifest **ret) {
        _cleanup_pod_manifest_ PodManifest *m = pod_manifest_new();
        for (size_t i = 0; i < q->n_apps; i++) {
                int r = add_app(q, i, &images[i], m);
                if (r < 0)
                        return r;
        }
        int r = generate_isolators(&q->isolators, &m->isolators);
        if (r < 0)
                return r;
        if (q->log_size)
                name_values_add(&m->annotations, POD_LOG_SIZE_ANNOTATION, q->log_size);
        if (q->log_dir)
                name_values_add(&m->annotations, POD_LOG_DIR_ANNOTATION, q->log_dir);
        name_values_merge(&m->annotations, &q->annotations);
        name_values_merge(&m->user_annotations, &q->user_annotations);
        name_values_merge(&m->user_labels, &q->user_labels);
        if (q->mutable)
                name_values_set(&m->annotations, POD_MUTABLE_ANNOTATION, "true");
        if (q->own_init)
                name_values_set(&m->annotations, OWN_INIT_ANNOTATION, OWN_INIT_SYSTEMD);
        add_volumes_and_ports(q, m);
        *ret = TAKE_PTR(m);
        return 0;
}
