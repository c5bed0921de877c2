/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The subcommands of "rkt image", one each: argv[0] is the subcommand. They return the exit status. */

int image_cat_manifest(int argc, char **argv);
int image_extract(int argc, char **argv);
int image_gc(int argc, char **argv);
int image_link(int argc, char **argv);
int image_list(int argc, char **argv);
int image_reindex(int argc, char **argv);
int image_render(int argc, char **argv);
int image_render_tree(int argc, char **argv);
int image_rm(int argc, char **argv);
int image_unlink(int argc, char **argv);
int image_verify(int argc, char **argv);
