/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The verbs of "rkt app". Each returns the exit status. */

int app_add(int argc, char **argv);
int app_list(int argc, char **argv);
int app_rm(int argc, char **argv);
int app_sandbox(int argc, char **argv);
int app_start(int argc, char **argv);
int app_status(int argc, char **argv);
int app_stop(int argc, char **argv);
