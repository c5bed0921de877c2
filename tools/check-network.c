/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What networks of pods take: plugins, and a packet filter of the kernel. */

#include <fcntl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <sys/socket.h>

#include "alloc.h"
#include "check.h"
#include "cni-exec.h"
#include "file.h"
#include "globals.h"
#include "netlink.h"
#include "strv.h"

/* Asks for the generation of the rules, which needs nothing but that there could be some. */
static int try_nftables(void) {
        const struct nfgenmsg header = { .version = NFNETLINK_V0 };
        _cleanup_netlink_ Netlink *n = NULL;
        int r = netlink_open_protocol(-1, NETLINK_NETFILTER, &n);
        return r < 0 ? r
                     : netlink_call(n,
                                       netlink_message((NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_GETGEN,
                                                       NLM_F_ACK, &header, sizeof(header)),
                                       NULL, NULL);
}

static void check_filter(Checks *c) {
        _cleanup_free_ char *tables = NULL;
        bool iptables = read_file_at(AT_FDCWD, "/proc/net/ip_tables_names", 4096, &tables, NULL) >= 0;
        if (geteuid() != 0) {
                checks_add(c, "packet-filter", CHECK_UNKNOWN, "only root may look", "not tried");
                return;
        }
        int r = try_nftables();
        if (r >= 0 || iptables)
                checks_add(c, "packet-filter", CHECK_OK, NULL, "%s%s%s", r >= 0 ? "nftables" : "",
                                r >= 0 && iptables ? ", " : "", iptables ? "iptables (legacy)" : "");
        else
                checks_add(c, "packet-filter", CHECK_LACKS,
                                "no masquerading and no ports: pods reach out with --net=host only",
                                "neither nftables (%s) nor legacy iptables", strerror(-r));
}

static void check_plugins(Checks *c) {
        static const char *const needed[] = { "ptp", "bridge", "host-local", "portmap" };
        _cleanup_strv_ char **path = cni_plugin_path(NULL, globals.local_config),
                            **missing = strv_copy(NULL), **have = strv_copy(NULL);
        STRV_FOREACH (dir, path) {
                _cleanup_strv_ char **names = NULL;
                if (list_directory_at(AT_FDCWD, *dir, &names) >= 0 && strv_length(names) > 0)
                        strv_add(&have, *dir);
        }
        for (size_t i = 0; i < ELEMENTSOF(needed); i++) {
                _cleanup_free_ char *found = cni_find_plugin(path, needed[i]);
                if (!found)
                        strv_add(&missing, needed[i]);
        }
        _cleanup_free_ char *list = strv_join(missing, ", "), *dirs = strv_join(have, ", ");
        if (strv_length(missing) == 0)
                checks_add(c, "cni-plugins", CHECK_OK, NULL, "%s", dirs);
        else
                checks_add(c, "cni-plugins", CHECK_LACKS,
                                "pods cannot join the default network, or networks of these types",
                                "without %s%s%s", list, isempty(dirs) ? "" : ", in ", dirs);
}

void check_network(Checks *c) {
        check_filter(c);
        check_plugins(c);
}
