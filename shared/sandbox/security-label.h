/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Labels of the security modules SELinux and AppArmor, through the files of proc that their libraries use,
 * too. */

/* What the next execve of this process changes to. proc must be the kernel's, and neither credentials nor
 * no_new_privs changed yet. */
int security_set_selinux(const char *context);
int security_set_apparmor(const char *profile);

/* What files that this process and its forks create are labelled, until execve; not where a mount says it.
 */
int security_set_selinux_created(const char *context);
/* Labels everything in the directory dirfd/path, and itself. Nothing happens on file systems that have no
 * labels of their own. */
int security_relabel_tree_at(int dirfd, const char *path, const char *context);
