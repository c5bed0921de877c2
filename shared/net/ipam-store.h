/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Addresses that are taken, as files that the reference host-local reads and writes, too:
 *
 *      DIRECTORY/NETWORK/ADDRESS              "CONTAINER-ID\r\nIFNAME"; older ones have the id alone
 *      DIRECTORY/NETWORK/last_reserved_ip.N   the address that range set N gave away last
 *      DIRECTORY/NETWORK/lock                 locked by flock(2) while one looks and takes */

#include "ip-address.h"

#define IPAM_DIRECTORY "/var/lib/cni/networks"

typedef struct IpamStore IpamStore;

/* Opens and locks it; the directories are made. directory NULL: IPAM_DIRECTORY. */
int ipam_store_open(const char *directory, const char *network, IpamStore **ret);
void ipam_store_close(IpamStore *s);
DEFINE_CLEANUP(IpamStore *, ipam_store_close)
#define _cleanup_ipam_store_ _cleanup_(ipam_store_closep)

/* What the file of an address says. Cuts text, which has a NUL behind its size bytes, and points into it. */
typedef struct IpamOwner {
        const char *container_id;
        const char *ifname; /* NULL: the file does not say */
} IpamOwner;
void ipam_owner_parse(char *text, size_t size, IpamOwner *ret);

/* 1 if the address is now the attachment's, 0 if it is somebody's. It becomes the last one of the set. */
int ipam_store_reserve(
                IpamStore *s, const char *container_id, const char *ifname, const IpAddress *a, size_t set);
/* False if the set has given none away, or nobody can read which. */
bool ipam_store_last(IpamStore *s, size_t set, IpAddress *ret);

/* The attachment's addresses. Allocated. */
int ipam_store_find(
                IpamStore *s, const char *container_id, const char *ifname, IpAddress **ret, size_t *ret_n);
/* Gives back all addresses of the attachment; none is fine. */
int ipam_store_release(IpamStore *s, const char *container_id, const char *ifname);

/* Gives back those of which keep says false. ifname is NULL where the file has none. */
typedef bool (*IpamStoreKeep)(const char *container_id, const char *ifname, void *data);
int ipam_store_collect(IpamStore *s, IpamStoreKeep keep, void *data);
