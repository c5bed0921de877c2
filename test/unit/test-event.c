/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <fcntl.h>
#include <signal.h>

#include "alloc.h"
#include "event.h"
#include "file.h"

static void an_event_is_a_message_with_fields(void **state) {
        const Event e = { .kind = EVENT_APP_EXITED,
                .pod = "5c05e8d8-6d4f-4a0c-9ad3-2ff3c3e3a3a1",
                .app = "web",
                .has_status = true,
                .status = 137,
                .signal = SIGKILL };
        _cleanup_free_ char *text = event_compose(&e);
        assert_non_null(startswith(text,
                        "MESSAGE=App web of pod 5c05e8d8-6d4f-4a0c-9ad3-2ff3c3e3a3a1 was ended by SIGKILL\n"
                        "MESSAGE_ID="));
        assert_non_null(strstr(text, "\nPRIORITY=5\nSYSLOG_IDENTIFIER=rkt\nRKT_EVENT=app-exited\n"));
        assert_non_null(strstr(text, "\nRKT_APP=web\nRKT_STATUS=137\nRKT_SIGNAL=SIGKILL\n"));
        assert_null(strstr(text, "RKT_IMAGE"));
}

static void what_went_well_has_a_low_priority(void **state) {
        const Event e = { .kind = EVENT_POD_STOPPED, .pod = "x", .has_status = true };
        _cleanup_free_ char *text = event_compose(&e);
        assert_non_null(strstr(text, "MESSAGE=Pod x ended with status 0\n"));
        assert_non_null(strstr(text, "\nPRIORITY=6\n"));
}

static void a_name_makes_no_field_of_its_own(void **state) {
        const Event e = { .kind = EVENT_IMAGE_FETCHED, .image = "sha512-1", .reference = "a\n_UID=0" };
        _cleanup_free_ char *text = event_compose(&e);
        assert_null(strstr(text, "\n_UID=0"));
        assert_non_null(strstr(text, "RKT_IMAGE_NAME=a?_UID=0\n"));
}

static void kinds_have_names_and_ids_of_their_own(void **state) {
        for (EventKind k = 0; k < _EVENT_KIND_MAX; k++) {
                EventKind found;
                assert_int_equal(event_kind_parse(event_kind_name(k), &found), 0);
                assert_int_equal(found, k);
                assert_int_equal(strlen(event_kind_id(k)), 32);
                assert_int_equal(strspn(event_kind_id(k), "0123456789abcdef"), 32);
                for (EventKind other = 0; other < k; other++)
                        assert_string_not_equal(event_kind_id(k), event_kind_id(other));
        }
        EventKind k;
        assert_true(event_kind_parse("app-vanished", &k) < 0);
}

static void the_catalogue_explains_all_of_them_and_no_others(void **state) {
        _cleanup_free_ char *text = NULL;
        size_t entries = 0;
        assert_int_equal(read_file_at(AT_FDCWD, RKT_CATALOG, 1 << 20, &text, NULL), 0);
        for (const char *p = text; (p = strstr(p, "\n-- ")); p++)
                entries++;
        assert_int_equal(entries, _EVENT_KIND_MAX);
        for (EventKind k = 0; k < _EVENT_KIND_MAX; k++) {
                _cleanup_free_ char *head = xasprintf("\n-- %s\nSubject: ", event_kind_id(k));
                assert_non_null(strstr(text, head));
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_event_is_a_message_with_fields),
                cmocka_unit_test(what_went_well_has_a_low_priority),
                cmocka_unit_test(a_name_makes_no_field_of_its_own),
                cmocka_unit_test(kinds_have_names_and_ids_of_their_own),
                cmocka_unit_test(the_catalogue_explains_all_of_them_and_no_others),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
