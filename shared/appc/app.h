/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The "app" object of an image manifest, and of an app in a pod manifest. */

#include "isolator.h"
#include "json.h"
#include "name-value.h"
#include "volume.h"

typedef struct MountPoint {
        char *name; /* AC name */
        char *path; /* absolute; ".." and links are resolved inside the root at use */
        bool read_only;
} MountPoint;

typedef struct App {
        char **exec;                   /* may be empty, never NULL */
        char **pre_start, **post_stop; /* event handlers; NULL: none */
        char *user, *group;            /* name, number, or absolute path in the image */
        gid_t *supplementary_gids;
        size_t n_supplementary_gids;
        char *working_directory; /* absolute; NULL: not said */
        NameValueList environment;
        MountPoint *mount_points;
        size_t n_mount_points;
        Port *ports;
        size_t n_ports;
        IsolatorList isolators;
        NameValueList user_annotations, user_labels;
} App;

App *app_new(const char *user, const char *group); /* exec is empty */
void app_free(App *a);
DEFINE_CLEANUP(App *, app_free)
#define _cleanup_app_ _cleanup_(app_freep)

/* The current value. -EINVAL with the context's error. */
int app_parse(JsonContext *c, json_object *o, App **ret);
json_object *app_to_json(const App *a);
App *app_copy(const App *a);

const MountPoint *app_find_mount_point(const App *a, const char *name);
const Port *app_find_port(const App *a, const char *name);

/* What rkt-image patch-manifest takes, as actool did. Each replaces all there is; nothing is changed on
 * -EINVAL, which comes with *ret_error. Mount points: NAME,path=PATH[,readOnly=B]; ports:
 * NAME,protocol=P,port=N[,count=N][,socketActivated=B]. */
int app_set_mount_points(App *a, char *const *options, char **ret_error);
int app_set_ports(App *a, char *const *options, char **ret_error);
