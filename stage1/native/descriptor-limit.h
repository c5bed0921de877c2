/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* PID 1 holds some ten descriptors for each app, so a pod of a hundred apps is over the usual soft limit. */

/* Raises it as far as it goes. */
void descriptor_limit_raise(void);
/* For what is executed, which gets the limit that rkt was given. */
void descriptor_limit_restore(void);
