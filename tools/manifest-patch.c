/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "manifest-patch.h"

#include <errno.h>

#include "alloc.h"
#include "option.h"
#include "strv.h"

static int patch_name(const ManifestPatch *p, ImageManifest *m, const char *value, char **ret_error) {
        free(m->name);
        m->name = xstrdup(value);
        return 0;
}

static int patch_exec(const ManifestPatch *p, ImageManifest *m, const char *value, char **ret_error) {
        _cleanup_strv_ char **words = strv_split(value, ' ');
        strv_free(m->app->exec);
        m->app->exec = strv_copy(NULL);
        STRV_FOREACH (word, words)
                if (**word)
                        strv_add(&m->app->exec, *word);
        return 0;
}

static int patch_user(const ManifestPatch *p, ImageManifest *m, const char *value, char **ret_error) {
        free(m->app->user);
        m->app->user = xstrdup(value);
        return 0;
}

static int patch_group(const ManifestPatch *p, ImageManifest *m, const char *value, char **ret_error) {
        free(m->app->group);
        m->app->group = xstrdup(value);
        return 0;
}

static int patch_groups(const ManifestPatch *p, ImageManifest *m, const char *value, char **ret_error) {
        _cleanup_strv_ char **parts = strv_split(value, ',');
        gid_t *gids = xnew(gid_t, strv_length(parts));
        free(m->app->supplementary_gids);
        m->app->supplementary_gids = gids;
        m->app->n_supplementary_gids = 0;
        STRV_FOREACH (part, parts) {
                uint64_t gid;
                if (parse_uint(*part, UINT32_MAX - 1, &gid) < 0) {
                        *ret_error = xasprintf("--supplementary-groups: \"%s\" is not a group ID", *part);
                        return -EINVAL;
                }
                gids[m->app->n_supplementary_gids++] = (gid_t) gid;
        }
        return 0;
}

static int patch_capabilities(
                const ManifestPatch *p, ImageManifest *m, const char *value, char **ret_error) {
        _cleanup_strv_ char **names = strv_split(value, ',');
        if (p->revoked) {
                *ret_error = xstrdup("--capability and --revoke-capability exclude each other");
                return -EINVAL;
        }
        return isolators_set_names(&m->app->isolators, ISOLATOR_CAPABILITIES_RETAIN, names, NULL, ret_error);
}

static int patch_revoked(const ManifestPatch *p, ImageManifest *m, const char *value, char **ret_error) {
        _cleanup_strv_ char **names = strv_split(value, ',');
        return isolators_set_names(&m->app->isolators, ISOLATOR_CAPABILITIES_REMOVE, names, NULL, ret_error);
}

static int patch_mounts(const ManifestPatch *p, ImageManifest *m, const char *value, char **ret_error) {
        _cleanup_strv_ char **parts = strv_split(value, ':');
        return app_set_mount_points(m->app, parts, ret_error);
}

static int patch_ports(const ManifestPatch *p, ImageManifest *m, const char *value, char **ret_error) {
        _cleanup_strv_ char **parts = strv_split(value, ':');
        return app_set_ports(m->app, parts, ret_error);
}

static int patch_isolators(const ManifestPatch *p, ImageManifest *m, const char *value, char **ret_error) {
        _cleanup_strv_ char **parts = strv_split(value, ':');
        int r = 0;
        for (size_t i = 0; r >= 0 && parts[i]; i++)
                r = isolators_set_option(&m->app->isolators, parts[i], ret_error);
        return r;
}

static int patch_seccomp(const ManifestPatch *p, ImageManifest *m, const char *value, char **ret_error) {
        if (!p->seccomp_mode || !p->seccomp_set) {
                *ret_error = xstrdup("--seccomp-mode and --seccomp-set are only of use together");
                return -EINVAL;
        }
        _cleanup_free_ char *option = xasprintf("mode=%s,%s", p->seccomp_mode, p->seccomp_set);
        return isolators_set_seccomp(&m->app->isolators, option, ret_error);
}

typedef struct Change {
        size_t offset; /* of the option's value in ManifestPatch */
        bool of_app;
        int (*apply)(const ManifestPatch *p, ImageManifest *m, const char *value, char **ret_error);
} Change;

static const Change changes[] = {
        { offsetof(ManifestPatch, name), false, patch_name },
        { offsetof(ManifestPatch, exec), true, patch_exec },
        { offsetof(ManifestPatch, user), true, patch_user },
        { offsetof(ManifestPatch, group), true, patch_group },
        { offsetof(ManifestPatch, groups), true, patch_groups },
        { offsetof(ManifestPatch, capabilities), true, patch_capabilities },
        { offsetof(ManifestPatch, revoked), true, patch_revoked },
        { offsetof(ManifestPatch, mounts), true, patch_mounts },
        { offsetof(ManifestPatch, ports), true, patch_ports },
        { offsetof(ManifestPatch, isolators), true, patch_isolators },
        { offsetof(ManifestPatch, seccomp_mode), true, patch_seccomp },
        { offsetof(ManifestPatch, seccomp_set), true, patch_seccomp },
};

static const char *change_value(const ManifestPatch *p, const Change *change) {
        return *(char *const *) (const void *) ((const char *) p + change->offset);
}

bool manifest_patch_is_empty(const ManifestPatch *p) {
        for (size_t i = 0; i < ELEMENTSOF(changes); i++)
                if (change_value(p, &changes[i]))
                        return false;
        return true;
}

/* An image without an app gets one, if it is said as whom it shall run. */
static int need_app(const ManifestPatch *p, ImageManifest *m, char **ret_error) {
        if (m->app)
                return 0;
        if (!p->user || !p->group) {
                *ret_error = xasprintf("%s has no app: --user and --group are needed to make one", m->name);
                return -EINVAL;
        }
        m->app = app_new(p->user, p->group);
        return 0;
}

int manifest_patch_apply(const ManifestPatch *p, ImageManifest *m, char **ret_error) {
        int r = 0;
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(changes); i++) {
                const char *value = change_value(p, &changes[i]);
                if (!value)
                        continue;
                if (changes[i].of_app)
                        r = need_app(p, m, ret_error);
                if (r >= 0)
                        r = changes[i].apply(p, m, value, ret_error);
        }
        return r;
}
