/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Archives made in memory and unpacked to a directory of their own. */

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

#include "alloc.h"
#include "archive-pass.h"
#include "file.h"
#include "unpack.h"

static const UnpackLimits limits = { UNPACK_DEFAULT_SIZE, UNPACK_DEFAULT_ENTRIES, UNPACK_DEFAULT_RATIO };

typedef struct Member {
        const char *path, *content, *link; /* content NULL: a directory; link: a hard link to it */
        const char *symlink;               /* a symbolic link to that */
} Member;

/* What an ACI begins with; a layer of an OCI image does not. */
static const Member aci_start[] = { { "manifest", "{}", NULL, NULL }, { "rootfs", NULL, NULL, NULL } };

static void add_member(struct archive *a, const Member *m) {
        struct archive_entry *e = archive_entry_new();
        archive_entry_set_pathname(e, m->path);
        archive_entry_set_filetype(e, m->symlink ? AE_IFLNK : m->content || m->link ? AE_IFREG : AE_IFDIR);
        archive_entry_set_perm(e, 0755);
        archive_entry_set_mtime(e, 1000000000, 0);
        if (m->symlink)
                archive_entry_set_symlink(e, m->symlink);
        else if (m->link)
                archive_entry_set_hardlink(e, m->link);
        else
                archive_entry_set_size(e, m->content ? strlen(m->content) : 0);
        assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
        if (m->content && !m->link)
                assert_int_equal(archive_write_data(a, m->content, strlen(m->content)), strlen(m->content));
        archive_entry_free(e);
}

/* A tar archive in a memory file, compressed by one of libarchive's filters. */
static int make_archive(const Member *members, UnpackFormat format, int filter) {
        int fd = memfd_create("archive", MFD_CLOEXEC);
        struct archive *a = archive_write_new();
        archive_write_set_format_pax_restricted(a);
        archive_write_add_filter(a, filter);
        archive_write_set_bytes_in_last_block(a, 1);
        assert_int_equal(archive_write_open_fd(a, fd), ARCHIVE_OK);
        for (size_t i = 0; format == UNPACK_ACI && i < ELEMENTSOF(aci_start); i++)
                add_member(a, &aci_start[i]);
        for (const Member *m = members; m->path; m++)
                add_member(a, m);
        assert_int_equal(archive_write_close(a), ARCHIVE_OK);
        archive_write_free(a);
        lseek(fd, 0, SEEK_SET);
        return fd;
}

typedef struct Use {
        Unpack *unpack;
        const Whitelist *whitelists;
        size_t n_whitelists;
} Use;

static int use_layer(UnpackSource source, void *source_userdata, void *userdata) {
        const Use *use = userdata;
        return unpack_layer(use->unpack, source, source_userdata, use->whitelists, use->n_whitelists);
}

static int use_links(UnpackSource source, void *source_userdata, void *userdata) {
        return unpack_links(((const Use *) userdata)->unpack, source, source_userdata);
}

static int take(Unpack *u, UnpackFormat format, const Member *members, const Whitelist *whitelist) {
        _cleanup_close_ int fd = make_archive(members, format, ARCHIVE_FILTER_GZIP);
        Use use = { u, whitelist, whitelist ? 1 : 0 };
        ArchivePass first = {
                .fd = fd, .output = -1, .limits = &limits, .use = use_layer, .userdata = &use
        };
        int r = archive_pass_run(&first);
        archive_pass_done(&first);
        if (r == 1) {
                ArchivePass second = {
                        .fd = fd, .output = -1, .limits = &limits, .use = use_links, .userdata = &use
                };
                lseek(fd, 0, SEEK_SET);
                r = archive_pass_run(&second);
                archive_pass_done(&second);
        }
        return r;
}

typedef struct Target {
        char path[64];
        int fd;
} Target;

static void target_open(Target *t) {
        strcpy(t->path, "/tmp/test-unpack-XXXXXX");
        assert_non_null(mkdtemp(t->path));
        t->fd = open(t->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void target_close(Target *t) {
        close(t->fd);
        remove_tree_at(AT_FDCWD, t->path, false);
}
#define _cleanup_target_ _cleanup_(target_close)

static void assert_content(const Target *t, const char *path, const char *expected) {
        _cleanup_free_ char *text = NULL;
        assert_int_equal(read_file_at(t->fd, path, 1000, &text, NULL), expected ? 0 : -ENOENT);
        if (expected)
                assert_string_equal(text, expected);
}
