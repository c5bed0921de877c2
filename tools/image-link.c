/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Images as roots of services and of systemd-nspawn. */

#include <errno.h>

#include "alloc.h"
#include "globals.h"
#include "image-arguments.h"
#include "image-lookup.h"
#include "image-record.h"
#include "image.h"
#include "json.h"
#include "log.h"
#include "output-format.h"
#include "process.h"
#include "root-link.h"
#include "strv.h"
#include "table.h"

static bool mstack, replace, no_legend;
static OutputFormat format;

static const Option link_options[] = {
        { "format", OPTION_CALL, &format, "of the list: json or json-pretty; without it a table",
                        .call = output_format_parse, .shown_default = "json|json-pretty" },
        { "mstack", OPTION_BOOL, &mstack, "make a mount stack of its layers: systemd.mstack(7)" },
        { "no-legend", OPTION_BOOL, &no_legend, "suppress a legend with the list" },
        { "replace", OPTION_BOOL, &replace, "let a link of that name lead to this image from now on" },
        {},
};

static const Command link_command = {
        .name = "image link",
        .usage = "[--mstack] [--replace] IMAGE NAME | [--no-legend] [--format=json|json-pretty]",
        .summary = "Show an image as a directory that stays, for units and systemd-nspawn",
        .description = "Makes DATA/links/NAME/rootfs, a directory of hard links to the files of the image, "
                       "and prints its path; with --mstack, DATA/links/NAME/NAME.mstack.\n"
                       "The image stays in the store as long as it does. Without arguments, lists what "
                       "there is.",
        .options = link_options,
        .global_options = global_options,
};

static const Command unlink_command = {
        .name = "image unlink",
        .usage = "NAME...",
        .summary = "Remove what rkt image link has made",
        .global_options = global_options,
        .needs_root = true,
};

static ImageRecord *find_record(ImageRecord *const *records, size_t n, const char *id) {
        for (size_t i = 0; i < n; i++)
                if (streq(records[i]->id, id))
                        return records[i];
        return NULL;
}

static void add_row(Table *t, Store *s, const RootLink *link, const ImageRecord *image) {
        _cleanup_free_ char *path = root_link_path(s, link->name, link->stack),
                            *title = image ? image_record_title(image) : NULL;
        table_cell(t, link->name);
        table_cell(t, title ?: "-");
        table_cellf(t, "%.19s", image ? image->id : "-");
        table_cell(t, path);
        table_end_row(t);
}

static void add_object(json_object *array, Store *s, const RootLink *link, const ImageRecord *image) {
        _cleanup_free_ char *path = root_link_path(s, link->name, link->stack),
                            *title = image ? image_record_title(image) : NULL;
        json_object *o = json_object_new_object();
        json_object_object_add(o, "name", json_object_new_string(link->name));
        json_object_object_add(o, "path", json_object_new_string(path));
        if (image) {
                json_object_object_add(o, "image_id", json_object_new_string(image->id));
                json_object_object_add(o, "image", json_object_new_string(title));
        }
        json_object_array_add(array, o);
}

static int list_links(Store *s) {
        _cleanup_table_ Table *t = table_new();
        _cleanup_json_ json_object *array = json_object_new_array();
        ImageRecord **records = NULL;
        RootLink *links = NULL;
        size_t n_records = 0, n_links = 0;
        int r = root_links_load(s, &links, &n_links);
        if (r >= 0)
                r = image_records_load(s, &records, &n_records);
        if (r < 0)
                log_error_errno(r, "cannot list the links");
        static const char *const legend[] = { "NAME", "IMAGE NAME", "IMAGE ID", "PATH" };
        for (size_t i = 0; i < ELEMENTSOF(legend) && !no_legend; i++)
                table_cell(t, legend[i]);
        if (!no_legend)
                table_end_row(t);
        for (size_t i = 0; i < n_links && r >= 0; i++) {
                const ImageRecord *image = find_record(records, n_records, links[i].image);
                add_row(t, s, &links[i], image);
                add_object(array, s, &links[i], image);
        }
        if (r >= 0 && format == OUTPUT_TEXT)
                table_print(t, stdout);
        else if (r >= 0)
                r = output_format_print(format, array);
        image_records_free(records, n_records);
        root_links_free(links, n_links);
        return process_end(r);
}

/* What fails before the trees are there has been logged. */
static int link_image(Store *s, const char *name, const char *id, const char *path) {
        _cleanup_image_trees_ ImageTrees trees = {};
        _cleanup_free_ char *tree_id = NULL;
        int r = mstack ? store_render_overlay_trees(s, id, &trees) : store_render_tree(s, id, &tree_id);
        if (r < 0)
                return r;
        r = mstack ? root_link_make_stack(s, name, id, &trees, replace)
                   : root_link_make(s, name, id, tree_id, replace);
        if (r == -EEXIST)
                log_error("%s is there already: --replace lets it lead to another image", name);
        else if (r < 0)
                log_error_errno(r, "cannot make %s", path);
        return r;
}

static int make_link(Store *s, const char *reference, const char *name) {
        _cleanup_free_ char *id = NULL, *path = root_link_path(s, name, mstack);
        if (geteuid() != 0) {
                log_error("only root can link images");
                return -EPERM;
        }
        if (!root_link_name_is_valid(name)) {
                log_error("\"%s\" is no name for a link: letters, digits, \".\", \"_\" and \"-\" make one",
                                name);
                return -EINVAL;
        }
        /* so that the tree is not removed before it is linked */
        _cleanup_close_ int lock = store_lock_prepare(s, LOCK_MODE_SHARED, true);
        if (lock < 0)
                return log_error_errno(lock, "cannot lock prepareLock");
        int r = image_find(s, reference, &id);
        if (r < 0 || (r = link_image(s, name, id, path)) < 0)
                return r;
        puts(path);
        return 0;
}

int image_link(int argc, char **argv) {
        _cleanup_strv_ char **arguments = NULL;
        _cleanup_store_ Store *s = NULL;
        int r = globals_command(&link_command, argc, argv, &arguments);
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        size_t n = strv_length(arguments);
        if (n != 0 && n != 2) {
                log_error("expected an image and a name, or nothing to list the links");
                return EXIT_RKT_FAILURE;
        }
        if (store_open(globals.dir, &s) < 0)
                return EXIT_RKT_FAILURE;
        return n == 0 ? list_links(s) : process_end(make_link(s, arguments[0], arguments[1]));
}

int image_unlink(int argc, char **argv) {
        _cleanup_strv_ char **names = NULL;
        _cleanup_store_ Store *s = NULL;
        int failed = 0, r = globals_command(&unlink_command, argc, argv, &names);
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        if (!names[0]) {
                log_error("expected the name of a link, or several");
                return EXIT_RKT_FAILURE;
        }
        if (store_open(globals.dir, &s) < 0)
                return EXIT_RKT_FAILURE;
        STRV_FOREACH (name, names) {
                r = root_link_remove(s, *name);
                if (r >= 0)
                        continue;
                failed = r;
                if (r == -ENOENT)
                        log_error("there is no link \"%s\"", *name);
                else
                        log_error_errno(r, "cannot remove the link \"%s\"", *name);
        }
        return process_end(failed);
}
