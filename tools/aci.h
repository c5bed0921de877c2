/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The subcommands of "rkt image" that make and change image files, each in tools/image-NAME.c. They are part
 * of rkt-aci, which rkt-image executes for them: so "rkt image list" and the others need not load
 * libarchive. argv[0] is the subcommand; they return the exit status. */

int image_cat_file(int argc, char **argv); /* cat-manifest of a file */
int image_build(int argc, char **argv);
int image_patch_manifest(int argc, char **argv);
int image_export(int argc, char **argv);
int image_save(int argc, char **argv);
int image_validate(int argc, char **argv);
