/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The challenges of WWW-Authenticate fields (RFC 9110, sections 11.3 to 11.6.1). */

#include "name-value.h"

typedef struct Challenge {
        char *scheme;             /* as written: compared without case */
        char *token68;            /* NULL: it has parameters, or nothing */
        NameValueList parameters; /* names in lower case, values unquoted */
} Challenge;

typedef struct ChallengeList {
        Challenge *items;
        size_t n;
} ChallengeList;

void challenges_clear(ChallengeList *l);
#define _cleanup_challenges_ _cleanup_(challenges_clear)

/* Appends the challenges of one field line, without the field's name: a response may have several lines, and
 * each several challenges. -EINVAL, and the list as it was, for what is not written by the grammar, for a
 * parameter that stands twice, and for more challenges than a server means. */
int challenges_parse(ChallengeList *l, const char *value);

/* The first with this scheme; NULL if there is none. */
const Challenge *challenges_find(const ChallengeList *l, const char *scheme);
/* NULL if it is not there; name in lower case. */
const char *challenge_get(const Challenge *c, const char *name);
