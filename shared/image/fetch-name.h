/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "app-string.h"
#include "fetch.h"

/* What an image that is asked for by its name has to be, beside that. */
typedef struct FetchExpectation {
        const char *id; /* NULL: any */
        uint64_t size;  /* bytes, as it is downloaded; 0: any */
} FetchExpectation;

/* From the store, if the pull policy is not update and it is there, else by discovery. */
int fetch_name(Store *s, const AppString *app, const FetchOptions *options, char **ret_id);
/* By discovery only. The endpoints are tried in turn. */
int fetch_discovered(Store *s, const AppString *app, const FetchOptions *options,
                const FetchExpectation *expectation, char **ret_id);
