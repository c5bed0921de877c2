/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "alloc.h"
#include "duration.h"
#include "globals.h"
#include "json.h"
#include "log.h"
#include "named-volume.h"
#include "output-format.h"
#include "process.h"
#include "strv.h"
#include "subcommand.h"
#include "table.h"

static bool no_legend, ignore;
static OutputFormat format;
static char *mode_text, *uid_text, *gid_text;

static const Option list_options[] = {
        { "format", OPTION_CALL, &format, "output as json or json-pretty; without it as a table",
                        .call = output_format_parse, .shown_default = "json|json-pretty" },
        { "no-legend", OPTION_BOOL, &no_legend, "suppress a legend with the list" },
        {},
};

static const Command list_command = {
        .name = "volume list",
        .usage = "[--no-legend] [--format=json|json-pretty]",
        .summary = "List volumes and the pods that use them",
        .options = list_options,
        .global_options = global_options,
};

static const Option create_options[] = {
        { "gid", OPTION_STRING, &gid_text, "group that it belongs to", .shown_default = "0" },
        { "ignore", OPTION_BOOL, &ignore, "leave one that is there as it is" },
        { "mode", OPTION_STRING, &mode_text, "its mode, in octal", .shown_default = "0755" },
        { "uid", OPTION_STRING, &uid_text, "user that it belongs to", .shown_default = "0" },
        {},
};

static const Command create_command = {
        .name = "volume create",
        .usage = "[--mode=OCTAL] [--uid=N] [--gid=N] [--ignore] NAME...",
        .summary = "Create volumes",
        .options = create_options,
        .global_options = global_options,
        .needs_root = true,
};

static const Command rm_command = {
        .name = "volume rm",
        .usage = "NAME...",
        .summary = "Remove volumes with what is in them",
        .global_options = global_options,
        .needs_root = true,
};

typedef struct Entry {
        char *path;
        struct statx st;
        const char *name;
        const NamedVolumeUses *uses;
} Entry;

/* Born when it was created; where the file system does not tell, it is not known. */
static int64_t created_at(const Entry *e) {
        return e->st.stx_mask & STATX_BTIME
                               ? e->st.stx_btime.tv_sec * (int64_t) NSEC_PER_SEC + e->st.stx_btime.tv_nsec
                               : 0;
}

static int print_row(const Entry *e, void *userdata) {
        Table *t = userdata;
        _cleanup_strv_ char **users = NULL;
        int64_t created = created_at(e);
        _cleanup_free_ char *when = created ? time_ago(created / (int64_t) NSEC_PER_SEC, time(NULL)) : NULL;
        for (size_t i = 0; i < e->uses->n; i++)
                if (streq(e->uses->items[i].volume, e->name))
                        strv_push(&users, xasprintf("%.8s", e->uses->items[i].uuid));
        _cleanup_free_ char *joined = users ? strv_join(users, ", ") : NULL;
        table_cell(t, e->name);
        table_cell(t, when);
        table_cell(t, joined);
        table_end_row(t);
        return 0;
}

static int add_object(const Entry *e, void *userdata) {
        json_object *o = json_object_new_object(), *users = json_object_new_array();
        char mode[16];
        snprintf(mode, sizeof(mode), "%04o", (unsigned) e->st.stx_mode & 07777);
        json_object_object_add(o, "name", json_object_new_string(e->name));
        json_object_object_add(o, "path", json_object_new_string(e->path));
        json_object_object_add(o, "mode", json_object_new_string(mode));
        json_object_object_add(o, "uid", json_object_new_int64(e->st.stx_uid));
        json_object_object_add(o, "gid", json_object_new_int64(e->st.stx_gid));
        if (created_at(e) != 0)
                json_object_object_add(o, "created_at", json_object_new_int64(created_at(e)));
        for (size_t i = 0; i < e->uses->n; i++)
                if (streq(e->uses->items[i].volume, e->name))
                        json_object_array_add(users, json_object_new_string(e->uses->items[i].uuid));
        json_object_object_add(o, "used_by", users);
        json_object_array_add(userdata, o);
        return 0;
}

static int each_volume(int (*each)(const Entry *e, void *userdata), void *userdata) {
        _cleanup_strv_ char **names = NULL;
        _cleanup_named_volume_uses_ NamedVolumeUses uses = {};
        int r = named_volumes_list(globals.dir, &names);
        if (r >= 0)
                r = named_volume_uses_read(globals.dir, &uses);
        if (r < 0)
                return r;
        STRV_FOREACH (name, names) {
                _cleanup_free_ char *path = named_volume_path(globals.dir, *name);
                Entry e = { .path = path, .name = *name, .uses = &uses };
                if (statx(AT_FDCWD, path, 0, STATX_BASIC_STATS | STATX_BTIME, &e.st) < 0) {
                        if (errno != ENOENT) /* removed meanwhile */
                                log_warning_errno(errno, "%s", path);
                        continue;
                }
                if ((r = each(&e, userdata)) < 0)
                        return r;
        }
        return 0;
}

static int list_table(void) {
        _cleanup_table_ Table *t = table_new();
        static const char *const legend[] = { "NAME", "CREATED", "USED BY" };
        for (size_t i = 0; !no_legend && i < ELEMENTSOF(legend); i++)
                table_cell(t, legend[i]);
        if (!no_legend)
                table_end_row(t);
        int r = each_volume(print_row, t);
        if (r < 0)
                return r;
        table_print(t, stdout);
        return process_flush();
}

static int list_json(void) {
        _cleanup_json_ json_object *array = json_object_new_array();
        int r = each_volume(add_object, array);
        return r < 0 ? r : output_format_print(format, array);
}

static int list(int argc, char **argv) {
        _cleanup_strv_ char **arguments = NULL;
        int r = globals_command(&list_command, argc, argv, &arguments);
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        if (strv_length(arguments) > 0) {
                log_error("volume list takes no arguments");
                return EXIT_RKT_FAILURE;
        }
        return process_end(format == OUTPUT_TEXT ? list_table() : list_json());
}

/* Calls each for every name, and goes on after failures. Returns the exit status. */
static int for_names(char *const *names, int (*each)(const char *name, const void *userdata),
                const void *userdata) {
        int status = 0;
        if (!names || !names[0]) {
                log_error("expected the name of a volume");
                return EXIT_RKT_FAILURE;
        }
        STRV_FOREACH (name, names) {
                if (!volume_name_is_valid(*name))
                        log_error("\"%s\" is not the name of a volume: expected " VOLUME_NAME_FORM, *name);
                else if (each(*name, userdata) >= 0) {
                        puts(*name);
                        continue;
                }
                status = -EIO;
        }
        return process_end(status);
}

/* What --volume takes is judged by the same rules. */
static int read_owner(Volume *ret) {
        _cleanup_free_ char *error = NULL;
        _cleanup_free_ char *option = xasprintf("v,kind=named,mode=%s,uid=%s,gid=%s", mode_text ?: "0755",
                        uid_text ?: "0", gid_text ?: "0");
        int r = volume_from_option(option, ret, &error);
        if (r < 0)
                log_error("%s", error);
        return r;
}

static int create_one(const char *name, const void *userdata) {
        const Volume *v = userdata;
        _cleanup_free_ char *path = named_volume_path(globals.dir, name);
        if (ignore && access(path, F_OK) >= 0)
                return 0;
        return named_volume_create(globals.dir, name, v->mode, v->uid, v->gid);
}

static int create(int argc, char **argv) {
        _cleanup_strv_ char **arguments = NULL;
        _cleanup_volume_ Volume v = {};
        int r = globals_command(&create_command, argc, argv, &arguments);
        if (r == 0)
                r = read_owner(&v);
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        return for_names(arguments, create_one, &v);
}

static int rm_one(const char *name, const void *userdata) {
        return named_volume_remove(globals.dir, name);
}

static int rm(int argc, char **argv) {
        _cleanup_strv_ char **arguments = NULL;
        int r = globals_command(&rm_command, argc, argv, &arguments);
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        return for_names(arguments, rm_one, NULL);
}

static const Subcommand subcommands[] = {
        { "create", create, "Create volumes" },
        { "list", list, "List volumes and the pods that use them" },
        { "rm", rm, "Remove volumes with what is in them" },
        {},
};

int main(int argc, char **argv) {
        return subcommand_main("volume", "Manage volumes that outlive pods", subcommands, argc, argv);
}
