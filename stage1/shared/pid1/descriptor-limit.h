/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/resource.h>

/* PID 1 holds some ten descriptors for each app, so a pod of a hundred apps is over the usual soft limit. */

/* Raises it as far as it goes. */
void descriptor_limit_raise(void);
/* The limit that rkt was given; as it is if that is not known. */
void descriptor_limit_given(struct rlimit *ret);
/* For what is executed, which gets the limit that rkt was given. */
void descriptor_limit_restore(void);
