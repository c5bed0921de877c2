/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* An app that rkt update looks after has this annotation. */
#define AUTO_UPDATE_ANNOTATION "coreos.com/rkt/auto-update"
#define AUTO_UPDATE_REGISTRY   "registry" /* fetch the image anew */
#define AUTO_UPDATE_LOCAL      "local"    /* take what the store has by that name */

/* With it stands by which reference the image was asked for. */
#define AUTO_UPDATE_REFERENCE_ANNOTATION "coreos.com/rkt/image-reference"
