/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pod-ports.h"

#include <errno.h>

#include "alloc.h"
#include "image-manifest.h"
#include "log.h"

typedef struct Match {
        Port port; /* its strings are not owned */
        char *protocol;
        size_t n;
} Match;

static void match_ports(const App *app, const char *name, Match *match) {
        for (size_t i = 0; app && i < app->n_ports; i++) {
                if (!streq(app->ports[i].name, name))
                        continue;
                free(match->protocol);
                match->port = app->ports[i];
                match->protocol = xstrdup(app->ports[i].protocol);
                match->n++;
        }
}

static int match_app(const RuntimeApp *a, int podfd, const char *name, Match *match) {
        if (a->app) {
                match_ports(a->app, name, match);
                return 0;
        }
        _cleanup_image_manifest_ ImageManifest *image = NULL;
        _cleanup_free_ char *path = xasprintf("appsinfo/%s/manifest", a->name), *error = NULL;
        int r = image_manifest_load_at(podfd, path, &image, &error);
        if (r < 0) {
                log_error("app %s: the manifest of its image: %s", a->name, error);
                return r;
        }
        match_ports(image->app, name, match);
        return 0;
}

static int find_port(const PodManifest *m, int podfd, const ExposedPort *exposed, Match *match) {
        for (size_t i = 0; i < m->n_apps; i++) {
                int r = match_app(&m->apps[i], podfd, exposed->name, match);
                if (r < 0)
                        return r;
        }
        if (match->n == 1)
                return 0;
        log_error(match->n == 0 ? "published port \"%s\": no app of the pod has a port of that name"
                                : "published port \"%s\": more than one app of the pod has a port of that "
                                  "name",
                        exposed->name);
        return -EINVAL;
}

static int add_mappings(
                json_object *array, const ExposedPort *exposed, const Port *port, const char *protocol) {
        if ((uint32_t) exposed->host_port + port->count > 65536) {
                log_error("published port \"%s\": %u ports from %u on are more than there are",
                                exposed->name, port->count, exposed->host_port);
                return -EINVAL;
        }
        for (uint32_t i = 0; i < port->count; i++) {
                json_object *o = json_object_new_object();
                json_object_object_add(o, "hostPort", json_object_new_int((int) (exposed->host_port + i)));
                json_object_object_add(o, "containerPort", json_object_new_int((int) (port->port + i)));
                json_object_object_add(o, "protocol", json_object_new_string(protocol));
                if (exposed->host_ip)
                        json_object_object_add(o, "hostIP", json_object_new_string(exposed->host_ip));
                json_object_array_add(array, o);
        }
        return 0;
}

int pod_ports_mappings(const PodManifest *m, int podfd, json_object **ret) {
        _cleanup_json_ json_object *array = json_object_new_array();
        for (size_t i = 0; i < m->n_ports; i++) {
                const ExposedPort *exposed = &m->ports[i];
                Match match = {};
                int r = 0;
                if (exposed->pod_port) {
                        match.port = *exposed->pod_port;
                        match.protocol = xstrdup(exposed->pod_port->protocol);
                } else
                        r = find_port(m, podfd, exposed, &match);
                if (r >= 0 && !match.port.socket_activated)
                        r = add_mappings(array, exposed, &match.port, match.protocol);
                free(match.protocol);
                if (r < 0)
                        return r;
        }
        *ret = json_object_array_length(array) > 0 ? TAKE_PTR(array) : NULL;
        return 0;
}
