/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pod-ports.h"

#include <errno.h>

#include "alloc.h"
#include "image-manifest.h"
#include "log.h"

/* A pod that rkt 1.x has prepared may leave an app's section to its image. */
static int complete_app(RuntimeApp *a, int podfd) {
        _cleanup_image_manifest_ ImageManifest *image = NULL;
        _cleanup_free_ char *path = xasprintf("appsinfo/%s/manifest", a->name), *error = NULL;
        int r = image_manifest_load_at(podfd, path, &image, &error);
        if (r < 0) {
                log_error("app %s: the manifest of its image: %s", a->name, error);
                return r;
        }
        a->app = TAKE_PTR(image->app);
        return 0;
}

static void add_mappings(json_object *array, const PublishedPort *p) {
        for (uint32_t i = 0; i < p->count; i++) {
                json_object *o = json_object_new_object();
                json_object_object_add(o, "hostPort", json_object_new_int((int) (p->host_port + i)));
                json_object_object_add(o, "containerPort", json_object_new_int((int) (p->port + i)));
                json_object_object_add(o, "protocol", json_object_new_string(p->protocol));
                if (p->host_ip)
                        json_object_object_add(o, "hostIP", json_object_new_string(p->host_ip));
                json_object_array_add(array, o);
        }
}

int pod_ports_read(PodManifest *m, int podfd, PublishedPort **ret, size_t *ret_n) {
        _cleanup_free_ char *error = NULL;
        int r = 0;
        for (size_t i = 0; m->n_ports > 0 && i < m->n_apps && r >= 0; i++)
                if (!m->apps[i].app)
                        r = complete_app(&m->apps[i], podfd);
        if (r >= 0 && (r = published_ports_resolve(m, ret, ret_n, &error)) < 0)
                log_error("%s", error);
        return r;
}

json_object *pod_ports_mappings(const PublishedPort *ports, size_t n) {
        json_object *array = n > 0 ? json_object_new_array() : NULL;
        for (size_t i = 0; i < n; i++)
                add_mappings(array, &ports[i]);
        return array;
}
