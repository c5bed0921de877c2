/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "credentials.h"

#include <errno.h>

#include "alloc.h"
#include "auth-json.h"
#include "credential-helper.h"
#include "credential-kinds.h"
#include "credential-scope.h"
#include "globals.h"
#include "log.h"
#include "secret.h"
#include "strv.h"

#define DOCKER_HOST "docker.io"
#define DOCKER_KEY  "https://index.docker.io/v1/" /* what Docker calls it to helpers */

/* What a helper has said of a host, that it is not asked again. */
typedef struct Answer {
        char *program; /* its name */
        char *server;
        bool found;
        Credential credential;
} Answer;

struct Credentials {
        CredentialList list; /* what auth.d has */
        AuthJson *files;
        size_t n_files;
        bool files_read;
        Answer **answers;
        size_t n_answers;
};

void credential_done(Credential *c) {
        free(c->user);
        secret_free(c->password);
        secret_free(c->token);
        free(c->region);
        free(c->source);
        *c = (Credential){};
}

static void answer_free(Answer *a) {
        free(a->program);
        free(a->server);
        credential_done(&a->credential);
        free(a);
}

void credentials_free(Credentials *c) {
        if (!c)
                return;
        credential_list_done(&c->list);
        for (size_t i = 0; i < c->n_files; i++)
                auth_json_done(&c->files[i]);
        free(c->files);
        for (size_t i = 0; i < c->n_answers; i++)
                answer_free(c->answers[i]);
        free(c->answers);
        free(c);
}

/* What level has replaces the same in list. Takes level's entries. */
static void merge(CredentialList *list, CredentialList *level) {
        for (size_t i = 0; i < level->n; i++) {
                CredentialEntry *old =
                                credential_list_find(list, level->entries[i].use, level->entries[i].scope);
                if (old) {
                        free(old->scope);
                        credential_done(&old->credential);
                        *old = level->entries[i];
                } else {
                        xgrow(&list->entries, list->n);
                        list->entries[list->n++] = level->entries[i];
                }
        }
        level->n = 0;
        credential_list_done(level);
}

static int compare_entries(const void *a, const void *b) {
        const CredentialEntry *x = a, *y = b;
        return x->use != y->use ? (int) x->use - (int) y->use : strcmp(x->scope, y->scope);
}

int credentials_load(char *const *directories, Credentials **ret) {
        _cleanup_credentials_ Credentials *c = xnew(Credentials, 1);
        STRV_FOREACH (d, directories) {
                CredentialList level = {};
                int r = **d ? kind_directory_read(&credential_directory, *d, &level) : 0;
                if (r < 0) {
                        credential_list_done(&level);
                        return r;
                }
                merge(&c->list, &level);
        }
        if (c->list.n > 0)
                qsort(c->list.entries, c->list.n, sizeof(*c->list.entries), compare_entries);
        *ret = TAKE_PTR(c);
        return 0;
}

static int read_files(Credentials *c) {
        bool required;
        _cleanup_strv_ char **paths = auth_json_paths(&required);
        STRV_FOREACH (p, paths) {
                AuthJson a;
                int r = auth_json_load(*p, &a);
                if (r == -ENOENT && required)
                        return log_error_errno(r, "%s, which REGISTRY_AUTH_FILE names", *p);
                if (r == -ENOENT)
                        continue;
                if (r < 0)
                        return r;
                xgrow(&c->files, c->n_files);
                c->files[c->n_files++] = a;
        }
        c->files_read = true;
        return 0;
}

static const Answer *find_answer(const Credentials *c, const char *program, const char *server) {
        for (size_t i = 0; i < c->n_answers; i++)
                if (streq(c->answers[i]->program, program) && streq(c->answers[i]->server, server))
                        return c->answers[i];
        return NULL;
}

static int ask(Credentials *c, const char *program, const char *server, const Credential **ret,
                char **ret_error) {
        const Answer *known = find_answer(c, program, server);
        if (!known) {
                Credential found = {};
                int r = credential_helper_get(program, server, &found, ret_error);
                if (r < 0)
                        return r;
                Answer *a = xnew(Answer, 1);
                *a = (Answer){ xstrdup(program), xstrdup(server), r > 0, found };
                xgrow(&c->answers, c->n_answers);
                c->answers[c->n_answers++] = a;
                known = a;
        }
        if (known->found)
                *ret = &known->credential;
        return known->found;
}

/* Docker Hub has two names for helpers, by who wrote the entry. */
static int ask_helper(Credentials *c, const char *program, const char *server, const Credential **ret,
                char **ret_error) {
        int r = streq(server, DOCKER_HOST) ? ask(c, program, DOCKER_KEY, ret, ret_error) : 0;
        return r != 0 ? r : ask(c, program, server, ret, ret_error);
}

/* The helper for this host, then the file's own entries, each from the longest path to the host alone; then
 * the helper for everything, without which one can go on: it may be that of another desktop. */
static int find_in_file(Credentials *c, const AuthJson *file, const char *scope, const Credential **ret) {
        _cleanup_free_ char *wider = xstrdup(scope), *error = NULL;
        int r = 0;
        do {
                const AuthHelper *helper = auth_json_helper(file, wider);
                if (helper)
                        r = ask_helper(c, helper->name, wider, ret, &error);
                if (r < 0)
                        log_error("credentials for %s, as %s says: %s", wider, file->path, error);
                if (r != 0)
                        return r;
                const CredentialEntry *entry =
                                credential_list_find(&file->list, CREDENTIAL_USE_DOCKER, wider);
                if (entry) {
                        *ret = &entry->credential;
                        return 1;
                }
        } while (credential_scope_widen(wider));
        if (!file->store)
                return 0;
        r = ask_helper(c, file->store, wider, ret, &error);
        if (r < 0)
                log_warning("no credentials for %s, as %s says: %s", wider, file->path, error);
        return r < 0 ? 0 : r;
}

static int find_in_files(Credentials *c, const char *scope, const Credential **ret) {
        int r = c->files_read ? 0 : read_files(c);
        for (size_t i = 0; r == 0 && i < c->n_files; i++)
                r = find_in_file(c, &c->files[i], scope, ret);
        return r;
}

int credentials_find(Credentials *c, const char *host_port, const char *repository, CredentialUse use,
                const Credential **ret) {
        bool registry = use == CREDENTIAL_USE_DOCKER;
        _cleanup_free_ char *whole = xasprintf("%s%s%s", host_port, repository ? "/" : "", repository ?: "");
        _cleanup_free_ char *scope = credential_scope(whole, registry), *wider = xstrdup(scope);
        do {
                const CredentialEntry *entry = credential_list_find(&c->list, use, wider);
                if (entry) {
                        *ret = &entry->credential;
                        return 1;
                }
        } while (credential_scope_widen(wider));
        return registry ? find_in_files(c, scope, ret) : 0;
}

int credentials_lookup(
                const char *host_port, const char *repository, CredentialUse use, const Credential **ret) {
        static Credentials *credentials;
        if (!credentials) {
                char *directories[] = { globals.system_config, globals.local_config, globals.user_config,
                        NULL };
                int r = credentials_load(directories, &credentials);
                if (r < 0)
                        return r;
        }
        return credentials_find(credentials, host_port, repository, use, ret);
}

void credentials_foreach(const Credentials *c,
                void (*each)(CredentialUse use, const char *scope, const Credential *credential,
                                void *userdata),
                void *userdata) {
        for (size_t i = 0; i < c->list.n; i++)
                each(c->list.entries[i].use, c->list.entries[i].scope, &c->list.entries[i].credential,
                                userdata);
}
