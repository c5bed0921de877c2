/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The global flags that every program takes, and what they and the configuration files
 * amount to. A program names global_options in its Command and calls globals_settle after parsing. */

#include <stdbool.h>

#include "insecure.h"
#include "kinds.h"
#include "option.h"

typedef struct Globals {
        bool debug;
        char *dir; /* after globals_settle: absolute, symlinks resolved */
        char *system_config, *local_config, *user_config;
        unsigned insecure;   /* Insecure bits */
        char *insecure_text; /* as given, to be passed on; NULL: not given */
        bool trust_keys_from_https;
        Config config;
} Globals;

extern Globals globals;
extern const Option global_options[];

/* Reads the configuration, fixes the data directory (flag, else paths.d, else /var/lib/rkt) and turns
 * --debug on. Returns 0, or a negative errno after logging. */
int globals_settle(void);

/* A stage1's entry points know --local-config only; those of ours find the system's directory, where it is
 * not the usual one, in this variable. */
#define GLOBALS_SYSTEM_CONFIG "RKT_SYSTEM_CONFIG"
void globals_tell_stage1(void);

/* The words that hand the global flags on to another of our programs; a strv. */
char **globals_arguments(void);

/* command_parse and globals_settle in one. Returns < 0 if the program should end with EXIT_RKT_FAILURE,
 * 1 if it should end with 0 (help was printed), else 0. */
int globals_command(const Command *c, int argc, char **argv, char ***ret_arguments);
