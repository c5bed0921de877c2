/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <errno.h>
#include <signal.h>

#include "request.h"

static void requests_are_words_of_their_verb(void **state) {
        Request r;
        assert_int_equal(request_parse("run main web", &r), 0);
        assert_int_equal(r.verb, REQUEST_RUN);
        assert_int_equal(r.phase, APP_MAIN);
        assert_string_equal(r.app, "web");
        assert_int_equal(request_parse("watch pre-start a-b", &r), 0);
        assert_int_equal(r.verb, REQUEST_WATCH);
        assert_int_equal(r.phase, APP_PRE_START);
        assert_int_equal(request_parse("up", &r), 0);
        assert_int_equal(r.verb, REQUEST_UP);
        assert_int_equal(request_parse("end", &r), 0);
        assert_int_equal(r.verb, REQUEST_END);
}

static void an_end_has_a_code_and_a_status_and_maybe_a_job(void **state) {
        Request r;
        char text[64];
        snprintf(text, sizeof(text), "ended post-stop web %d %d", CLD_KILLED, SIGTERM);
        assert_int_equal(request_parse(text, &r), 0);
        assert_int_equal(r.verb, REQUEST_ENDED);
        assert_int_equal(r.phase, APP_POST_STOP);
        assert_int_equal(r.code, CLD_KILLED);
        assert_int_equal(r.status, SIGTERM);
        assert_string_equal(r.job, "");
        snprintf(text, sizeof(text), "ended main web %d 255 restart", CLD_EXITED);
        assert_int_equal(request_parse(text, &r), 0);
        assert_int_equal(r.status, 255);
        assert_string_equal(r.job, "restart");
}

static void what_is_no_request_changes_nothing(void **state) {
        static const char *const texts[] = { "", " ", "run", "run main", "run main ", "run main web more",
                "up main", "run waiting web", "ended main web", "ended main web 1", "ended main web 0 0",
                "ended main web 1 256", "ended main web 2 65", "ended main web one 0",
                "ended main web 1 0 job-of-a-long-name", "ended main web 1 0 stop more", "Run main web",
                "run  main web", "run main web\n up" };
        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                Request r = { .verb = REQUEST_END, .app = "kept" };
                assert_int_equal(request_parse(texts[i], &r), -EBADMSG);
                assert_int_equal(r.verb, REQUEST_END);
                assert_string_equal(r.app, "kept");
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(requests_are_words_of_their_verb),
                cmocka_unit_test(an_end_has_a_code_and_a_status_and_maybe_a_job),
                cmocka_unit_test(what_is_no_request_changes_nothing),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
