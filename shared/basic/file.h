/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Files by descriptor. Functions return 0 or a negative errno unless they say otherwise, and log nothing.
 * dirfd may be AT_FDCWD. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "macro.h"

int fd_close_on_exec(int fd, bool on);
int openat_in_root(int rootfd, const char *path, int flags, mode_t mode); /* openat2(2), RESOLVE_IN_ROOT */
/* RESOLVE_BENEATH, and no symbolic link on the way; path may be "." */
int openat_beneath(int rootfd, const char *path, int flags);

/* Writes all of data, through short writes and EINTR. */
int write_all(int fd, const void *data, size_t size);

/* Reads a whole file into allocated memory with a NUL behind it. -EFBIG if it is larger than max bytes. */
int read_file_at(int dirfd, const char *path, size_t max, char **ret, size_t *ret_size);
int read_fd(int fd, size_t max, char **ret, size_t *ret_size);
/* The first line, without its newline. */
int read_line_at(int dirfd, const char *path, char **ret);

int write_file_at(int dirfd, const char *path, const void *data, size_t size, mode_t mode); /* truncates */
int write_string_at(int dirfd, const char *path, const char *s, mode_t mode);
/* The same through a temporary file in the same directory and rename(2): readers see the old or the new
 * content, and a failure leaves the old. With sync, data is on disk before the name is. */
int replace_file_at(int dirfd, const char *path, const void *data, size_t size, mode_t mode, bool sync);
/* The same for who holds a lock against all others that write it: what one that was killed has left, the
 * next one takes along. */
int replace_locked_file_at(
                int dirfd, const char *path, const void *data, size_t size, mode_t mode, bool sync);

int mkdir_parents_at(int dirfd, const char *path, mode_t mode); /* path itself too; existing is fine */
/* A directory with that owner and mode, never without: made under another name in the same parent. -EEXIST.
 */
int mkdir_owned_at(int dirfd, const char *path, mode_t mode, uid_t uid, gid_t gid);
int fsync_directory_at(int dirfd, const char *path);

/* Lets this process have as many descriptors as the hard limit says: what walks through a tree holds one or
 * more for each level, and a path has up to 2048. False if it had them already. */
bool raise_descriptor_limit(void);

/* Removes path and everything below, never crossing a symlink or, with same_device, a mount point.
 * Missing is fine. Descriptor-based: a hostile tree cannot lead it elsewhere. May raise_descriptor_limit. */
int remove_tree_at(int dirfd, const char *path, bool same_device);

/* Copies what in has from its offset on, by reflink where the file system can, else copy_file_range. */
int copy_fd(int in, int out);
/* The same for size bytes from an offset of a file on, whose own position is left alone. -ENODATA if in has
 * not that many. */
int copy_range(int in, uint64_t offset, uint64_t size, int out);

/* Names in a directory except "." and "..", sorted bytewise, as a strv. */
int list_directory_at(int dirfd, const char *path, char ***ret);
