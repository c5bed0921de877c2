/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the record of an OCI image has beside that of an ACI. */

#include "image-record.h"
#include "json.h"

int image_record_parse_oci(JsonContext *c, ImageRecord *record);
void image_record_add_oci(json_object *o, const ImageRecord *record);
void image_record_free_layers(ImageRecord *record);
