/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "auth-json.h"
#include "credential-helper.h"
#include "credential-kinds.h"
#include "credential-scope.h"

static void check_list(const CredentialList *l) {
        for (size_t i = 0; i < l->n; i++) {
                const Credential *c = &l->entries[i].credential;
                fuzz_assert(c->source && l->entries[i].scope);
                fuzz_assert(c->user || c->token);
                fuzz_assert(c->type != CREDENTIAL_AWS || (c->password && c->region));
                fuzz_assert((c->type != CREDENTIAL_BEARER && c->type != CREDENTIAL_IDENTITY) || c->token);
        }
}

static void check_scope(const char *text) {
        for (int registry = 0; registry < 2; registry++) {
                _cleanup_free_ char *scope = credential_scope(text, registry);
                fuzz_assert(strlen(scope) <= strlen(text) + strlen("docker.io"));
                credential_scope_is_valid(scope, registry);
                while (credential_scope_widen(scope))
                        ;
                fuzz_assert(!strchr(scope, '/'));
        }
        _cleanup_free_ char *region = aws_region_of_host(text);
        fuzz_assert(region);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = fuzz_string(data, size), *error = NULL, *error2 = NULL, *error3 = NULL;
        CredentialList list = {};
        AuthJson file = {};
        Credential credential = {};
        if (kind_text_read(&credential_directory, "file", text, size, &list, &error) < 0)
                fuzz_assert(error);
        check_list(&list);
        credential_list_done(&list);

        if (auth_json_parse("file", text, size, &file, &error2) < 0)
                fuzz_assert(error2 && !file.path);
        check_list(&file.list);
        auth_json_done(&file);

        int r = credential_helper_parse("program", text, size, &credential, &error3);
        fuzz_assert(r >= 0 || error3);
        fuzz_assert(r <= 0 || credential.user);
        credential_done(&credential);
        check_scope(text);
        return 0;
}
