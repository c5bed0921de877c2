/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Volumes, mounts and published ports of a pod: in its manifest and on the command line. The functions that
 * take an option return -EINVAL with *ret_error (allocated) saying what is wrong. */

#include "json.h"
#include "macro.h"

typedef enum VolumeKind {
        VOLUME_HOST,
        VOLUME_EMPTY,
        VOLUME_TMPFS, /* an empty one in memory: an extension of rkt */
        VOLUME_NAMED, /* one that outlives pods, in DATA/volumes: an extension of rkt */
} VolumeKind;

#define VOLUME_DEFAULT_MODE       0755
#define VOLUME_TMPFS_DEFAULT_MODE 01777
#define VOLUME_TMPFS_SIZE_MIN     4096
/* Named volumes are directories; their names leave room for what stands around them for a moment. */
#define VOLUME_NAME_MAX  200
#define VOLUME_NAME_FORM "letters, digits, _ . and -, a letter or digit first, at most 200"

typedef struct Volume {
        char *name; /* AC name */
        VolumeKind kind;
        char *source;    /* host: absolute path; named: its name in DATA/volumes; else NULL */
        int read_only;   /* 1, 0, or -1 when not said */
        int recursive;   /* the same; host only */
        bool map_owners; /* host only: in a pod with a user namespace, "idmap": an extension of rkt */
        mode_t mode;     /* all but host: these three always have a value, for when it is made */
        uid_t uid;
        gid_t gid;
        uint64_t size; /* tmpfs: bytes; 0: as much as the kernel gives, half of the memory */
} Volume;

typedef struct Mount {
        char *volume;       /* AC name */
        char *path;         /* absolute, inside the app */
        int read_only;      /* 1, 0, or -1 when not said: an extension of rkt */
        Volume *app_volume; /* only this mount's; may be NULL */
} Mount;

typedef struct Port { /* of an app (image) */
        char *name;   /* AC name */
        char *protocol;
        uint16_t port;
        uint32_t count; /* at least 1; port + count <= 65536 */
        bool socket_activated;
} Port;

typedef struct ExposedPort { /* of a pod */
        char *name;
        uint16_t host_port;
        char *host_ip;  /* IPv4 or IPv6; NULL: every address */
        Port *pod_port; /* may be NULL: the port of that name of an app */
} ExposedPort;

bool volume_name_is_valid(const char *s); /* of a named volume */

void volume_done(Volume *v);
void volume_free(Volume *v);
void mount_done(Mount *m);
void port_done(Port *p);
void port_free(Port *p);
void exposed_port_done(ExposedPort *p);
DEFINE_CLEANUP(Volume *, volume_free)
#define _cleanup_volume_       _cleanup_(volume_done)
#define _cleanup_mount_        _cleanup_(mount_done)
#define _cleanup_exposed_port_ _cleanup_(exposed_port_done)

const char *volume_kind_name(VolumeKind kind);
void volume_copy(Volume *dest, const Volume *src);

/* The current value, an object. */
int volume_parse(JsonContext *c, json_object *o, Volume *ret);
int mount_parse(JsonContext *c, json_object *o, Mount *ret);
int port_parse(JsonContext *c, json_object *o, Port *ret);
int exposed_port_parse(JsonContext *c, json_object *o, ExposedPort *ret);
json_object *volume_to_json(const Volume *v);
json_object *mount_to_json(const Mount *m);
json_object *port_to_json(const Port *p);
json_object *exposed_port_to_json(const ExposedPort *p);

/* --volume: NAME,kind=host,source=PATH[,readOnly=B][,recursive=B][,idmap=B] or
 * NAME,kind=empty[,mode=OCT][,uid=N][,gid=N] or
 * NAME,kind=tmpfs[,size=QUANTITY][,mode=OCT][,uid=N][,gid=N] or
 * NAME,kind=named[,name=NAME][,mode=OCT][,uid=N][,gid=N] */
int volume_from_option(const char *s, Volume *ret, char **ret_error);
char *volume_to_option(const Volume *v);
/* --mount: volume=NAME,target=PATH[,readOnly=B] */
int mount_from_option(const char *s, Mount *ret, char **ret_error);
char *mount_to_option(const Mount *m);
/* --mnt-volume of "app add": target=PATH[,name=NAME],kind=…: a mount with a volume of its own. */
int mount_volume_from_option(const char *s, Mount *ret, char **ret_error);
/* --port: NAME:[HOSTIP:]HOSTPORT, an IPv6 address in brackets */
int exposed_port_from_option(const char *s, ExposedPort *ret, char **ret_error);
char *exposed_port_to_option(const ExposedPort *p);
/* --port of "app sandbox": NAME:PROTOCOL:PODPORT:[HOSTIP]:HOSTPORT, an IPv6 address in brackets */
int exposed_port_from_sandbox_option(const char *s, ExposedPort *ret, char **ret_error);
