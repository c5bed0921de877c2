/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "request.h"

#include <errno.h>
#include <fcntl.h>

#include "alloc.h"
#include "app-io.h"
#include "file.h"
#include "log-limit.h"
#include "log.h"
#include "own-init.h"
#include "strv.h"
#include "types.h"

#define ENVIRONMENT_FILE_MAX (1024 * 1024)

PodRequest pod_request = { .pull_policy = PULL_NEW };

int pod_request_fail(const char *flag, const char *value, char *message) {
        log_error("--%s=%s: %s", flag, value, message ?: "invalid");
        free(message);
        return -EINVAL;
}

static int add_volume(const char *value, void *userdata) {
        char *error = NULL;
        Volume v = {};
        if (volume_from_option(value, &v, &error) < 0)
                return pod_request_fail("volume", value, error);
        for (size_t i = 0; i < pod_request.n_volumes; i++)
                if (streq(pod_request.volumes[i].name, v.name)) {
                        volume_done(&v);
                        return pod_request_fail(
                                        "volume", value, xstrdup("a volume of this name was given before"));
                }
        xgrow(&pod_request.volumes, pod_request.n_volumes);
        pod_request.volumes[pod_request.n_volumes++] = v;
        return 0;
}

static int add_mount(const char *value, void *userdata) {
        char *error = NULL;
        Mount m = {};
        if (mount_from_option(value, &m, &error) < 0)
                return pod_request_fail("mount", value, error);
        if (pod_request.n_apps == 0) {
                xgrow(&pod_request.mounts, pod_request.n_mounts);
                pod_request.mounts[pod_request.n_mounts++] = m;
        } else {
                AppRequest *a = &pod_request.apps[pod_request.n_apps - 1];
                xgrow(&a->mounts, a->n_mounts);
                a->mounts[a->n_mounts++] = m;
        }
        return 0;
}

static int add_port(const char *value, void *userdata) {
        char *error = NULL;
        ExposedPort p = {};
        if (exposed_port_from_option(value, &p, &error) < 0)
                return pod_request_fail("port", value, error);
        xgrow(&pod_request.ports, pod_request.n_ports);
        pod_request.ports[pod_request.n_ports++] = p;
        return 0;
}

/* Splits "K=V" and appends it to a list in which it must be new. */
static int add_variable(NameValueList *l, const char *text, const char *where) {
        _cleanup_free_ char *name = NULL, *value = NULL;
        if (name_value_split(text, &name, &value) < 0) {
                log_error("%s: \"%s\": expected NAME=VALUE", where, text);
                return -EINVAL;
        }
        if (!environment_name_is_valid(name)) {
                log_error("%s: \"%s\" is not the name of an environment variable: expected %s", where, name,
                                ENVIRONMENT_NAME_FORM);
                return -EINVAL;
        }
        if (name_values_get(l, name)) {
                log_error("%s: environment variable \"%s\" is set more than once", where, name);
                return -EINVAL;
        }
        name_values_add(l, name, value);
        return 0;
}

static int add_environment(const char *value, void *userdata) {
        return add_variable(&pod_request.environment, value, "--set-env");
}

static int read_environment_file(const char *path, void *userdata) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r = read_file_at(AT_FDCWD, path, ENVIRONMENT_FILE_MAX, &text, &size);
        if (r < 0)
                return log_error_errno(r, "--set-env-file=%s", path);
        if (strlen(text) != size) {
                log_error("--set-env-file=%s: offset %zu: a NUL character: expected lines NAME=VALUE", path,
                                strlen(text));
                return -EINVAL;
        }
        _cleanup_strv_ char **lines = strv_split(text, '\n');
        for (size_t i = 0; lines[i]; i++) {
                char *line = lines[i] + strspn(lines[i], " \t");
                line[strcspn(line, "\r")] = 0;
                if (!*line || *line == '#' || *line == ';')
                        continue;
                _cleanup_free_ char *where = xasprintf("%s:%zu", path, i + 1);
                r = add_variable(&pod_request.environment_file, line, where);
                if (r < 0)
                        return r;
        }
        return 0;
}

static const char *const pull_policies[] = {
        [PULL_NEVER] = "never", [PULL_NEW] = "new", [PULL_UPDATE] = "update"
};

const char *pull_policy_name(PullPolicy p) {
        return pull_policies[p];
}

static int set_pull_policy(const char *value, void *userdata) {
        for (size_t i = 0; i < ELEMENTSOF(pull_policies); i++)
                if (streq(value, pull_policies[i])) {
                        pod_request.pull_policy = i;
                        pod_request.pull_policy_given = true;
                        return 0;
                }
        return pod_request_fail("pull-policy", value, xstrdup("expected never, new or update"));
}

static int set_private_users(const char *value, void *userdata) {
        bool *wanted = &pod_request.private_users;
        if (streq(value, "yes") || streq(value, "no"))
                *wanted = streq(value, "yes");
        else if (parse_bool(value, wanted) < 0)
                return pod_request_fail("private-users", value, xstrdup("expected yes or no"));
        return 0;
}

static int set_init(const char *value, void *userdata) {
        bool *wanted = &pod_request.own_init;
        if (streq(value, "no") || streq(value, OWN_INIT_SYSTEMD))
                *wanted = !streq(value, "no");
        else
                return pod_request_fail("init", value, xstrdup("expected " OWN_INIT_SYSTEMD " or no"));
        return 0;
}

static int set_log_size(const char *value, void *userdata) {
        uint64_t bytes;
        char *error = NULL;
        if (log_size_parse(value, &bytes, &error) < 0)
                return pod_request_fail("log-size", value, error);
        free(pod_request.log_size);
        pod_request.log_size = xstrdup(value);
        return 0;
}

static int set_log_dir(const char *value, void *userdata) {
        if (!path_is_absolute(value))
                return pod_request_fail("log-dir", value, xstrdup("expected an absolute path"));
        free(pod_request.log_dir);
        pod_request.log_dir = xstrdup(value);
        return 0;
}

const Option pod_request_options[] = {
        { "inherit-env", OPTION_BOOL, &pod_request.inherit_env,
                        "inherit all environment variables not set by apps" },
        { "init", OPTION_CALL, NULL, "systemd: boot the image's own init, the pod's only app, as its PID 1",
                        .call = set_init, .shown_default = "no" },
        { "log-dir", OPTION_CALL, NULL,
                        "directory of the host for the log files that apps have by --log-path",
                        .call = set_log_dir, .shown_default = "DIR" },
        { "log-size", OPTION_CALL, NULL, "how much the pod's journal may take, such as 64Mi",
                        .call = set_log_size, .shown_default = "SIZE" },
        { "no-overlay", OPTION_BOOL, &pod_request.no_overlay,
                        "copy the images' trees instead of using overlayfs" },
        { "no-store", OPTION_BOOL, &pod_request.no_store, "", .flags = OPTION_HIDDEN },
        { "pod-manifest", OPTION_STRING, &pod_request.pod_manifest, "the path to the pod manifest" },
        { "port", OPTION_CALL, NULL,
                        "ports to expose on the host (requires contained network). Syntax: "
                        "--port=NAME:[HOSTIP:]HOSTPORT",
                        .call = add_port, .shown_default = "NAME:[HOSTIP:]HOSTPORT" },
        { "private-users", OPTION_CALL, NULL,
                        "run the pod in a user namespace, with users of its own on the host",
                        .call = set_private_users, .shown_default = "no", .flags = OPTION_VALUE_OPTIONAL,
                        .if_bare = "yes" },
        { "pull-policy", OPTION_CALL, NULL, "when to pull an image", .call = set_pull_policy,
                        .shown_default = "new" },
        { "set-env", OPTION_CALL, NULL, "environment variable to set for all the apps",
                        .call = add_environment, .shown_default = "NAME=VALUE" },
        { "set-env-file", OPTION_CALL, NULL,
                        "path to a file of environment variables to set for all the apps",
                        .call = read_environment_file, .shown_default = "FILE" },
        { "stage1-from-dir", OPTION_STRING, &pod_request.stage1.from_dir,
                        "name of a stage1 in the stage1 directory", .flags = OPTION_ONCE },
        { "stage1-hash", OPTION_STRING, &pod_request.stage1.hash, "image ID of a stage1 in the store",
                        .flags = OPTION_ONCE },
        { "stage1-name", OPTION_STRING, &pod_request.stage1.name, "name of a stage1 image",
                        .flags = OPTION_ONCE },
        { "stage1-path", OPTION_STRING, &pod_request.stage1.path, "stage1 image file or directory",
                        .flags = OPTION_ONCE },
        { "stage1-url", OPTION_STRING, &pod_request.stage1.url, "URL of a stage1 image",
                        .flags = OPTION_ONCE },
        { "store-only", OPTION_BOOL, &pod_request.store_only, "", .flags = OPTION_HIDDEN },
        { "volume", OPTION_CALL, NULL, "volumes to make available in the pod", .call = add_volume,
                        .shown_default = "NAME,kind=host|empty|tmpfs,…" },
        { "mount", OPTION_CALL, NULL,
                        "mount point binding a volume to a path within an app, or before the first image "
                        "within all",
                        .call = add_mount, .shown_default = "volume=NAME,target=PATH" },
        {},
};

AppRequest *pod_request_current_app(const char *flag) {
        if (pod_request.n_apps == 0) {
                log_error("--%s must follow an image", flag);
                return NULL;
        }
        return &pod_request.apps[pod_request.n_apps - 1];
}

int pod_request_argument(ArgumentKind kind, const char *argument, void *userdata) {
        AppRequest *a;
        switch (kind) {
        case ARGUMENT_PLAIN:
                if (!*argument)
                        return 0; /* empty arguments are skipped, as in rkt */
                xgrow(&pod_request.apps, pod_request.n_apps);
                pod_request.apps[pod_request.n_apps++] =
                                (AppRequest){ .image = xstrdup(argument), .read_only_rootfs = -1 };
                return 0;
        case ARGUMENT_DASHES:
                if (pod_request.n_apps == 0) {
                        log_error("\"--\" must follow an image: what stands behind it are arguments for its "
                                  "app");
                        return -EINVAL;
                }
                a = &pod_request.apps[pod_request.n_apps - 1];
                if (a->arguments) {
                        log_error("image \"%s\" has its arguments after \"--\" twice", a->image);
                        return -EINVAL;
                }
                a->arguments = strv_copy(NULL);
                return 0;
        case ARGUMENT_AFTER_DASHES:
                a = &pod_request.apps[pod_request.n_apps - 1];
                strv_add(&a->arguments, argument);
                return 0;
        }
        return -EINVAL;
}

static int check_mounts(const Mount *mounts, size_t n) {
        for (size_t i = 0; i < n; i++) {
                bool found = false;
                for (size_t j = 0; j < pod_request.n_volumes; j++)
                        found |= streq(pod_request.volumes[j].name, mounts[i].volume);
                if (!found) {
                        log_error("dangling mount point \"%s\": volume \"%s\" not found", mounts[i].path,
                                        mounts[i].volume);
                        return -EINVAL;
                }
        }
        return 0;
}

static int check_pod_manifest(void) {
        const PodRequest *q = &pod_request;
        if (q->n_apps > 0 || q->n_volumes > 0 || q->n_mounts > 0 || q->n_ports > 0 || q->isolators.n > 0 ||
                        q->log_size || q->log_dir || q->own_init || q->inherit_env || q->environment.n > 0 ||
                        q->environment_file.n > 0 || (q->pull_policy_given && q->pull_policy != PULL_NEW)) {
                log_error("conflicting flags set with --pod-manifest (images, --volume, --mount, --port, "
                          "--pull-policy, limits, --init, --log-dir, --log-size, --sysctl, "
                          "--inherit-env, --set-env and --set-env-file come from the manifest)");
                return -EINVAL;
        }
        return 0;
}

static int check_log_paths(void) {
        for (size_t i = 0; i < pod_request.n_apps; i++) {
                const AppRequest *a = &pod_request.apps[i];
                if (pod_request.log_dir || !name_values_get(&a->annotations, APP_LOG_PATH_ANNOTATION))
                        continue;
                log_error("image \"%s\" has --log-path, but there is no --log-dir for it to be in",
                                a->image);
                return -EINVAL;
        }
        return 0;
}

int pod_request_check(void) {
        PodRequest *q = &pod_request;
        if (q->store_only && q->no_store) {
                log_error("--store-only and --no-store exclude each other");
                return -EINVAL;
        }
        if (q->store_only || q->no_store) {
                q->pull_policy = q->store_only ? PULL_NEVER : PULL_UPDATE;
                q->pull_policy_given = true;
        }
        if (q->pod_manifest)
                return check_pod_manifest();
        if (q->n_apps == 0) {
                log_error("must provide at least one image or specify the pod manifest");
                return -EINVAL;
        }
        if (q->own_init && q->n_apps > 1) {
                log_error("--init=" OWN_INIT_SYSTEMD
                          ": a pod that boots the init of its image cannot have several apps");
                return -EOPNOTSUPP;
        }
        int r = check_log_paths();
        if (r >= 0)
                r = check_mounts(q->mounts, q->n_mounts);
        for (size_t i = 0; i < q->n_apps && r >= 0; i++)
                r = check_mounts(q->apps[i].mounts, q->apps[i].n_mounts);
        return r;
}

void pod_request_clear(void) {
        PodRequest *q = &pod_request;
        for (size_t i = 0; i < q->n_apps; i++)
                app_request_done(&q->apps[i]);
        for (size_t i = 0; i < q->n_mounts; i++)
                mount_done(&q->mounts[i]);
        for (size_t i = 0; i < q->n_volumes; i++)
                volume_done(&q->volumes[i]);
        for (size_t i = 0; i < q->n_ports; i++)
                exposed_port_done(&q->ports[i]);
        char *const strings[] = { q->log_dir, q->log_size, q->pod_manifest, q->stage1.url, q->stage1.path,
                q->stage1.name, q->stage1.hash, q->stage1.from_dir };
        for (size_t i = 0; i < ELEMENTSOF(strings); i++)
                free(strings[i]);
        free(q->apps);
        free(q->mounts);
        free(q->volumes);
        free(q->ports);
        isolators_clear(&q->isolators);
        name_values_clear(&q->environment);
        name_values_clear(&q->environment_file);
        name_values_clear(&q->annotations);
        name_values_clear(&q->user_annotations);
        name_values_clear(&q->user_labels);
        *q = (PodRequest){ .pull_policy = PULL_NEW };
}
