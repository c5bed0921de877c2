/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The unit that a file becomes: what it says for systemd itself passes through. */

#include <ctype.h>
#include <errno.h>
#include <limits.h>

#include "alloc.h"
#include "json.h"
#include "strv.h"
#include "translation.h"

static const char *const passed_on[] = { "Unit", "Service", "Install" };

static bool is_ours(const Podfile *p, const char *section) {
        static const char *const sections[] = {
                [PODFILE_POD] = "Pod",
                [PODFILE_IMAGE] = "Image",
                [PODFILE_NET] = "Network",
                [PODFILE_VOLUME] = "Volume",
        };
        return streq(section, sections[p->kind]) ||
               (p->kind == PODFILE_POD && (streq(section, "App") || startswith(section, "App ")));
}

static void check_sections(Podfile *p) {
        for (size_t i = 0; i < p->settings.n; i++) {
                const UnitSetting *s = &p->settings.items[i];
                bool known = is_ours(p, s->section) || startswith(s->section, "X-");
                for (size_t j = 0; j < ELEMENTSOF(passed_on); j++)
                        known |= streq(s->section, passed_on[j]);
                if (!known)
                        podfile_problem(p, s, "unknown section [%s]", s->section);
                if (streq(s->section, "Service") && streq(s->key, "ExecStart"))
                        podfile_problem(p, s,
                                        "ExecStart= is what the file is turned into, it cannot be given");
        }
}

static void print_section(FILE *f, const Translation *t, const char *section, char *const *own) {
        fprintf(f, "\n[%s]\n", section);
        STRV_FOREACH (line, own)
                fprintf(f, "%s\n", *line);
        for (size_t i = 0; i < t->file->settings.n; i++) {
                const UnitSetting *s = &t->file->settings.items[i];
                if (streq(s->section, section))
                        fprintf(f, "%s=%s\n", s->key, s->value);
        }
}

/* systemd.unit(5): what an instance's name may be made of, and how long it is at most. */
static bool is_unit_name(const char *name) {
        const char *dot = strrchr(name, '.');
        if (strlen(name) > 255 || !dot || dot == name || *name == '@')
                return false;
        for (const char *c = name; *c; c++)
                if (!isalnum((unsigned char) *c) && !strchr(":-_.\\@", *c))
                        return false;
        return true;
}

/* foo@.service with an instance is foo@INSTANCE.service. */
static char *with_instance(const char *unit, const char *instance) {
        const char *at = strchr(unit, '@');
        return xasprintf("%.*s%s%s", (int) (at + 1 - unit), unit, instance, at + 1);
}

static bool is_template(const char *unit) {
        const char *at = strchr(unit, '@');
        return at && at[1] == '.';
}

static void add_links(Translation *t, const char *key, const char *suffix, const char *unit) {
        _cleanup_values_ Values v;
        values_find(&t->file->settings, "Install", key, &v);
        for (size_t i = 0; i < v.n; i++) {
                _cleanup_strv_ char **words = setting_words(t, v.items[i]);
                STRV_FOREACH (word, words) {
                        if (has_specifier(*word) || !is_unit_name(*word))
                                podfile_problem(t->file, v.items[i], "%s=: \"%s\" is not the name of a unit",
                                                key, *word);
                        else if (*suffix)
                                strv_push(&t->file->links, xasprintf("%s.%s/%s", *word, suffix, unit));
                        else if (!streq(*word, unit))
                                strv_add(&t->file->links, *word);
                }
        }
}

/* systemd does not enable what a generator made: the links are the generator's to make. A template without a
 * default instance has none. */
static void install(Translation *t) {
        const UnitSetting *instance = unit_file_find(&t->file->settings, "Install", "DefaultInstance");
        _cleanup_free_ char *unit = xstrdup(t->file->unit_name);
        add_links(t, "Alias", "", unit);
        if (is_template(unit)) {
                if (!instance)
                        return;
                free(unit);
                unit = with_instance(t->file->unit_name, instance->value);
                if (!is_unit_name(unit)) {
                        podfile_problem(t->file, instance,
                                        "DefaultInstance=%s is not the name of an instance",
                                        instance->value);
                        return;
                }
        }
        add_links(t, "WantedBy", "wants", unit);
        add_links(t, "RequiredBy", "requires", unit);
        add_links(t, "UpheldBy", "upholds", unit);
}

void translation_finish(Translation *t) {
        size_t size;
        _cleanup_free_ char *command = strv_join(t->words, " ");
        add_line(&t->service, xasprintf("ExecStart=%s", command));
        FILE *f = open_memstream(&t->file->unit, &size);
        fprintf(f, "# Made by rkt-generator(8) from %s: changes go there.\n", t->file->path);
        print_section(f, t, "Unit", t->unit);
        print_section(f, t, "Service", t->service);
        for (size_t i = 0; i < t->file->settings.n; i++)
                if (streq(t->file->settings.items[i].section, "Install")) {
                        print_section(f, t, "Install", NULL);
                        break;
                }
        fclose(f);
        install(t);
}

static void add_unit_defaults(Translation *t) {
        add_line(&t->unit, xasprintf("SourcePath=%s", t->file->path));
        add_default(t, "SyslogIdentifier", "%N");
}

/* What is there when its unit is: an image, a volume, a network. */
static void begin_resource(Translation *t) {
        add_unit_defaults(t);
        add_default(t, "Type", "oneshot");
        add_default(t, "RemainAfterExit", "yes");
        if (strchr(t->file->name, '@'))
                podfile_problem(t->file, NULL, "only a pod can be a template");
}

static void set_pull_policy(Translation *t, const Values *v) {
        static const struct {
                const char *name, *policy;
        } names[] = {
                { "always", "update" },
                { "newer", "update" },
                { "update", "update" },
                { "missing", "new" },
                { "new", "new" },
                { "never", "never" },
        };
        const UnitSetting *s = VALUES_LAST(v);
        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (streq(s->value, names[i].name)) {
                        add_word(t, xasprintf("--pull-policy=%s", names[i].policy));
                        return;
                }
        podfile_problem(t->file, s, "Pull=%s: expected always, newer, missing or never", s->value);
}

const Key pull_keys[] = { { .name = "Pull", .call = set_pull_policy }, {} };

static void add_image(Translation *t, const Values *v) {
        add_word(t, xstrdup(VALUES_LAST(v)->value));
}

static void raw_arguments(Translation *t, const Values *v) {
        for (size_t i = 0; i < v->n; i++) {
                _cleanup_strv_ char **words = setting_words(t, v->items[i]);
                STRV_FOREACH (word, words)
                        add_word(t, xstrdup(*word));
        }
}

const Key raw_keys[] = { { .name = "RktArgs", .call = raw_arguments }, {} };

static void translate_image(Translation *t) {
        static const Key keys[] = {
                { .name = "Pull", .call = set_pull_policy },
                { .name = "RktArgs", .call = raw_arguments },
                { .name = "Image", .call = add_image },
                {},
        };
        begin_resource(t);
        add_line(&t->unit, xstrdup("Wants=network-online.target"));
        add_line(&t->unit, xstrdup("After=network-online.target"));
        add_default(t, "TimeoutStartSec", "15min");
        begin_command(t, "Image", "fetch");
        translate_section(t, "Image", keys);
        check_keys(t->file, "Image", keys, NULL);
        if (!unit_file_find(&t->file->settings, "Image", "Image"))
                podfile_problem(t->file, NULL, "no Image= in [Image]");
}

static void take_name(Translation *t, const Values *v) {
}

static void translate_volume(Translation *t) {
        static const Key keys[] = {
                { .name = "Mode", .type = KEY_VALUE, .flag = "mode" },
                { .name = "User", .type = KEY_VALUE, .flag = "uid" },
                { .name = "Group", .type = KEY_VALUE, .flag = "gid" },
                { .name = "VolumeName", .call = take_name },
                {},
        };
        const UnitSetting *name = unit_file_find(&t->file->settings, "Volume", "VolumeName");
        begin_resource(t);
        begin_command(t, "Volume", "volume");
        add_word(t, xstrdup("create"));
        add_word(t, xstrdup("--ignore"));
        translate_section(t, "Volume", keys);
        check_keys(t->file, "Volume", keys, NULL);
        add_word(t, xstrdup(name ? name->value : t->file->name));
}

static void translate_net(Translation *t) {
        struct json_object *network = podfile_network(t->file);
        if (network)
                json_object_put(network);
        begin_resource(t);
        add_word(t, xstrdup(t->programs->generator));
        add_word(t, xasprintf("--write-network=%s", t->file->path));
        add_line(&t->service, xasprintf("ExecStopPost=-/bin/rm -f %s/%s.conflist", PODFILE_NETWORKS,
                                              t->file->name));
}

void podfile_translate(Podfile *p, const Podfiles *all, const PodfilePrograms *programs) {
        static void (*const by_kind[])(Translation *) = {
                [PODFILE_POD] = translate_pod,
                [PODFILE_IMAGE] = translate_image,
                [PODFILE_NET] = translate_net,
                [PODFILE_VOLUME] = translate_volume,
        };
        static const char *const suffixes[] = { "", "-image", "-net", "-volume" };
        Translation t = { .file = p, .all = all, .programs = programs };
        p->unit_name = xasprintf("%s%s.service", p->name, suffixes[p->kind]);
        if (!is_unit_name(p->unit_name))
                podfile_problem(p, NULL, "its name cannot be that of a unit");
        if (p->n_problems > 0)
                return; /* more would only follow from that */
        t.words = strv_copy(NULL);
        if (p->kind == PODFILE_POD)
                add_unit_defaults(&t);
        check_sections(p);
        by_kind[p->kind](&t);
        translation_finish(&t);
        strv_free(t.unit);
        strv_free(t.service);
        strv_free(t.words);
}
