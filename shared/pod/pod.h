/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Pods on disk: DATA/pods/STATE-DIRECTORY/UUID (rkt-pod(5)). A state is the directory that a
 * pod lies in plus whether somebody holds the exclusive flock of the pod's own directory; nothing else is
 * recorded, so it cannot be wrong. A pod is read through a descriptor of its directory, which stays good
 * when another process renames it. */

#include <stdbool.h>
#include <stdint.h>

#include "macro.h"
#include "uuid.h"

typedef enum PodPlace {
        POD_PLACE_EMBRYO,
        POD_PLACE_PREPARE,
        POD_PLACE_PREPARED,
        POD_PLACE_RUN,
        POD_PLACE_EXITED_GARBAGE,
        POD_PLACE_GARBAGE,
        _POD_PLACE_MAX,
} PodPlace;

#define POD_PLACE_BIT(p) (1u << (p))
#define POD_PLACES_ALL   (POD_PLACE_BIT(_POD_PLACE_MAX) - 1)
/* The places in which a UUID given by the user is looked for, and which list shows. */
#define POD_PLACES_NAMED                                                                                    \
        (POD_PLACE_BIT(POD_PLACE_RUN) | POD_PLACE_BIT(POD_PLACE_EXITED_GARBAGE) |                           \
                        POD_PLACE_BIT(POD_PLACE_PREPARE) | POD_PLACE_BIT(POD_PLACE_PREPARED))

typedef enum PodState {
        POD_EMBRYO,
        POD_PREPARING,
        POD_ABORTED_PREPARE,
        POD_PREPARED,
        POD_RUNNING,
        POD_EXITED,
        POD_EXITED_DELETING,
        POD_EXITED_GARBAGE,
        POD_DELETING,
        POD_GARBAGE,
} PodState;

typedef struct Pod {
        char uuid[UUID_STRING_SIZE];
        PodPlace place;
        PodState state;
        int pods_fd; /* DATA/pods */
        bool owns_pods_fd;
        int fd;      /* the pod's directory; holds the lock if one was taken */
        bool locked; /* by us, exclusively */
} Pod;

const char *pod_state_name(PodState s);
const char *pod_place_name(PodPlace p); /* the directory's name */

/* Opens DATA/pods, creating it and the state directories if create is set. A descriptor, or -errno. */
int pods_open(const char *data_dir, bool create);

/* A new pod in "prepare", locked. Logs failures. */
int pod_create(const char *data_dir, Pod **ret);

/* The pod whose UUID begins with prefix, in POD_PLACES_NAMED. Logs "UUID cannot be empty", "no matches found
 * for …" (-ENOENT), "ambiguous uuid, N matches" (-ENOTUNIQ). */
int pod_find(const char *data_dir, const char *prefix, Pod **ret);
/* The same with the UUID from the command line or from the file (--uuid-file); just one of both. */
int pod_find_argument(const char *data_dir, char *const *arguments, const char *uuid_file, Pod **ret);

/* Opens one pod at a place where its name was seen. -ENOENT if it moved away meanwhile. Logs nothing. The
 * pod borrows pods_fd: pod_own_directory gives it one of its own. */
int pod_open_at(int pods_fd, PodPlace place, const char *uuid, Pod **ret);
int pod_own_directory(Pod *p);
/* Looks again where the pod is and in what state; -ENOENT (and state garbage) when it is gone. */
int pod_refresh(Pod *p);

/* Calls each for all pods in the places (POD_PLACE_BIT mask), in order of UUID within a place. A pod that
 * vanishes meanwhile is skipped. Stops at a negative return. */
int pods_foreach(const char *data_dir, unsigned places, int (*each)(Pod *p, void *userdata), void *userdata);

/* Takes the exclusive lock. Readers hold shared ones for moments, so this tries for a fifth of a second
 * before -EWOULDBLOCK: then the pod is in use. */
int pod_lock(Pod *p);
/* Moves the pod; the caller holds the lock. With sync, the move is on disk when this returns. */
int pod_move(Pod *p, PodPlace to, bool sync);
/* Makes moves into these places durable that were made without sync. Logs; -errno. */
int pods_sync(const char *data_dir, unsigned places);
/* Removes everything of a pod that lies in a garbage place and is locked by us. */
int pod_delete(Pod *p);

void pod_free(Pod *p);
DEFINE_CLEANUP(Pod *, pod_free)
#define _cleanup_pod_ _cleanup_(pod_freep)
