/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image-record.h"

/* Notes in the record which trees its layers are, making those that the row of layers needs. The trees of
 * the layers' own must be there (-ENOENT). Root only. *ret_error is allocated. */
int oci_choose_trees(Store *s, ImageRecord *record, char **ret_error);

/* Unpacks the layer's blob to a temporary tree, as layer_import_wait_temporary gives it. Logs failures. */
int oci_unpack_layer(Store *s, const LayerRecord *layer, char **ret_path, int *ret_rootfs);
