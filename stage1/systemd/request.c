/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "request.h"

#include <errno.h>
#include <signal.h>

#include "option.h"
#include "strv.h"

static const struct {
        const char *name;
        size_t least, most; /* words, with the verb itself */
} verbs[] = {
        [REQUEST_RUN] = { "run", 3, 3 },
        [REQUEST_WATCH] = { "watch", 3, 3 },
        [REQUEST_ENDED] = { "ended", 5, 6 },
        [REQUEST_UP] = { "up", 1, 1 },
        [REQUEST_END] = { "end", 1, 1 },
};

static int parse_app(char *const *words, Request *r) {
        int phase = phase_from_name(words[1]);
        size_t n = strlen(words[2]);
        if (phase < 0 || n == 0 || n >= sizeof(r->app))
                return -EBADMSG;
        r->phase = (AppPhase) phase;
        memcpy(r->app, words[2], n + 1);
        return 0;
}

static int parse_end(char *const *words, Request *r) {
        int64_t code, status;
        if (parse_int(words[3], CLD_EXITED, CLD_DUMPED, &code) < 0 ||
                        parse_int(words[4], 0, code == CLD_EXITED ? 255 : SIGRTMAX, &status) < 0)
                return -EBADMSG;
        r->code = (int) code;
        r->status = (int) status;
        return 0;
}

static int parse_job(const char *word, Request *r) {
        size_t n = strlen(word);
        if (n == 0 || n >= sizeof(r->job))
                return -EBADMSG;
        memcpy(r->job, word, n + 1);
        return 0;
}

int request_parse(const char *text, Request *ret) {
        _cleanup_strv_ char **words = strv_split(text, ' ');
        size_t n = strv_length(words), verb = 0;
        Request request = {};
        while (verb < ELEMENTSOF(verbs) && !streq(words[0], verbs[verb].name))
                verb++;
        if (verb == ELEMENTSOF(verbs) || n < verbs[verb].least || n > verbs[verb].most)
                return -EBADMSG;
        request.verb = (RequestVerb) verb;
        int r = n >= 3 ? parse_app(words, &request) : 0;
        if (r >= 0 && n >= 5)
                r = parse_end(words, &request);
        if (r >= 0 && n >= 6)
                r = parse_job(words[5], &request);
        if (r >= 0)
                *ret = request;
        return r;
}
