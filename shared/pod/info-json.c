/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rkt's JSON: what scripts and monitoring read, so names, units and order stay as they were. */

#include "alloc.h"
#include "duration.h"
#include "globals.h"
#include "info.h"
#include "named-volume.h"

static void add_string(json_object *o, const char *key, const char *value) {
        if (value && *value)
                json_object_object_add(o, key, json_object_new_string(value));
}

static void add_number(json_object *o, const char *key, int64_t value) {
        if (value != 0)
                json_object_object_add(o, key, json_object_new_int64(value));
}

static void add_map(json_object *o, const char *key, const NameValueList *l) {
        if (l->n > 0)
                json_object_object_add(o, key, string_map_to_json(l));
}

static json_object *mounts_to_json(const PodInfo *i, const RuntimeApp *a) {
        json_object *array = json_object_new_array();
        for (size_t n = 0; n < a->n_mounts; n++) {
                const Mount *m = &a->mounts[n];
                const Volume *v = m->app_volume ?: pod_manifest_find_volume(i->manifest, m->volume);
                json_object *o = json_object_new_object();
                add_string(o, "name", m->volume);
                add_string(o, "container_path", m->path);
                if (v && v->kind == VOLUME_HOST)
                        add_string(o, "host_path", v->source);
                _cleanup_free_ char *named = v && v->kind == VOLUME_NAMED
                                                             ? named_volume_path(globals.dir, v->source)
                                                             : NULL;
                add_string(o, "host_path", named);
                bool read_only = m->read_only > 0 || (v && v->read_only == 1);
                json_object_object_add(o, "read_only", json_object_new_boolean(read_only));
                json_object_array_add(array, o);
        }
        return array;
}

static json_object *health_to_object(const HealthState *h) {
        json_object *o = json_object_new_object();
        add_string(o, "status", health_status_name(h->status));
        json_object_object_add(o, "failing_streak", json_object_new_uint64(h->failing));
        if (h->checked_at == 0)
                return o;
        add_number(o, "checked_at", h->checked_at);
        json_object_object_add(o, "exit_code", json_object_new_int(h->exit_code));
        if (h->timed_out)
                json_object_object_add(o, "timed_out", json_object_new_boolean(true));
        add_string(o, "output", h->output);
        return o;
}

json_object *app_info_to_json(const PodInfo *i, const AppInfo *a) {
        json_object *o = json_object_new_object();
        add_string(o, "name", a->app->name);
        add_string(o, "state", app_state_name(a->state));
        add_number(o, "created_at", a->created_at);
        add_number(o, "started_at", a->started_at);
        add_number(o, "finished_at", a->finished_at);
        if (a->has_exit_code)
                json_object_object_add(o, "exit_code", json_object_new_int(a->exit_code));
        if (a->signal > 0 && sigabbrev_np(a->signal)) {
                _cleanup_free_ char *name = xasprintf("SIG%s", sigabbrev_np(a->signal));
                add_string(o, "signal", name);
        }
        if (a->oom_killed)
                json_object_object_add(o, "oom_killed", json_object_new_boolean(true));
        add_number(o, "restarts", (int64_t) a->restarts);
        if (a->has_health)
                json_object_object_add(o, "health", health_to_object(&a->health));
        add_string(o, "image_id", a->app->image.id);
        if (a->app->n_mounts > 0)
                json_object_object_add(o, "mounts", mounts_to_json(i, a->app));
        if (a->app->app) {
                add_map(o, "user_annotations", &a->app->app->user_annotations);
                add_map(o, "user_labels", &a->app->app->user_labels);
        }
        return o;
}

json_object *pod_info_to_json(const PodInfo *i) {
        json_object *o = json_object_new_object(), *names = json_object_new_array(),
                    *apps = json_object_new_array();
        add_string(o, "name", i->pod->uuid);
        add_string(o, "state", pod_state_name(i->pod->state));
        if (i->networks && json_object_array_length(i->networks) > 0)
                json_object_object_add(o, "networks", json_object_get(i->networks));
        for (size_t n = 0; n < i->n_apps; n++) {
                json_object_array_add(names, json_object_new_string(i->apps[n].app->name));
                json_object_array_add(apps, app_info_to_json(i, &i->apps[n]));
        }
        json_object_object_add(o, "app_names", names);
        json_object_object_add(o, "apps", apps);
        add_number(o, "created_at", i->created_at / (int64_t) NSEC_PER_SEC);
        add_number(o, "started_at", i->started_at / (int64_t) NSEC_PER_SEC);
        if (i->manifest) {
                add_map(o, "user_annotations", &i->manifest->user_annotations);
                add_map(o, "user_labels", &i->manifest->user_labels);
        }
        return o;
}
