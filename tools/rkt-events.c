/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reads from the host's journal what the other programs have told it with event_send. */

#include <errno.h>
#include <systemd/sd-journal.h>

#include "alloc.h"
#include "duration.h"
#include "event.h"
#include "globals.h"
#include "json.h"
#include "log.h"
#include "output-format.h"
#include "process.h"
#include "strv.h"
#include "uuid.h"

#define NSEC_PER_USEC 1000

static OutputFormat format;
static bool follow, since_given;
static int64_t since = -1;
static char *app;
static char **kinds;

static int add_kind(const char *value, _unused_ void *userdata) {
        EventKind k;
        if (event_kind_parse(value, &k) < 0) {
                log_error("--event=%s: there is no such event", value);
                return -EINVAL;
        }
        strv_add(&kinds, event_kind_id(k));
        return 0;
}

static const Option options[] = {
        { "app", OPTION_STRING, &app, "only events of apps with this name" },
        { "event", OPTION_CALL, NULL, "only events of this kind; may be repeated", .call = add_kind,
                        .shown_default = "all" },
        { "follow", OPTION_BOOL, &follow, "go on with what happens from now on" },
        { "format", OPTION_CALL, &format, "output as json or json-pretty", .call = output_format_parse,
                        .shown_default = "json|json-pretty" },
        { "since", OPTION_DURATION, &since,
                        "only events of this time up to now; without it all that the journal has",
                        .seen = &since_given },
        {},
};

static const Command command = {
        .name = "events",
        .usage = "[--follow] [--since=DURATION] [--event=KIND]... [--app=NAME] [--format=json|json-pretty] "
                 "[UUID]",
        .summary = "Tell what has happened to pods and images",
        .options = options,
        .global_options = global_options,
};

/* A field of the current entry, allocated; NULL: it has none. */
static char *field(sd_journal *j, const char *name) {
        const char *data;
        size_t size, skip = strlen(name) + 1;
        if (sd_journal_get_data(j, name, (const void **) &data, &size) < 0 || size < skip)
                return NULL;
        return xstrndup(data + skip, size - skip);
}

/* Anybody may write to the journal: what happens to pods only root knows, and the journal says who wrote. */
static bool is_genuine(sd_journal *j) {
        _cleanup_free_ char *uid = field(j, "_UID"), *pod = field(j, "RKT_POD");
        return !pod || streq_ptr(uid, "0");
}

/* UUIDs may be cut short, as everywhere. */
static bool is_wanted(sd_journal *j, const char *uuid) {
        _cleanup_free_ char *pod = uuid ? field(j, "RKT_POD") : NULL;
        return is_genuine(j) && (!uuid || (pod && startswith(pod, uuid)));
}

static void print_text(sd_journal *j, int64_t time_ns) {
        _cleanup_free_ char *kind = field(j, "RKT_EVENT"), *message = field(j, "MESSAGE"),
                            *when = time_absolute(time_ns);
        for (char *p = message; p && *p; p++)
                if ((unsigned char) *p < ' ' || *p == 0x7f)
                        *p = '?'; /* whoever wrote it is not to draw on the terminal */
        printf("%s\t%-14s\t%s\n", when, kind ?: "", message ?: "");
}

static int print_json(sd_journal *j, int64_t time_ns) {
        static const struct {
                const char *field, *member;
                bool number;
        } members[] = {
                { "RKT_EVENT", "event", false },
                { "RKT_POD", "pod", false },
                { "RKT_APP", "app", false },
                { "RKT_IMAGE", "image", false },
                { "RKT_IMAGE_NAME", "image_name", false },
                { "RKT_STATUS", "status", true },
                { "RKT_SIGNAL", "signal", false },
                { "MESSAGE", "message", false },
        };
        _cleanup_json_ json_object *o = json_object_new_object();
        json_object_object_add(o, "time", json_object_new_int64(time_ns));
        for (size_t i = 0; i < ELEMENTSOF(members); i++) {
                _cleanup_free_ char *value = field(j, members[i].field);
                int64_t number;
                if (!value)
                        continue;
                if (!members[i].number)
                        json_object_object_add(o, members[i].member, json_object_new_string(value));
                else if (parse_int(value, INT32_MIN, INT32_MAX, &number) >= 0)
                        json_object_object_add(o, members[i].member, json_object_new_int64(number));
        }
        return output_format_print(format, o);
}

static int print_entry(sd_journal *j) {
        uint64_t usec;
        int r = sd_journal_get_realtime_usec(j, &usec);
        if (r < 0)
                return log_error_errno(r, "cannot read an entry of the journal");
        if (format != OUTPUT_TEXT)
                return print_json(j, (int64_t) usec * NSEC_PER_USEC);
        print_text(j, (int64_t) usec * NSEC_PER_USEC);
        return 0;
}

/* Matches of one field are alternatives, those of different fields are all to be met. */
static int add_matches(sd_journal *j, const char *uuid) {
        int r = 0;
        for (EventKind k = 0; k < _EVENT_KIND_MAX && r >= 0; k++) {
                _cleanup_free_ char *match = xasprintf("MESSAGE_ID=%s", event_kind_id(k));
                if (!kinds || strv_contains(kinds, event_kind_id(k)))
                        r = sd_journal_add_match(j, match, 0);
        }
        _cleanup_free_ char *pod = xasprintf("RKT_POD=%s", uuid ?: "");
        if (r >= 0 && uuid && strlen(uuid) == UUID_STRING_SIZE - 1)
                r = sd_journal_add_match(j, pod, 0);
        _cleanup_free_ char *name = xasprintf("RKT_APP=%s", app ?: "");
        if (r >= 0 && app)
                r = sd_journal_add_match(j, name, 0);
        return r;
}

static int print_all(sd_journal *j, const char *uuid) {
        int r;
        while ((r = sd_journal_next(j)) > 0)
                if (is_wanted(j, uuid) && (r = print_entry(j)) < 0)
                        return r;
        return r < 0 ? log_error_errno(r, "cannot read the journal") : process_flush();
}

static int read_events(const char *uuid) {
        _cleanup_(sd_journal_closep) sd_journal *j = NULL;
        int r = sd_journal_open(&j, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM);
        if (r >= 0)
                r = add_matches(j, uuid);
        if (r >= 0 && since >= 0)
                r = sd_journal_seek_realtime_usec(j, (uint64_t) ((realtime_ns() - since) / NSEC_PER_USEC));
        else if (r >= 0)
                r = sd_journal_seek_head(j);
        /* before the first look: nothing falls between that and the waiting */
        if (r >= 0 && follow)
                r = sd_journal_get_fd(j);
        if (r < 0)
                return log_error_errno(r, "cannot open the journal");
        while ((r = print_all(j, uuid)) >= 0 && follow)
                if ((r = sd_journal_wait(j, (uint64_t) -1)) < 0)
                        return log_error_errno(r, "cannot wait for the journal");
        return r;
}

int main(int argc, char **argv) {
        _cleanup_strv_ char **arguments = NULL;
        int r = globals_command(&command, argc, argv, &arguments);
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        if (since_given && since < 0) {
                log_error("--since: a time below zero");
                return EXIT_RKT_FAILURE;
        }
        if (strv_length(arguments) > 1) {
                log_error("expected the UUID of one pod, or none");
                return EXIT_RKT_FAILURE;
        }
        return process_end(read_events(arguments[0]));
}
