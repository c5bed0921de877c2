/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Inside of registry-layers.h: one blob that is a layer, or several of an image, from the registry to the
 * store. Functions log failures. */

#include "incoming.h"
#include "registry-layers.h"

typedef enum RegistryLayerState {
        LAYER_WAITING,  /* for a turn, or for another process */
        LAYER_TRANSFER, /* bytes are arriving */
        LAYER_ENDED,    /* they do not any more: to be judged */
        LAYER_COMPLETE, /* all bytes are here, and they are the right ones */
        LAYER_DONE,     /* in the store */
} RegistryLayerState;

/* A blob that is a layer, or several. */
typedef struct RegistryLayer {
        const RegistryLayersRequest *request;
        const OciDescriptor *blob;
        const char *diff_id;
        char *id, *source, *label;
        RegistryLayerState state;
        uint64_t look_again; /* monotonic: when, if another process had it; 0: it was not looked for yet */

        size_t registry;        /* which is asked */
        unsigned authorization; /* with which it was asked */
        bool again;             /* after it had refused that */
        HttpTransfer *transfer;
        int result; /* of the transfer */
        HttpResponse response;

        Incoming *incoming;
        bool resumed;  /* what was there when this process began may be wrong */
        uint64_t skip; /* bytes of the body that are there already: the server did not want to begin later */

        LayerImport *import; /* NULL: not begun */
        bool unpacked;
        bool placed; /* by us */
        bool bad;    /* it is not what it should be, which says something of the image's others, too */
} RegistryLayer;

void registry_layer_done(RegistryLayer *l);

/* Finds out what there is to do. With 0 and still LAYER_WAITING, another process has it. */
int registry_layer_begin(RegistryLayer *l);
/* Of one that is LAYER_ENDED: it is complete, or goes on elsewhere, or that was it. */
int registry_layer_judge(RegistryLayer *l);
/* Starts rkt-unpack on what is there, or arrives. */
int registry_layer_unpack(RegistryLayer *l);
/* Takes rkt-unpack's verdict, once it has ended. */
int registry_layer_take_verdict(RegistryLayer *l);
/* Complete and unpacked: into the store. */
int registry_layer_finish(RegistryLayer *l);
/* Nothing of it stays, unless an image has it. */
void registry_layer_drop(RegistryLayer *l);
