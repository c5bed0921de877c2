/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Addresses from a DHCP server of the network. The plugin only asks: a lease has to be renewed for as long
 * as the container lives, which is the daemon's work. */

#include "dhcp.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "alloc.h"
#include "dhcp-config.h"
#include "dhcp-request.h"
#include "file.h"

#define REPLY_MAX (4 * 1024 * 1024)

static int dial(CniCall *c, const char *path) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        if (strlen(path) >= sizeof(address.sun_path))
                return -ENAMETOOLONG;
        strcpy(address.sun_path, path);
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0 || connect(fd, (struct sockaddr *) &address, sizeof(address)) < 0)
                return -errno;
        return TAKE_FD(fd);
}

static int connect_daemon(CniCall *c) {
        const char *path;
        int r = dhcp_config_socket(c, &path);
        if (r < 0)
                return r;
        int fd = dial(c, path);
        return fd < 0 ? cni_fail(c, CNI_INTERNAL, "error dialing DHCP daemon: dial unix %s: %s", path,
                                        strerror(-fd))
                      : fd;
}

static int exchange(int fd, const char *request, char **ret, size_t *ret_size) {
        int r = write_all(fd, request, strlen(request));
        if (r < 0)
                return r;
        if (shutdown(fd, SHUT_WR) < 0)
                return -errno;
        return read_fd(fd, REPLY_MAX, ret, ret_size);
}

/* Of the daemon's own words only these are ours: another program may be behind the socket. */
static int read_reply(CniCall *c, const char *method, const char *text, size_t size, CniResult *result) {
        _cleanup_json_context_ JsonContext j = {};
        const char *error = NULL;
        int64_t code = CNI_INTERNAL;
        json_object *o = NULL;
        if (size == 0)
                return cni_fail(c, CNI_INTERNAL, "error calling %s: the daemon hung up", method);
        if (json_context_parse(&j, "reply", text, size) < 0 ||
                        json_expect(&j, j.root, json_type_object) < 0 ||
                        json_get_string(&j, j.root, "error", JSON_OPTIONAL, &error) < 0 ||
                        json_get_int(&j, j.root, "code", JSON_OPTIONAL, 0, INT32_MAX, &code) < 0 ||
                        json_get_object(&j, j.root, "result", JSON_OPTIONAL, &o) < 0)
                return cni_fail(c, CNI_INTERNAL, "error calling %s: this is not our daemon: %s", method,
                                j.error);
        if (error)
                return cni_fail(c, code, "error calling %s: %s", method, error);
        if (!result)
                return 0;
        if (!o || cni_result_from_json(&j, o, CNI_1_1_0, result) < 0)
                return cni_fail(c, CNI_INTERNAL, "error calling %s: %s", method,
                                o ? j.error : "the daemon gives no result");
        return 0;
}

static int call(CniCall *c, const char *command, const char *method, CniResult *result) {
        _cleanup_json_ json_object *o = dhcp_request_to_json(c, command);
        _cleanup_free_ char *request = json_to_text(o, false), *reply = NULL;
        _cleanup_close_ int fd = connect_daemon(c);
        size_t size = 0;
        if (fd < 0)
                return fd;
        int r = exchange(fd, request, &reply, &size);
        if (r < 0)
                return cni_fail_errno(c, r, "error calling %s", method);
        return read_reply(c, method, reply, size, result);
}

/* The daemon has another working directory. */
static int absolute_netns(CniCall *c) {
        if (!c->netns || *c->netns == '/')
                return 0;
        _cleanup_free_ char *here = getcwd(NULL, 0);
        if (!here)
                return cni_fail_errno(c, errno, "failed to make \"%s\" an absolute path", c->netns);
        c->netns = xasprintf("%s/%s", here, c->netns);
        return 0;
}

static int add(CniCall *c, CniResult *result) {
        int r = absolute_netns(c);
        return r < 0 ? r : call(c, "ADD", "DHCP.Allocate", result);
}

static int del(CniCall *c) {
        return call(c, "DEL", "DHCP.Release", NULL);
}

static int check(CniCall *c) {
        return call(c, "CHECK", "DHCP.Allocate", NULL);
}

static int status(CniCall *c) {
        _cleanup_close_ int fd = connect_daemon(c);
        if (fd < 0)
                c->error.code = CNI_PLUGIN_NOT_AVAILABLE;
        return fd < 0 ? fd : 0;
}

static int gc(CniCall *c) {
        return call(c, "GC", "DHCP.Collect", NULL);
}

static const CniPlugin plugin = {
        .name = "dhcp",
        .add = add,
        .del = del,
        .check = check,
        .status = status,
        .gc = gc,
};

int main(int argc, char **argv) {
        if (argc > 1 && streq(argv[1], "daemon"))
                return dhcp_daemon_main(argc - 1, argv + 1);
        return cni_plugin_main(&plugin);
}
