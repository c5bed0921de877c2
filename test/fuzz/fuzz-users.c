/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "users.h"

/* An image's passwd and group files; up to the first NUL it is passwd, behind that group. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
        const char *passwd = (const char *) data, *group = nul ? (const char *) nul + 1 : passwd;
        size_t n_passwd = nul ? (size_t) (nul - data) : size;
        size_t n_group = nul ? size - n_passwd - 1 : size;

        _cleanup_user_ User named = {}, numbered = {}, member = {};
        if (users_find(passwd, n_passwd, "redis", 0, &named)) {
                fuzz_assert(streq(named.name, "redis"));
                fuzz_assert(named.uid != (uid_t) -1 && named.gid != (gid_t) -1);
                fuzz_assert(users_find(passwd, n_passwd, NULL, named.uid, &numbered));
                fuzz_assert(numbered.uid == named.uid);
        }
        gid_t gid = (gid_t) -1;
        fuzz_assert(!groups_find(group, n_group, "redis", &gid) || gid != (gid_t) -1);
        member.name = xstrdup("redis");
        groups_of_member(group, n_group, &member);
        for (size_t i = 0; i < member.n_gids; i++)
                fuzz_assert(member.gids[i] != (gid_t) -1);
        return 0;
}
