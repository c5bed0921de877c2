/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>

#include "alloc.h"
#include "duration.h"
#include "file.h"
#include "globals.h"
#include "log.h"
#include "netns.h"
#include "netplug.h"
#include "output-format.h"
#include "pod-netns.h"
#include "pod-network.h"
#include "pod.h"
#include "process.h"
#include "strv.h"
#include "table.h"

#define HANDLE_PREFIX "rkt-"

static OutputFormat format;
static bool no_legend, namespaces_only;

static const Option list_options[] = {
        { "format", OPTION_CALL, &format, "output as json or json-pretty; without it as a table",
                        .call = output_format_parse, .shown_default = "json|json-pretty" },
        { "no-legend", OPTION_BOOL, &no_legend, "suppress a legend with the list" },
        {},
};

static const Option gc_options[] = {
        { "namespaces-only", OPTION_BOOL, &namespaces_only, "leave the plugins alone" },
        {},
};

static const Command list_command = {
        .name = "netplug list",
        .usage = "[--no-legend] [--format=json|json-pretty]",
        .summary = "List the configured networks",
        .options = list_options,
        .global_options = global_options,
};

static const Command status_command = {
        .name = "netplug status",
        .usage = "[NETWORK...]",
        .summary = "Ask plugins whether networks can be used",
        .description = "Networks of a version of CNI before 1.1.0 are only looked at for whether their "
                       "plugins "
                       "are there.",
        .options = plugin_options,
        .global_options = global_options,
        .needs_root = true,
};

static const Command gc_command = {
        .name = "netplug gc",
        .usage = "[--namespaces-only]",
        .summary = "Remove what pods that are gone have left in networks",
        .description = "Handles of network namespaces in which nothing runs and whose pod there is not, "
                       "and, "
                       "by the plugins of\\nnetworks of CNI 1.1.0, what belongs to none of the pods of the "
                       "data "
                       "directory.",
        .options = gc_options,
        .shared_options = { plugin_options },
        .global_options = global_options,
        .needs_root = true,
};

static char *plugin_types(const CniNetwork *n) {
        _cleanup_strv_ char **types = strv_copy(NULL);
        for (size_t i = 0; i < n->n_plugins; i++)
                strv_add(&types, n->plugins[i].type);
        return strv_join(types, ",");
}

static int print_table(const CniNetworks *l) {
        _cleanup_table_ Table *t = table_new();
        static const char *const names[] = { "NETWORK", "PLUGINS", "CNI", "FILE" };
        for (size_t i = 0; !no_legend && i < ELEMENTSOF(names); i++)
                table_cell(t, names[i]);
        if (!no_legend)
                table_end_row(t);
        for (size_t i = 0; i < l->n; i++) {
                const CniNetwork *n = &l->items[i];
                _cleanup_free_ char *types = plugin_types(n);
                table_cell(t, n->name);
                table_cell(t, types);
                table_cell(t, cni_version_name(n->version));
                table_cell(t, n->path);
                table_end_row(t);
        }
        table_print(t, stdout);
        return process_flush();
}

static int print_json(const CniNetworks *l) {
        _cleanup_json_ json_object *array = json_object_new_array();
        for (size_t i = 0; i < l->n; i++) {
                json_object *o = cni_network_to_json(&l->items[i]);
                json_object_object_add(o, "file", json_object_new_string(l->items[i].path));
                json_object_array_add(array, o);
        }
        return output_format_print(format, array);
}

/* 0, or the exit status of the program in *ret_status and 1. */
static int begin(const Command *c, int argc, char **argv, char ***ret_arguments, CniNetworks *ret,
                int *ret_status) {
        int r = globals_command(c, argc, argv, ret_arguments);
        *ret_status = r < 0 ? EXIT_RKT_FAILURE : 0;
        if (r != 0)
                return 1;
        if (settle_timeout() >= 0 &&
                        cni_networks_read(globals.system_config, globals.local_config, ret) >= 0)
                return 0;
        *ret_status = EXIT_RKT_FAILURE;
        return 1;
}

static int refuse_arguments(const Command *c) {
        log_error("%s takes no arguments", c->name);
        return EXIT_RKT_FAILURE;
}

int netplug_list(int argc, char **argv) {
        _cleanup_strv_ char **arguments = NULL;
        _cleanup_cni_networks_ CniNetworks l = {};
        int status;
        if (begin(&list_command, argc, argv, &arguments, &l, &status))
                return status;
        if (*arguments)
                return refuse_arguments(&list_command);
        int r = format == OUTPUT_TEXT ? print_table(&l) : print_json(&l);
        return r < 0 ? EXIT_RKT_FAILURE : 0;
}

static CniRuntime network_runtime(char **path) {
        return (CniRuntime){ .path = path, .timeout_ns = timeout_ns, .held = -1, .inside = plugin_inside };
}

/* What can be said without the plugins' help. */
static int check_plugins(const CniNetwork *n, char **path, char **ret_error) {
        for (size_t i = 0; i < n->n_plugins; i++) {
                _cleanup_free_ char *program = cni_find_plugin(path, n->plugins[i].type);
                if (program)
                        continue;
                *ret_error = xasprintf("there is no plugin %s", n->plugins[i].type);
                return -ENOENT;
        }
        return 0;
}

static int print_status(const CniNetwork *n, char **path) {
        _cleanup_free_ char *error = NULL, *why = NULL;
        CniRuntime rt = network_runtime(path);
        int r = check_plugins(n, path, &error);
        if (r >= 0)
                r = cni_chain_status(n, &rt, &error);
        if (r == -EOPNOTSUPP)
                printf("%s: its plugins are there; %s\n", n->name, error);
        else
                printf("%s: %s\n", n->name, r < 0 ? error : "ready");
        return r == -EOPNOTSUPP ? 0 : r;
}

int netplug_status(int argc, char **argv) {
        _cleanup_strv_ char **arguments = NULL, **path = NULL;
        _cleanup_cni_networks_ CniNetworks l = {};
        int status;
        if (begin(&status_command, argc, argv, &arguments, &l, &status))
                return status;
        path = plugin_path();
        for (size_t i = 0; i < l.n; i++)
                if ((!*arguments || strv_contains(arguments, l.items[i].name)) &&
                                print_status(&l.items[i], path) < 0)
                        status = EXIT_RKT_FAILURE;
        STRV_FOREACH (a, arguments)
                if (!cni_networks_find(&l, *a)) {
                        log_error("networks not found: %s", *a);
                        status = EXIT_RKT_FAILURE;
                }
        return process_flush() < 0 ? EXIT_RKT_FAILURE : status;
}

typedef struct Attachments {
        const char *network, *uuid;
        json_object *array;
        char **pods; /* of the data directory */
} Attachments;

static void append_attachment(Attachments *a, const char *ifname) {
        json_object *o = json_object_new_object();
        json_object_object_add(o, "containerID", json_object_new_string(a->uuid));
        json_object_object_add(o, "ifname", json_object_new_string(ifname));
        json_object_array_add(a->array, o);
}

static int add_attachment(const NetworkRecord *r, void *userdata) {
        Attachments *a = userdata;
        if (streq(r->network.name, a->network))
                append_attachment(a, r->ifname);
        return 0;
}

/* Without the pod's lock: what is being added is recorded already, and nobody else adds to this network. */
static int add_pod(Pod *pod, void *userdata) {
        Attachments *a = userdata;
        strv_add(&a->pods, pod->uuid);
        _cleanup_close_ int net = openat(pod->fd, "net", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (net < 0)
                return errno == ENOENT ? 0 : log_error_errno(errno, "pod %s: cannot open net", pod->uuid);
        PodNetwork p = { .pod = pod->fd, .uuid = pod->uuid, .net = net };
        a->uuid = pod->uuid;
        return pod_network_foreach(&p, add_attachment, a);
}

static int each_handle(int (*each)(const char *uuid, void *data), void *data) {
        _cleanup_strv_ char **names = NULL;
        int first = 0, r = list_directory_at(AT_FDCWD, NETNS_DIRECTORY, &names);
        if (r < 0)
                return r == -ENOENT ? 0 : log_error_errno(r, "cannot list " NETNS_DIRECTORY);
        STRV_FOREACH (name, names) {
                const char *uuid = startswith(*name, HANDLE_PREFIX);
                r = uuid && uuid_is_valid(uuid) ? each(uuid, data) : 0;
                if (r < 0 && first == 0)
                        first = r;
        }
        return first;
}

static bool is_inhabited(const char *uuid) {
        _cleanup_free_ char *path = pod_netns_path(uuid);
        _cleanup_strv_ char **processes = NULL;
        struct stat handle, st;
        if (stat(path, &handle) < 0 || list_directory_at(AT_FDCWD, "/proc", &processes) < 0)
                return false;
        STRV_FOREACH (p, processes) {
                _cleanup_free_ char *ns = xasprintf("/proc/%s/ns/net", *p);
                if (stat(ns, &st) >= 0 && st.st_ino == handle.st_ino && st.st_dev == handle.st_dev)
                        return true;
        }
        return false;
}

/* Pods of other data directories are in the same networks. What they have is to be seen in their namespaces;
 * that the interfaces may be another network's does no harm. One in which nothing runs any more needs
 * nothing. */
static int add_stranger(const char *uuid, void *data) {
        Attachments *a = data;
        if (strv_contains(a->pods, uuid) || !is_inhabited(uuid))
                return 0;
        _cleanup_free_ char *path = pod_netns_path(uuid);
        _cleanup_close_ int fd = netns_open(path);
        int before = fd < 0 ? fd : netns_enter(fd);
        if (before < 0)
                return fd == -ENOENT ? 0 : log_error_errno(before, "cannot look into %s", path);
        struct if_nameindex *interfaces = if_nameindex();
        netns_leave(before);
        if (!interfaces)
                return log_error_errno(errno, "cannot list the interfaces in %s", path);
        a->uuid = uuid;
        for (struct if_nameindex *i = interfaces; i->if_index != 0; i++)
                append_attachment(a, i->if_name);
        if_freenameindex(interfaces);
        return 0;
}

static int collect_network(const CniNetwork *n, char **path) {
        _cleanup_json_ json_object *array = json_object_new_array();
        _cleanup_free_ char *error = NULL;
        Attachments attachments = { .network = n->name, .array = array, .pods = strv_copy(NULL) };
        CniRuntime rt = network_runtime(path);
        _cleanup_close_ int lock = cni_network_lock(n, LOCK_MODE_EXCLUSIVE);
        int r = pods_foreach(globals.dir, POD_PLACES_ALL, add_pod, &attachments);
        if (r >= 0)
                r = each_handle(add_stranger, &attachments);
        strv_free(attachments.pods);
        if (r < 0)
                return r; /* a pod that cannot be read would lose its networks */
        r = cni_chain_gc(n, &rt, array, &error);
        if (r == -EOPNOTSUPP)
                return 0;
        if (r < 0)
                log_error("network \"%s\": %s", n->name, error);
        return r;
}

static int add_uuid(Pod *p, void *userdata) {
        strv_add(userdata, p->uuid);
        return 0;
}

static int collect_handle(const char *uuid, void *data) {
        char ***pods = data;
        if (strv_contains(*pods, uuid) || is_inhabited(uuid))
                return 0;
        int r = pod_netns_remove(uuid);
        return r < 0 ? log_error_errno(r, "cannot remove " NETNS_DIRECTORY "/" HANDLE_PREFIX "%s", uuid) : 0;
}

/* Other data directories have pods, too, whose handles lie here: those are not taken away while they run,
 * and what they need no handle for, their records undo later. */
static int collect_handles(void) {
        _cleanup_strv_ char **pods = strv_copy(NULL);
        int r = pods_foreach(globals.dir, POD_PLACES_ALL, add_uuid, &pods);
        return r < 0 ? r : each_handle(collect_handle, &pods);
}

int netplug_gc(int argc, char **argv) {
        _cleanup_strv_ char **arguments = NULL, **path = NULL;
        _cleanup_cni_networks_ CniNetworks l = {};
        int status;
        if (begin(&gc_command, argc, argv, &arguments, &l, &status))
                return status;
        if (*arguments)
                return refuse_arguments(&gc_command);
        if (collect_handles() < 0)
                status = EXIT_RKT_FAILURE;
        path = plugin_path();
        for (size_t i = 0; !namespaces_only && i < l.n; i++)
                if (collect_network(&l.items[i], path) < 0)
                        status = EXIT_RKT_FAILURE;
        return status;
}
