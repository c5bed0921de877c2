/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cni-plugin.h"

#include <errno.h>
#include <net/if.h>
#include <stdarg.h>
#include <sys/stat.h>

#include "alloc.h"
#include "build-config.h"
#include "file.h"
#include "log.h"
#include "strv.h"

#define CONFIG_MAX  (4 * 1024 * 1024)
#define NAME_DIGITS "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

typedef struct CniCommand {
        const char *name;
        CniVersion since;
        bool attachment, netns; /* needs CNI_CONTAINERID and CNI_IFNAME; needs CNI_NETNS */
} CniCommand;

static const CniCommand commands[] = {
        { "ADD", CNI_0_1_0, true, true },
        { "DEL", CNI_0_1_0, true, false },
        { "CHECK", CNI_0_4_0, true, true },
        { "STATUS", CNI_1_1_0, false, false },
        { "GC", CNI_1_1_0, false, false },
};

static const char *environment(const char *name) {
        const char *value = getenv(name);
        return isempty(value) ? NULL : value;
}

static int check_environment(CniCall *c, const CniCommand *command) {
        const struct {
                const char *name, *value;
                bool needed;
        } variables[] = {
                { "CNI_CONTAINERID", c->container_id, command->attachment },
                { "CNI_NETNS", c->netns, command->netns },
                { "CNI_IFNAME", c->ifname, command->attachment },
                { "CNI_PATH", c->path, true },
        };
        _cleanup_strv_ char **missing = NULL;
        for (size_t i = 0; i < ELEMENTSOF(variables); i++)
                if (variables[i].needed && !variables[i].value)
                        strv_add(&missing, variables[i].name);
        if (missing) {
                _cleanup_free_ char *names = strv_join(missing, ",");
                return cni_fail(c, CNI_INVALID_ENVIRONMENT, "required env variables [%s] missing", names);
        }
        return 0;
}

/* Names become parts of paths: of leases, of caches. */
static bool name_is_valid(const char *name) {
        return *name && strchr(NAME_DIGITS, *name) && strspn(name, NAME_DIGITS "_.-") == strlen(name);
}

static int check_names(CniCall *c) {
        if (isempty(c->network))
                return cni_fail(c, CNI_INVALID_NETWORK_CONFIG, "missing network name");
        if (!name_is_valid(c->network))
                return cni_fail(c, CNI_INVALID_NETWORK_CONFIG,
                                "invalid characters found in network name: %s", c->network);
        if (c->container_id && !name_is_valid(c->container_id))
                return cni_fail(c, CNI_INVALID_ENVIRONMENT, "invalid characters in containerID: %s",
                                c->container_id);
        if (!c->ifname)
                return 0;
        if (strlen(c->ifname) >= IFNAMSIZ)
                return cni_fail(c, CNI_INVALID_ENVIRONMENT,
                                "interface name is too long: %s has more than %d bytes", c->ifname,
                                IFNAMSIZ - 1);
        if (streq(c->ifname, ".") || streq(c->ifname, ".."))
                return cni_fail(c, CNI_INVALID_ENVIRONMENT, "interface name is . or ..");
        if (strpbrk(c->ifname, "/: \t\n\v\f\r"))
                return cni_fail(c, CNI_INVALID_ENVIRONMENT,
                                "interface name contains / or : or whitespace characters: %s", c->ifname);
        return 0;
}

static int read_config(CniCall *c, const char *text, size_t size) {
        int r = json_context_parse(&c->conf, "configuration", text, size);
        if (r >= 0)
                r = json_expect(&c->conf, c->conf.root, json_type_object);
        if (r >= 0)
                r = json_get_string(&c->conf, c->conf.root, "name", JSON_OPTIONAL, &c->network);
        if (r >= 0)
                r = json_get_string(&c->conf, c->conf.root, "type", JSON_OPTIONAL, &c->type);
        if (r < 0)
                return cni_fail(c, CNI_DECODING_FAILURE, "error unmarshall network config: %s",
                                c->conf.error);
        return check_names(c);
}

static int check_version(CniCall *c, const CniCommand *command) {
        const char *text = NULL;
        if (json_get_string(&c->conf, c->conf.root, "cniVersion", JSON_OPTIONAL, &text) < 0)
                return cni_fail(c, CNI_DECODING_FAILURE, "%s", c->conf.error);
        if (cni_version_parse(text, &c->version) < 0) {
                c->version = CNI_1_1_0;
                cni_fail(c, CNI_INCOMPATIBLE_VERSION, "incompatible CNI versions");
                c->error.details = xasprintf("config is \"%s\", plugin supports 0.1.0 to 1.1.0", text);
                return -EINVAL;
        }
        if (c->version < command->since)
                return cni_fail(c, CNI_INCOMPATIBLE_VERSION, "config version does not allow %s",
                                command->name);
        return 0;
}

static int read_previous(CniCall *c) {
        json_object *previous = NULL;
        int r = json_get_object(&c->conf, c->conf.root, "prevResult", JSON_OPTIONAL, &previous);
        if (r >= 0 && previous) {
                size_t mark = json_enter(&c->conf, "prevResult");
                r = cni_result_from_json(&c->conf, previous, c->version, &c->previous);
                json_leave(&c->conf, mark);
                c->has_previous = r >= 0;
        }
        return r < 0 ? cni_fail(c, CNI_DECODING_FAILURE, "could not parse prevResult: %s", c->conf.error)
                     : 0;
}

static const CniCommand *find_command(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(commands); i++)
                if (streq(name, commands[i].name))
                        return &commands[i];
        return NULL;
}

int cni_call_load(CniCall *c, const char *command, const char *text, size_t size) {
        int r = read_config(c, text, size);
        if (r >= 0)
                r = check_version(c, find_command(command));
        return r < 0 ? r : read_previous(c);
}

/* A plugin that takes the caller's own namespace for the container's would give the host's away. */
static int check_netns(CniCall *c, const CniCommand *command) {
        struct stat own, other;
        const char *override = environment("CNI_NETNS_OVERRIDE");
        if (!command->netns || (override && (streq(override, "1") || strcasecmp(override, "true") == 0)))
                return 0;
        if (stat("/proc/self/ns/net", &own) >= 0 && stat(c->netns, &other) >= 0 &&
                        own.st_dev == other.st_dev && own.st_ino == other.st_ino)
                return cni_fail(c, 8, "plugin's netns and netns from CNI_NETNS should not be the same");
        return 0;
}

static int print_result(CniCall *c, const CniResult *result) {
        _cleanup_free_ char *text = NULL;
        if (cni_result_print(result, c->version, &text) < 0)
                return cni_fail(c, CNI_INTERNAL, "cannot convert: no valid IP addresses");
        if (puts(text) < 0 || fflush(stdout) != 0)
                return cni_fail(c, CNI_IO_FAILURE, "cannot write the result: %s", strerror(errno));
        return 0;
}

static int add(const CniPlugin *plugin, CniCall *c) {
        _cleanup_cni_result_ CniResult result = {};
        int r = plugin->add(c, &result);
        return r < 0 ? r : print_result(c, &result);
}

static int run(const CniPlugin *plugin, CniCall *c, const CniCommand *command) {
        int (*callbacks[])(CniCall *) = { NULL, plugin->del, plugin->check, plugin->status, plugin->gc };
        size_t which = command - commands;
        char *text;
        size_t size;
        int r = check_environment(c, command);
        if (r < 0)
                return r;
        if ((r = read_fd(STDIN_FILENO, CONFIG_MAX, &text, &size)) < 0)
                return cni_fail(c, CNI_IO_FAILURE, "error reading from stdin: %s", strerror(-r));
        r = cni_call_load(c, command->name, text, size);
        if (r >= 0)
                r = check_netns(c, command);
        if (r < 0)
                return r;
        if (which == 0)
                return add(plugin, c);
        return callbacks[which] ? callbacks[which](c) : 0;
}

static int print_version(void) {
        const char *asked = NULL;
        _cleanup_free_ char *text = NULL, *answer = NULL;
        size_t size = 0;
        _cleanup_json_context_ JsonContext c = {};
        CniVersion v = CNI_1_1_0;
        /* what the caller writes here is its own version, and it may write nothing */
        if (!isatty(STDIN_FILENO) && read_fd(STDIN_FILENO, CONFIG_MAX, &text, &size) >= 0 &&
                        json_context_parse(&c, "configuration", text, size) >= 0 &&
                        json_object_is_type(c.root, json_type_object) &&
                        json_get_string(&c, c.root, "cniVersion", JSON_OPTIONAL, &asked) >= 0 && asked)
                cni_version_parse(asked, &v);
        _cleanup_json_ json_object *o = cni_version_json(v);
        answer = json_to_text(o, true);
        return puts(answer) < 0 || fflush(stdout) != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int dispatch(const CniPlugin *plugin, CniCall *c, const char *name) {
        const CniCommand *command = find_command(name);
        if (!command)
                return cni_fail(c, CNI_INVALID_ENVIRONMENT, "unknown CNI_COMMAND: %s", name);
        return run(plugin, c, command);
}

void cni_call_done(CniCall *c) {
        json_context_done(&c->conf);
        cni_result_done(&c->previous);
        cni_error_done(&c->error);
        strv_free(c->args);
}

int cni_plugin_main(const CniPlugin *plugin) {
        const char *command = environment("CNI_COMMAND"), *args = environment("CNI_ARGS");
        log_init(plugin->name);
        if (!command) {
                fprintf(stderr, "CNI plugin %s of rkt %s\nCNI protocol versions supported: 0.1.0 to 1.1.0\n",
                                plugin->name, RKT_VERSION);
                return EXIT_SUCCESS;
        }
        if (streq(command, "VERSION"))
                return print_version();
        CniCall c = {
                .container_id = environment("CNI_CONTAINERID"),
                .netns = environment("CNI_NETNS"),
                .ifname = environment("CNI_IFNAME"),
                .path = environment("CNI_PATH"),
                .args = args ? strv_split(args, ';') : NULL,
                .version = CNI_1_1_0,
        };
        int r = dispatch(plugin, &c, command);
        if (r < 0) {
                cni_fail(&c, CNI_INTERNAL, "%s failed", plugin->name); /* if nobody has said why */
                _cleanup_free_ char *text = cni_error_print(c.version, &c.error);
                puts(text);
        }
        free((char *) c.conf.text);
        cni_call_done(&c);
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
