/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "volume.h"

static void a_host_volume_keeps_what_was_said_and_what_was_not(void **state) {
        _cleanup_volume_ Volume v = {};
        assert_int_equal(volume_from_option("data,kind=host,source=/srv/data,readOnly=true", &v, NULL), 0);
        assert_string_equal(v.name, "data");
        assert_int_equal(v.kind, VOLUME_HOST);
        assert_string_equal(v.source, "/srv/data");
        assert_int_equal(v.read_only, 1);
        assert_int_equal(v.recursive, -1);
        _cleanup_free_ char *text = volume_to_option(&v);
        assert_string_equal(text, "data,kind=host,source=/srv/data,readOnly=true");
}

static void an_empty_volume_has_a_mode_and_an_owner(void **state) {
        _cleanup_volume_ Volume v = {}, w = {};
        assert_int_equal(volume_from_option("tmp,kind=empty", &v, NULL), 0);
        assert_int_equal(v.mode, 0755);
        assert_int_equal(v.uid, 0);
        assert_null(v.source);
        assert_int_equal(volume_from_option("tmp,kind=empty,mode=1777,uid=5,gid=6,readOnly=0", &w, NULL), 0);
        _cleanup_free_ char *text = volume_to_option(&w);
        assert_string_equal(text, "tmp,kind=empty,readOnly=false,mode=1777,uid=5,gid=6");
}

static void a_tmpfs_has_a_size_and_is_for_everybody(void **state) {
        _cleanup_volume_ Volume v = {}, w = {};
        assert_int_equal(volume_from_option("tmp,kind=tmpfs", &v, NULL), 0);
        assert_int_equal(v.kind, VOLUME_TMPFS);
        assert_int_equal(v.mode, 01777);
        assert_int_equal(v.size, 0);
        assert_int_equal(volume_from_option("tmp,kind=tmpfs,size=64Mi,mode=0700,uid=5", &w, NULL), 0);
        _cleanup_free_ char *text = volume_to_option(&w);
        assert_string_equal(text, "tmp,kind=tmpfs,size=67108864,mode=0700,uid=5,gid=0");
}

static void a_named_volume_is_called_as_it_says_or_as_in_the_pod(void **state) {
        _cleanup_volume_ Volume v = {}, w = {};
        assert_int_equal(volume_from_option("data,kind=named", &v, NULL), 0);
        assert_int_equal(v.kind, VOLUME_NAMED);
        assert_string_equal(v.source, "data");
        assert_int_equal(v.mode, 0755);
        assert_int_equal(volume_from_option("data,kind=named,name=My_db.1,uid=5", &w, NULL), 0);
        assert_string_equal(w.name, "data");
        assert_string_equal(w.source, "My_db.1");
        _cleanup_free_ char *text = volume_to_option(&w);
        assert_string_equal(text, "data,kind=named,name=My_db.1,mode=0755,uid=5,gid=0");
}

static void a_volume_copy_is_its_own(void **state) {
        _cleanup_volume_ Volume v = {}, w = {};
        assert_int_equal(volume_from_option("data,kind=host,source=/srv", &v, NULL), 0);
        volume_copy(&w, &v);
        assert_ptr_not_equal(v.source, w.source);
        assert_string_equal(w.source, "/srv");
}

static void wrong_volumes_are_explained(void **state) {
        static const char *const table[][2] = {
                { "data", "expected NAME,kind=host" },
                { ",kind=empty", "name: \"\" is not an AC name" },
                { "Data,kind=empty", "name: \"Data\" is not an AC name" },
                { "data,source=/x", "kind: missing" },
                { "data,kind=disk", "unknown kind of volume \"disk\"" },
                { "data,kind=host", "source: missing" },
                { "data,kind=host,source=srv", "source: \"srv\" is not an absolute path" },
                { "data,kind=host,source=/x,mode=0755", "mode: is only for volumes of kind empty" },
                { "data,kind=empty,source=/x", "source: is only for volumes of kind host" },
                { "data,kind=empty,mode=0999", "mode: \"0999\" is not a file mode" },
                { "data,kind=empty,mode=77777", "mode: \"77777\" is not a file mode" },
                { "data,kind=empty,uid=-1", "uid: -1 is out of range" },
                { "data,kind=empty,uid=root", "uid: expected a number" },
                { "data,kind=empty,readOnly=perhaps", "readOnly: expected true or false" },
                { "data,kind=empty,kind=empty", "\"kind\" is given twice" },
                { "data,kind=empty,size=3", "size: is only for volumes of kind tmpfs" },
                { "data,kind=host,source=/x,size=1G", "size: is only for volumes of kind tmpfs" },
                { "data,kind=tmpfs,size=64m", "size: \"64m\" is not the size of a volume" },
                { "data,kind=tmpfs,size=lots", "size: \"lots\" is not the size of a volume" },
                { "data,kind=empty,name=x", "source: is only for volumes of kind host" },
                { "data,kind=named,name=../x", "source: \"../x\" is not a name" },
                { "data,kind=named,name=.x", "source: \".x\" is not a name" },
                { "data,kind=named,size=3", "size: is only for volumes of kind tmpfs" },
                { "data,kind=tmpfs,source=/x", "source: is only for volumes of kind host" },
                { "data,kind=empty,colour=3", "unknown parameter \"colour\"" },
                { "data,kind=empty,", "expected NAME=VALUE" },
        };
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                Volume v;
                _cleanup_free_ char *error = NULL;
                assert_int_equal(volume_from_option(table[i][0], &v, &error), -22);
                if (!strstr(error, table[i][1]))
                        fail_msg("\"%s\": %s", table[i][0], error);
        }
}

static void a_mount_names_a_volume_and_a_path(void **state) {
        _cleanup_mount_ Mount m = {}, bad = {};
        assert_int_equal(mount_from_option("volume=data,target=/var/lib/data", &m, NULL), 0);
        assert_string_equal(m.volume, "data");
        assert_string_equal(m.path, "/var/lib/data");
        assert_null(m.app_volume);
        assert_int_equal(m.read_only, -1);
        _cleanup_mount_ Mount ro = {};
        assert_int_equal(mount_from_option("volume=data,target=/x,readOnly=true", &ro, NULL), 0);
        assert_int_equal(ro.read_only, 1);
        _cleanup_free_ char *ro_text = mount_to_option(&ro);
        assert_string_equal(ro_text, "volume=data,target=/x,readOnly=true");
        _cleanup_free_ char *text = mount_to_option(&m), *error = NULL;
        assert_string_equal(text, "volume=data,target=/var/lib/data");
        assert_int_equal(mount_from_option("volume=data,target=data", &bad, &error), -22);
        assert_string_equal(error, "path: \"data\" is not an absolute path");
        free(error);
        assert_int_equal(mount_from_option("volume=data", &bad, &error), -22);
        assert_string_equal(error, "\"volume=data\": expected volume=NAME,target=PATH");
}

static void a_mount_may_bring_its_own_volume(void **state) {
        _cleanup_mount_ Mount m = {}, bad = {};
        assert_int_equal(mount_volume_from_option("target=/db,name=db,kind=host,source=/srv/db", &m, NULL),
                        0);
        assert_string_equal(m.volume, "db");
        assert_string_equal(m.path, "/db");
        assert_string_equal(m.app_volume->name, "db");
        assert_string_equal(m.app_volume->source, "/srv/db");
        _cleanup_free_ char *no_target = NULL, *no_name = NULL;
        assert_int_equal(mount_volume_from_option("name=db,kind=empty", &bad, &no_target), -22);
        assert_int_equal(mount_volume_from_option("target=/x,kind=empty", &bad, &no_name), -22);
        assert_non_null(strstr(no_target, "target=PATH"));
        assert_non_null(strstr(no_name, "name=NAME"));
}

static void a_port_is_published_on_every_address_or_on_one(void **state) {
        static const struct {
                const char *text, *ip;
                uint16_t port;
        } table[] = {
                { "www:8080", NULL, 8080 },
                { "www:127.0.0.1:80", "127.0.0.1", 80 },
                { "www:[::1]:65535", "::1", 65535 },
        };
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_exposed_port_ ExposedPort p = {};
                assert_int_equal(exposed_port_from_option(table[i].text, &p, NULL), 0);
                assert_string_equal(p.name, "www");
                assert_int_equal(p.host_port, table[i].port);
                assert_true(streq_ptr(p.host_ip, table[i].ip));
                _cleanup_free_ char *text = exposed_port_to_option(&p);
                assert_string_equal(text, table[i].text);
        }
        static const char *const bad[] = { "", "www", "www:", "www:0", "www:65536", "www:x", "WWW:80", ":80",
                "www::80", "www:1.2.3:80", "www:::1:80", "www:[]:80", "www:80:", "www:[1.2.3.4:80" };
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                ExposedPort p;
                _cleanup_free_ char *error = NULL;
                if (exposed_port_from_option(bad[i], &p, &error) != -22 || !error)
                        fail_msg("\"%s\" was accepted", bad[i]);
        }
}

static void a_port_of_a_sandbox_says_what_no_app_does(void **state) {
        static const struct {
                const char *text, *ip;
        } table[] = {
                { "www:tcp:80:127.0.0.1:8080", "127.0.0.1" },
                { "www:tcp:80::8080", NULL },
                { "www:tcp:80:[::1]:8080", "::1" },
        };
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_exposed_port_ ExposedPort p = {};
                assert_int_equal(exposed_port_from_sandbox_option(table[i].text, &p, NULL), 0);
                assert_string_equal(p.name, "www");
                assert_int_equal(p.host_port, 8080);
                assert_true(streq_ptr(p.host_ip, table[i].ip));
                assert_string_equal(p.pod_port->protocol, "tcp");
                assert_int_equal(p.pod_port->port, 80);
        }
        static const char *const bad[] = { "", "www", "www:tcp:80", "www:tcp:80:8080", "www:tcp:0::80",
                "www:tcp:80::0", "www:tcp:80::65536", "www:tcp:x::80", "www:icmp:80::80", "WWW:tcp:80::80",
                "www:tcp:80:::1:80", "www:tcp:80:1.2.3:80", ":tcp:80::80", "www::80::80" };
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                ExposedPort p;
                _cleanup_free_ char *error = NULL;
                if (exposed_port_from_sandbox_option(bad[i], &p, &error) != -22 || !error)
                        fail_msg("\"%s\" was accepted", bad[i]);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_host_volume_keeps_what_was_said_and_what_was_not),
                cmocka_unit_test(an_empty_volume_has_a_mode_and_an_owner),
                cmocka_unit_test(a_tmpfs_has_a_size_and_is_for_everybody),
                cmocka_unit_test(a_named_volume_is_called_as_it_says_or_as_in_the_pod),
                cmocka_unit_test(a_volume_copy_is_its_own),
                cmocka_unit_test(wrong_volumes_are_explained),
                cmocka_unit_test(a_mount_names_a_volume_and_a_path),
                cmocka_unit_test(a_mount_may_bring_its_own_volume),
                cmocka_unit_test(a_port_is_published_on_every_address_or_on_one),
                cmocka_unit_test(a_port_of_a_sandbox_says_what_no_app_does),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
