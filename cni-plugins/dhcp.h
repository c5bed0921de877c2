/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Parts of the program dhcp: the plugin, and behind its socket the daemon that keeps leases. */

#include <stdbool.h>
#include <stdint.h>

#define DHCP_STATE_DIRECTORY "/run/cni/dhcp"

typedef struct DhcpSettings {
        char *socket_path, *pid_file, *host_prefix, *state_directory;
        int64_t timeout_ns;   /* that an ADD waits for a lease */
        int64_t delay_max_ns; /* between two attempts of one that a lease was lost to */
        bool broadcast;
} DhcpSettings;

/* "dhcp daemon …"; argv[0] is "daemon". The exit status. */
int dhcp_daemon_main(int argc, char **argv);
