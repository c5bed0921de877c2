/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kinds.h"

#include <errno.h>

#include "alloc.h"
#include "kind-files.h"
#include "strv.h"

/* One field: absent is fine, a second definition on the same level is not, paths must be absolute. */
static int take_field(JsonContext *c, const char *key, bool path, char **field) {
        const char *value = NULL;
        int r = json_get_string(c, c->root, key, JSON_OPTIONAL, &value);
        if (r < 0 || !value)
                return r;
        if (*field)
                return json_fail_member(c, key, "already set by another file of the same directory");
        if (path && value[0] != '/')
                return json_fail_member(c, key, "expected an absolute path, found \"%s\"", value);
        *field = xstrdup(value);
        return 0;
}

static int read_paths(JsonContext *c, void *userdata) {
        Config *level = userdata;
        int r = take_field(c, "data", true, &level->data_dir);
        return r < 0 ? r : take_field(c, "stage1-images", true, &level->stage1_images_dir);
}

static int read_stage1(JsonContext *c, void *userdata) {
        Config *level = userdata;
        static const char *const schemes[] = { "/", "file://", "http://", "https://", "docker://" };
        const char *name = NULL, *version = NULL, *location = NULL;
        if (json_get_string(c, c->root, "name", JSON_OPTIONAL, &name) < 0 ||
                        json_get_string(c, c->root, "version", JSON_OPTIONAL, &version) < 0 ||
                        json_get_string(c, c->root, "location", JSON_OPTIONAL, &location) < 0)
                return -EINVAL;
        if (!name != !version)
                return json_fail(c, "\"name\" and \"version\" must be given together");
        if (location) {
                bool known = false;
                for (size_t i = 0; i < ELEMENTSOF(schemes); i++)
                        known |= startswith(location, schemes[i]) != NULL;
                if (!known)
                        return json_fail_member(c, "location",
                                        "expected an absolute path or a file, http, https or docker URL");
        }
        int r = take_field(c, "name", false, &level->stage1_name);
        if (r >= 0)
                r = take_field(c, "version", false, &level->stage1_version);
        return r < 0 ? r : take_field(c, "location", false, &level->stage1_location);
}

static const KindDirectory kinds[] = {
        { "paths.d", false, { { "paths", read_paths } } },
        { "stage1.d", false, { { "stage1", read_stage1 } } },
};

int config_parse(const char *directory, const char *path, const char *text, size_t size, Config *c,
                char **ret_error) {
        size_t i = 0;
        while (!streq(kinds[i].name, directory))
                i++;
        return kind_text_read(&kinds[i], path, text, size, c, ret_error);
}

static void take_over(char **field, char **newer) {
        if (*newer) {
                free(*field);
                *field = TAKE_PTR(*newer);
        }
}

int config_load(char *const *directories, Config *ret) {
        Config merged = {};
        STRV_FOREACH (d, directories) {
                Config level = {};
                int r = 0;
                for (size_t i = 0; i < ELEMENTSOF(kinds) && r >= 0 && **d; i++)
                        r = kind_directory_read(&kinds[i], *d, &level);
                if (r < 0) {
                        config_done(&level);
                        config_done(&merged);
                        return r;
                }
                take_over(&merged.data_dir, &level.data_dir);
                take_over(&merged.stage1_images_dir, &level.stage1_images_dir);
                take_over(&merged.stage1_name, &level.stage1_name);
                take_over(&merged.stage1_version, &level.stage1_version);
                take_over(&merged.stage1_location, &level.stage1_location);
                config_done(&level);
        }
        *ret = merged;
        return 0;
}

void config_done(Config *c) {
        free(c->data_dir);
        free(c->stage1_images_dir);
        free(c->stage1_name);
        free(c->stage1_version);
        free(c->stage1_location);
        *c = (Config){};
}
