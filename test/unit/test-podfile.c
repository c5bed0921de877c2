/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "alloc.h"
#include "json.h"
#include "podfile.h"
#include "strv.h"

static const PodfilePrograms programs = { "/usr/bin/rkt", "/usr/lib/generator" };

static Podfiles *one(Podfiles *l, const char *path, const char *text) {
        *l = (Podfiles){ .items = xnew(Podfile, 1), .n = 1 };
        podfile_parse(path, text, strlen(text), l->items);
        podfile_translate(l->items, l, &programs);
        return l;
}

/* The command line of a pod with these lines in its [App] has these words behind its image. */
static void app_has_words(const char *lines, const char *words) {
        _cleanup_free_ char *text = xasprintf("[App]\nImage=example.com/x\n%s", lines),
                            *expected = xasprintf(" example.com/x%s\n", words);
        _cleanup_podfiles_ Podfiles l;
        const Podfile *p = one(&l, "/p/x.pod", text)->items;
        if (p->n_problems)
                fail_msg("%s: %s", lines, p->problems[0].message);
        if (!strstr(p->unit, expected))
                fail_msg("not%sin %s", expected, p->unit);
}

static void keys_become_flags(void **state) {
        app_has_words("Entrypoint=/bin/x\nUser=a\nReadOnly=on\n",
                        " --exec=/bin/x --user=a --readonly-rootfs=true");
        app_has_words("Environment=A=1 \"B=2 3\"\nEnvironment=A=$x",
                        " \"--environment=B=2 3\" \"--environment=A=$$x\"");
        app_has_words("Environment=A=1\nEnvironment=\nEnvironment=B=1", " --environment=B=1");
        app_has_words("Memory=1M\nMemory=2M\nCPU=%i", " --memory=2M --cpu=%i");
        app_has_words("Volume=/a:/b:ro", " --volume=v1,kind=host,source=/a,readOnly=true "
                                         "--mount=volume=v1,target=/b,readOnly=true");
        app_has_words("Volume=/c\nVolume=data:/d", " --volume=v1,kind=empty --mount=volume=v1,target=/c "
                                                   "--volume=v2,kind=named,name=data "
                                                   "--mount=volume=v2,target=/d");
        app_has_words("Volume=./a:/b", " --volume=v1,kind=host,source=/p/./a --mount=volume=v1,target=/b");
        app_has_words("Exec=-a 'b c' ${D}", " --replace-args -- -a \"b c\" \"${D}\" ---");
        app_has_words("DropCapability=all\nAddCapability=kill CAP_CHOWN",
                        " --caps-retain=CAP_CHOWN,CAP_KILL");
        app_has_words("AutoUpdate=registry", " --annotation=coreos.com/rkt/auto-update=registry");
        app_has_words("After=a b", " --after=a,b");
        app_has_words("Notify=healthy\nHealthCmd=redis-cli -p $PORT ping || exit 1",
                        " --notify=healthy \"--health-cmd=redis-cli -p $$PORT ping || exit 1\"");
        app_has_words("HealthCmd=none\nHealthInterval=10s\nHealthTimeout=1s\nHealthRetries=5",
                        " --health-cmd=none --health-interval=10s --health-timeout=1s --health-retries=5");
        app_has_words("HealthStartPeriod=1m\nHealthStartInterval=1s\nHealthOnFailure=restart\nHealthCmd=a",
                        " --health-cmd=a --health-start-period=1m --health-start-interval=1s "
                        "--health-on-failure=restart");
}

static void keys_of_the_pod_become_flags(void **state) {
        static const char text[] = "[Pod]\nInit=systemd\nLogSize=2Mi\n[App]\nImage=example.com/x\n";
        _cleanup_podfiles_ Podfiles l;
        const Podfile *p = one(&l, "/p/x.pod", text)->items;
        assert_int_equal(p->n_problems, 0);
        assert_non_null(strstr(p->unit, " --init=systemd "));
        assert_non_null(strstr(p->unit, " --log-size=2Mi "));
}

static void what_is_wrong_is_told_with_its_line(void **state) {
        static const struct {
                const char *path, *text, *message;
                unsigned line;
        } bad[] = {
                { "/p/x.pod", "[App]\nImage=x\nMemry=1M", "unknown key Memry=", 3 },
                { "/p/x.pod", "[App]\nImage=x\nMemory=lots", "lots", 3 },
                { "/p/x.pod", "[App]\nImage=x\nReadOnly=maybe", "expected yes or no", 3 },
                { "/p/x.pod", "[App]\nImage=x\nNotify=maybe", "expected yes or no", 3 },
                { "/p/x.pod", "[App]\nImage=x\nHealthInterval=often", "neither a duration", 3 },
                { "/p/x.pod", "[App]\nImage=x\nHealthOnFailure=cry", "none, kill, restart or stop", 3 },
                { "/p/x.pod", "[App]\nImage=x\nHealthStartupCmd=x", "unknown key", 3 },
                { "/p/x.pod", "[App]\nImage=x\n[Serv]\na=b", "unknown section [Serv]", 4 },
                { "/p/x.pod", "[App]\nImage=x\n[Service]\nExecStart=/bin/true", "ExecStart=", 4 },
                { "/p/x.pod", "[App]\nImage=x\nVolume=a:b:c:d", "expected [SOURCE:]PATH", 3 },
                { "/p/x.pod", "[App]\nImage=x\nVolume=/a:b", "path", 3 },
                { "/p/x.pod", "[App]\nImage=x\nVolume=x.volume:/b", "there is no file x.volume", 3 },
                { "/p/x.pod", "[App]\nImage=x.image", "there is no file x.image", 2 },
                { "/p/x.pod", "[App]\nImage=--net=host", "not an image", 2 },
                { "/p/x.pod", "[App]\nImage=x\nExec=\"a", "no closing", 3 },
                { "/p/x.pod", "[App]\nImage=x\nAddCapability=FLY", "unknown capability", 3 },
                { "/p/x.pod", "[App]\nImage=x\n[Pod]\nPublishPort=80", "expected [ADDRESS:]HOST-PORT", 4 },
                { "/p/x.pod", "[App]\nImage=x\n[Pod]\nNetwork=x.net", "there is no file x.net", 4 },
                { "/p/x.pod", "[App]\nImage=x\n[Install]\nWantedBy=../a.target", "not the name of a unit",
                                4 },
                { "/p/x.pod", "[App]\nImage=x\n[Install]\nAlias=a/b.service", "not the name of a unit", 4 },
                { "/p/x.pod", "[App Web]\nImage=x", "an app's name is", 2 },
                { "/p/x.pod", "[Pod]\nMemory=1M", "no [App]", 0 },
                { "/p/x.pod", "[App]\nUser=a", "no Image=", 0 },
                { "/p/x y.pod", "[App]\nImage=a", "cannot be that of a unit", 0 },
                { "/p/x.image", "[Image]\nPull=never", "no Image=", 0 },
                { "/p/x.image", "[Image]\nImage=x\nPull=often", "expected always", 3 },
                { "/p/x.net", "[Network]\nInternal=yes", "no Subnet=", 0 },
                { "/p/x.net", "[Network]\nSubnet=10.1.1", "expected ADDRESS/LENGTH", 2 },
                { "/p/x.net", "[Network]\nSubnet=10.1.1.0/24\nGateway=10.1.1.1\nGateway=10.1.2.1",
                                "without a Subnet=", 4 },
                { "/p/x.net", "[Network]\nSubnet=10.1.1.0/24\nOptions=mtu=big", "expected a number", 3 },
                { "/p/x.net", "[Network]\nSubnet=10.1.1.0/24\nNetworkName=much-too-long-for-it",
                                "InterfaceName=", 0 },
                { "/p/x@.volume", "[Volume]\nMode=0700", "only a pod can be a template", 0 },
        };
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                _cleanup_podfiles_ Podfiles l;
                const Podfile *p = one(&l, bad[i].path, bad[i].text)->items;
                if (p->n_problems == 0)
                        fail_msg("nothing is wrong with %s", bad[i].text);
                if (!strstr(p->problems[0].message, bad[i].message) || p->problems[0].line != bad[i].line)
                        fail_msg("%s:\n%s:%u", bad[i].text, p->problems[0].message, p->problems[0].line);
        }
}

static void links_are_those_of_install(void **state) {
        static const struct {
                const char *path, *install, *links;
        } cases[] = {
                { "/p/x.pod", "WantedBy=a.target b.target\nAlias=y.service",
                                "y.service|a.target.wants/x.service|b.target.wants/x.service" },
                { "/p/x.pod", "RequiredBy=a.service\nUpheldBy=b.service",
                                "a.service.requires/x.service|b.service.upholds/x.service" },
                { "/p/x@.pod", "WantedBy=a.target", "" },
                { "/p/x@.pod", "WantedBy=a.target\nDefaultInstance=one", "a.target.wants/x@one.service" },
        };
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *text = xasprintf("[App]\nImage=x\n[Install]\n%s", cases[i].install);
                _cleanup_podfiles_ Podfiles l;
                const Podfile *p = one(&l, cases[i].path, text)->items;
                _cleanup_free_ char *links = p->links ? strv_join(p->links, "|") : xstrdup("");
                assert_int_equal(p->n_problems, 0);
                assert_string_equal(links, cases[i].links);
        }
}

static void a_net_file_is_a_network_of_cni(void **state) {
        _cleanup_podfiles_ Podfiles l;
        Podfile *p = one(&l, "/p/front.net",
                        "[Network]\nSubnet=10.1.1.0/24\nGateway=10.1.1.9\nIPRange=10.1.1.16/28\n"
                        "Subnet=fd00::/64\nOptions=mtu=1400\nDNS=10.1.1.9\nInternal=no")
                                     ->items;
        assert_int_equal(p->n_problems, 0);
        _cleanup_json_ json_object *network = podfile_network(p);
        _cleanup_free_ char *text = json_to_text(network, false);
        assert_string_equal(text, "{\"cniVersion\":\"1.0.0\",\"name\":\"front\",\"plugins\":[{\"type\":"
                                  "\"bridge\",\"bridge\":\"rkt-front\","
                                  "\"isGateway\":true,\"ipMasq\":true,\"hairpinMode\":true,\"mtu\":1400,"
                                  "\"dns\":{\"nameservers\":[\"10.1.1.9\"]},"
                                  "\"ipam\":{\"type\":\"host-local\",\"ranges\":[[{\"subnet\":\"10.1.1.0/"
                                  "24\",\"gateway\":\"10.1.1.9\","
                                  "\"rangeStart\":\"10.1.1.16\",\"rangeEnd\":\"10.1.1.31\"}],[{\"subnet\":"
                                  "\"fd00::/64\"}]],"
                                  "\"routes\":[{\"dst\":\"0.0.0.0/0\"},{\"dst\":\"::/0\"}]}}]}");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(keys_become_flags),
                cmocka_unit_test(keys_of_the_pod_become_flags),
                cmocka_unit_test(what_is_wrong_is_told_with_its_line),
                cmocka_unit_test(links_are_those_of_install),
                cmocka_unit_test(a_net_file_is_a_network_of_cni),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
