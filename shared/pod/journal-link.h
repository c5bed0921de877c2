/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The link through which the host finds a pod's journal, /var/log/journal/UUID-WITHOUT-DASHES. A stage1 may
 * make one and removes it in its gc entry point; in between it has to follow the pod's directory. */

#include "pod.h"

/* To be called before the pod is moved: a crash in between leaves a link that the next attempt to move the
 * pod puts right. A pod without a link, or with one that leads elsewhere, is left alone. -errno. */
int journal_link_follow(const char *uuid, PodPlace from, PodPlace to);
