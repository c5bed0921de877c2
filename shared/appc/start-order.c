/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "start-order.h"

#include <errno.h>

#include "alloc.h"
#include "app-life.h"
#include "strv.h"

typedef struct Ordering {
        const PodManifest *manifest;
        AppLife *lives;
        bool *placed;
} Ordering;

static size_t index_of(const PodManifest *m, const char *name) {
        const RuntimeApp *a = pod_manifest_find_app(m, name);
        return a ? (size_t) (a - m->apps) : m->n_apps;
}

static int read_lives(Ordering *o, char **ret_error) {
        const PodManifest *m = o->manifest;
        for (size_t i = 0; i < m->n_apps; i++) {
                _cleanup_free_ char *problem = NULL;
                int r = app_life_parse(&m->apps[i].annotations, &o->lives[i], &problem);
                if (r < 0) {
                        *ret_error = xasprintf("app %s: %s", m->apps[i].name, problem);
                        return r;
                }
                STRV_FOREACH (name, o->lives[i].after)
                        if (index_of(m, *name) == m->n_apps) {
                                *ret_error = xasprintf(
                                                "app %s: it is to start after \"%s\", but the pod has "
                                                "no such app",
                                                m->apps[i].name, *name);
                                return -EINVAL;
                        }
        }
        return 0;
}

/* The first app that it has still to wait for; n_apps: none. */
static size_t first_missing(const Ordering *o, size_t i) {
        STRV_FOREACH (name, o->lives[i].after) {
                size_t other = index_of(o->manifest, *name);
                if (!o->placed[other])
                        return other;
        }
        return o->manifest->n_apps;
}

/* Each app that is left waits for another one that is left: following them leads into a circle. */
static char *describe_circle(const Ordering *o) {
        const PodManifest *m = o->manifest;
        size_t at = 0;
        while (o->placed[at])
                at++;
        for (size_t i = 0; i < m->n_apps; i++)
                at = first_missing(o, at);
        char *text = xstrdup(m->apps[at].name);
        size_t next = at;
        do {
                next = first_missing(o, next);
                _cleanup_free_ char *before = text;
                text = xasprintf("%s after %s", before, m->apps[next].name);
        } while (next != at);
        return text;
}

static int place(Ordering *o, size_t *ret_order, char **ret_error) {
        const PodManifest *m = o->manifest;
        for (size_t n = 0; n < m->n_apps; n++) {
                size_t i = 0;
                while (i < m->n_apps && (o->placed[i] || first_missing(o, i) != m->n_apps))
                        i++;
                if (i == m->n_apps) {
                        _cleanup_free_ char *circle = describe_circle(o);
                        *ret_error = xasprintf("the apps wait for each other: %s", circle);
                        return -EINVAL;
                }
                o->placed[i] = true;
                ret_order[n] = i;
        }
        return 0;
}

int pod_start_order(const PodManifest *m, size_t *ret_order, char **ret_error) {
        Ordering o = {
                .manifest = m,
                .lives = xcalloc(m->n_apps, sizeof(AppLife)),
                .placed = xcalloc(m->n_apps, sizeof(bool)),
        };
        int r = read_lives(&o, ret_error);
        if (r >= 0)
                r = place(&o, ret_order, ret_error);
        for (size_t i = 0; i < m->n_apps; i++)
                app_life_done(&o.lives[i]);
        free(o.lives);
        free(o.placed);
        return r;
}
