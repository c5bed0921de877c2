/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "auth-json.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>

#include "alloc.h"
#include "base64.h"
#include "credential-scope.h"
#include "file.h"
#include "log.h"
#include "secret.h"
#include "strv.h"

#define AUTH_JSON_MAX (1024 * 1024)

void auth_json_done(AuthJson *a) {
        free(a->path);
        credential_list_done(&a->list);
        for (size_t i = 0; i < a->n_helpers; i++) {
                free(a->helpers[i].scope);
                free(a->helpers[i].name);
        }
        free(a->helpers);
        free(a->store);
        *a = (AuthJson){};
}

/* "auth": base64 of USER:PASSWORD. */
static int take_auth(JsonContext *c, const char *encoded, Credential *ret) {
        _cleanup_secret_ char *decoded = NULL;
        size_t size, mark = json_enter(c, "auth");
        int r = base64_decode(encoded, &decoded, &size);
        const char *colon = r >= 0 ? strchr(decoded, ':') : NULL;
        if (!colon || strlen(decoded) != size)
                r = json_fail(c, "expected base64 of USER:PASSWORD");
        json_leave(c, mark);
        if (r < 0)
                return r;
        ret->user = xstrndup(decoded, colon - decoded);
        ret->password = xstrdup(colon + 1);
        return 0;
}

/* 1 if there is something in the entry: Docker leaves empty ones behind for what the store has. */
static int take_credential(JsonContext *c, json_object *o, Credential *ret) {
        const char *auth = NULL, *user = NULL, *password = NULL, *identity = NULL, *registry = NULL;
        if (json_get_string(c, o, "auth", JSON_OPTIONAL, &auth) < 0 ||
                        json_get_string(c, o, "username", JSON_OPTIONAL, &user) < 0 ||
                        json_get_string(c, o, "password", JSON_OPTIONAL, &password) < 0 ||
                        json_get_string(c, o, "identitytoken", JSON_OPTIONAL, &identity) < 0 ||
                        json_get_string(c, o, "registrytoken", JSON_OPTIONAL, &registry) < 0)
                return -EINVAL;
        int r = !isempty(auth) ? take_auth(c, auth, ret) : 0;
        if (r < 0)
                return r;
        if (isempty(auth) && !isempty(user)) {
                ret->user = xstrdup(user);
                ret->password = xstrdup(password ?: "");
        }
        const char *token = !isempty(identity) ? identity : registry;
        if (!isempty(token)) {
                ret->type = token == identity ? CREDENTIAL_IDENTITY : CREDENTIAL_BEARER;
                ret->token = xstrdup(token);
                secret_free(TAKE_PTR(ret->password));
        }
        return ret->user || ret->token;
}

static int add_auth(JsonContext *c, AuthJson *a, const char *key, json_object *o) {
        Credential credential = {};
        int r = json_expect(c, o, json_type_object);
        if (r >= 0)
                r = take_credential(c, o, &credential);
        _cleanup_free_ char *scope = credential_scope(key, true);
        if (r <= 0 || credential_list_find(&a->list, CREDENTIAL_USE_DOCKER, scope)) {
                credential_done(&credential);
                return r;
        }
        credential.source = xstrdup(c->name);
        xgrow(&a->list.entries, a->list.n);
        a->list.entries[a->list.n++] =
                        (CredentialEntry){ CREDENTIAL_USE_DOCKER, TAKE_PTR(scope), credential };
        return 0;
}

/* It becomes part of a file name that is looked for in PATH. */
static int check_helper(JsonContext *c, const char *name) {
        if (*name && strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
                                        strlen(name))
                return 0;
        return json_fail(c, "expected NAME of a program docker-credential-NAME, found \"%s\"", name);
}

static int add_helper(JsonContext *c, AuthJson *a, const char *key, json_object *o) {
        int r = json_expect(c, o, json_type_string);
        if (r < 0)
                return r;
        const char *name = json_object_get_string(o);
        if (!*name)
                return 0; /* podman's way to say: none for this one */
        r = check_helper(c, name);
        if (r < 0)
                return r;
        xgrow(&a->helpers, a->n_helpers);
        a->helpers[a->n_helpers++] = (AuthHelper){ credential_scope(key, true), xstrdup(name) };
        return 0;
}

static int each_member(JsonContext *c, AuthJson *a, const char *name,
                int (*add)(JsonContext *c, AuthJson *a, const char *key, json_object *o)) {
        json_object *object = NULL;
        int r = json_get_object(c, c->root, name, JSON_OPTIONAL, &object);
        if (r < 0 || !object)
                return r;
        size_t mark = json_enter(c, name);
        json_object_object_foreach (object, key, value) {
                size_t inner = json_enter(c, key);
                r = add(c, a, key, value);
                json_leave(c, inner);
                if (r < 0)
                        break;
        }
        json_leave(c, mark);
        return r;
}

static int parse(JsonContext *c, AuthJson *a) {
        const char *store = NULL;
        if (json_expect(c, c->root, json_type_object) < 0 || each_member(c, a, "auths", add_auth) < 0 ||
                        each_member(c, a, "credHelpers", add_helper) < 0 ||
                        json_get_string(c, c->root, "credsStore", JSON_OPTIONAL, &store) < 0)
                return -EINVAL;
        if (isempty(store))
                return 0;
        size_t mark = json_enter(c, "credsStore");
        int r = check_helper(c, store);
        json_leave(c, mark);
        if (r >= 0)
                a->store = xstrdup(store);
        return r;
}

int auth_json_parse(const char *path, const char *text, size_t size, AuthJson *ret, char **ret_error) {
        _cleanup_json_context_ JsonContext c;
        AuthJson a = { .path = xstrdup(path) };
        int r = json_context_parse(&c, path, text, size);
        if (r >= 0)
                r = parse(&c, &a);
        secret_wipe_json(c.root);
        if (r < 0) {
                *ret_error = TAKE_PTR(c.error);
                auth_json_done(&a);
                return r;
        }
        *ret = a;
        return 0;
}

int auth_json_load(const char *path, AuthJson *ret) {
        _cleanup_secret_ char *text = NULL;
        _cleanup_free_ char *error = NULL;
        AuthJson a = {};
        size_t size;
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        if (fd < 0 && errno == EACCES)
                log_warning_errno(errno, "%s is passed over", path);
        if (fd < 0)
                return errno == ENOENT || errno == ENOTDIR || errno == EACCES
                                       ? -ENOENT
                                       : log_error_errno(errno, "%s", path);
        int r = read_fd(fd, AUTH_JSON_MAX, &text, &size);
        if (r < 0)
                return log_error_errno(r, "%s", path);
        r = auth_json_parse(path, text, size, &a, &error);
        if (r < 0) {
                log_error("%s", error ?: path);
                return r;
        }
        /* One that only names helpers is no secret, but what it names will be run. */
        r = secret_file_check(fd, -1, path, a.list.n > 0);
        if (r < 0) {
                auth_json_done(&a);
                return r;
        }
        *ret = a;
        return 0;
}

static char *home(void) {
        const char *s = getenv("HOME");
        if (!isempty(s))
                return xstrdup(s);
        const struct passwd *p = getpwuid(geteuid());
        return p ? xstrdup(p->pw_dir) : NULL;
}

char **auth_json_paths(bool *ret_required) {
        const char *file = getenv("REGISTRY_AUTH_FILE"), *runtime = getenv("XDG_RUNTIME_DIR"),
                   *docker = getenv("DOCKER_CONFIG");
        char **paths = strv_copy(NULL);
        *ret_required = !isempty(file);
        if (*ret_required) {
                strv_add(&paths, file);
                return paths;
        }
        _cleanup_free_ char *directory = home();
        if (!isempty(runtime))
                strv_push(&paths, xasprintf("%s/containers/auth.json", runtime));
        else
                strv_push(&paths, xasprintf("/run/containers/%u/auth.json", geteuid()));
        if (directory)
                strv_push(&paths, xasprintf("%s/.config/containers/auth.json", directory));
        if (!isempty(docker))
                strv_push(&paths, xasprintf("%s/config.json", docker));
        else if (directory)
                strv_push(&paths, xasprintf("%s/.docker/config.json", directory));
        return paths;
}

const AuthHelper *auth_json_helper(const AuthJson *a, const char *scope) {
        for (size_t i = 0; i < a->n_helpers; i++)
                if (streq(a->helpers[i].scope, scope))
                        return &a->helpers[i];
        return NULL;
}
