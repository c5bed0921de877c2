/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the subcommands of "rkt netplug" share. */

#include <stdint.h>

#include "cni-exec.h"
#include "option.h"

extern const Option plugin_options[]; /* --cni-path and --timeout */
extern char *cni_path;                /* as given; NULL: it was not */
extern int64_t timeout_ns;            /* for each plugin, after settle_timeout */

char **plugin_path(void); /* a strv */
/* Of the programs of ours, those that are inside of this one, too. */
CniMain plugin_inside(const char *program);
int settle_timeout(void); /* logs; -EINVAL */

/* Those about networks and not about one pod: argv[0] is the subcommand; they return the exit status. */
int netplug_gc(int argc, char **argv);
int netplug_list(int argc, char **argv);
int netplug_status(int argc, char **argv);
