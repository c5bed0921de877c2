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

/* A user annotation of apps whose image comes from Docker or the OCI and names a user, which is the value,
 * but no group: as long as user and group are both that, the groups are those of the user in the image's
 * /etc/passwd and /etc/group, or 0. */
#define APP_OWN_GROUPS_ANNOTATION "appc.io/docker/own-groups"

/* An annotation of images that come from Docker or the OCI, and of their apps in a pod. */
#define APP_DOCKER_ANNOTATION "appc.io/docker/repository"

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
bool app_has_own_groups(const App *a); /* APP_OWN_GROUPS_ANNOTATION holds */

const MountPoint *app_find_mount_point(const App *a, const char *name);
const Port *app_find_port(const App *a, const char *name);

/* What rkt-image patch-manifest takes, as actool did. Each replaces all there is; nothing is changed on
 * -EINVAL, which comes with *ret_error. Mount points: NAME,path=PATH[,readOnly=B]; ports:
 * NAME,protocol=P,port=N[,count=N][,socketActivated=B]. */
int app_set_mount_points(App *a, char *const *options, char **ret_error);
int app_set_ports(App *a, char *const *options, char **ret_error);
