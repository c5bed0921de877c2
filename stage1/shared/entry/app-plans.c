/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app-plans.h"

#include <errno.h>
#include <fcntl.h>

#include "alloc.h"
#include "file.h"
#include "log.h"
#include "strv.h"

#define PATH    "stage1/rootfs/" PLAN_PATH
#define VOLUMES "sharedVolumes/" /* of the pod itself */

static int load(json_object **ret) {
        _cleanup_json_context_ JsonContext c = {};
        _cleanup_free_ char *text = NULL;
        json_object *apps = NULL;
        size_t size;
        int r = read_file_at(AT_FDCWD, PATH, PLAN_SIZE_MAX, &text, &size);
        if (r < 0)
                return log_error_errno(r, "cannot read the pod's " PATH);
        if ((r = json_context_parse(&c, PATH, text, size)) < 0 ||
                        (r = json_expect(&c, c.root, json_type_object)) < 0 ||
                        (r = json_get_array(&c, c.root, "apps", JSON_REQUIRED, &apps)) < 0) {
                log_error("%s", c.error);
                return r;
        }
        *ret = TAKE_PTR(c.root);
        return 0;
}

static int save(json_object *plan) {
        _cleanup_free_ char *text = json_to_text(plan, false);
        int r = replace_locked_file_at(AT_FDCWD, PATH, text, strlen(text), 0640, false);
        return r < 0 ? log_error_errno(r, "cannot write the pod's " PATH) : 0;
}

static json_object *apps_of(json_object *plan) {
        return json_object_object_get(plan, "apps");
}

static const char *string_of(json_object *o, const char *key) {
        json_object *value = NULL;
        return json_object_object_get_ex(o, key, &value) ? json_object_get_string(value) ?: "" : "";
}

/* Returns the index behind the last if it is not there. */
static size_t find(json_object *apps, const char *name) {
        size_t i = 0;
        while (i < json_object_array_length(apps) &&
                        !streq(string_of(json_object_array_get_idx(apps, i), "name"), name))
                i++;
        return i;
}

static bool has_volume(json_object *app, const char *path) {
        json_object *mounts = json_object_object_get(app, "mounts");
        for (size_t i = 0; mounts && i < json_object_array_length(mounts); i++)
                if (streq(string_of(json_object_array_get_idx(mounts, i), "source"), path))
                        return true;
        return false;
}

static char **own_volumes(json_object *apps, size_t index) {
        char **l = strv_copy(NULL);
        json_object *mounts = json_object_object_get(json_object_array_get_idx(apps, index), "mounts");
        for (size_t i = 0; mounts && i < json_object_array_length(mounts); i++) {
                const char *path = string_of(json_object_array_get_idx(mounts, i), "source");
                bool shared = !startswith(path, VOLUMES) || strv_contains(l, path);
                for (size_t j = 0; j < json_object_array_length(apps); j++)
                        shared |= j != index && has_volume(json_object_array_get_idx(apps, j), path);
                if (!shared)
                        strv_add(&l, path);
        }
        return l;
}

int app_plans_put(const Plan *p) {
        _cleanup_json_ json_object *plan = NULL, *added = plan_to_json(p);
        int r = load(&plan);
        if (r < 0)
                return r;
        json_object *apps = apps_of(plan);
        size_t i = find(apps, p->apps[0].name);
        if (i < json_object_array_length(apps))
                json_object_array_del_idx(apps, i, 1);
        json_object_array_add(apps, json_object_get(json_object_array_get_idx(apps_of(added), 0)));
        return save(plan);
}

int app_plans_remove(const char *app, char ***ret_volumes) {
        _cleanup_json_ json_object *plan = NULL;
        int r = load(&plan);
        if (r < 0)
                return r;
        json_object *apps = apps_of(plan);
        size_t i = find(apps, app);
        if (i == json_object_array_length(apps)) {
                *ret_volumes = strv_copy(NULL);
                return 0;
        }
        _cleanup_strv_ char **volumes = own_volumes(apps, i);
        json_object_array_del_idx(apps, i, 1);
        r = save(plan);
        if (r >= 0)
                *ret_volumes = TAKE_PTR(volumes);
        return r;
}
