/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Results and errors of CNI plugins, read and written in the form of each version of the specification
 * (https://www.cni.dev/docs/spec/). The struct is that of 1.1.0; older forms are turned into it. */

#include <stddef.h>
#include <stdint.h>

#include "ip-address.h"
#include "json.h"

typedef enum CniVersion {
        CNI_0_1_0,
        CNI_0_2_0,
        CNI_0_3_0,
        CNI_0_3_1,
        CNI_0_4_0,
        CNI_1_0_0,
        CNI_1_1_0,
        _CNI_VERSION_MAX,
} CniVersion;

const char *cni_version_name(CniVersion v);
/* NULL and "" are 0.1.0, as the specification wants it. -EPROTONOSUPPORT for a version that is not in the
 * list above. */
int cni_version_parse(const char *text, CniVersion *ret);
/* What a plugin answers to VERSION, all of the list. The caller's. */
json_object *cni_version_json(CniVersion asked);

/* Codes of errors: below 100 the specification's, from 100 on the plugin's. */
typedef enum CniCode {
        CNI_INCOMPATIBLE_VERSION = 1,
        CNI_UNSUPPORTED_FIELD = 2,
        CNI_UNKNOWN_CONTAINER = 3,
        CNI_INVALID_ENVIRONMENT = 4,
        CNI_IO_FAILURE = 5,
        CNI_DECODING_FAILURE = 6,
        CNI_INVALID_NETWORK_CONFIG = 7,
        CNI_TRY_AGAIN_LATER = 11,
        CNI_PLUGIN_NOT_AVAILABLE = 50,
        CNI_LIMITED_CONNECTIVITY = 51,
        CNI_INTERNAL = 999,
} CniCode;

typedef struct CniError {
        int code;
        char *message;
        char *details; /* NULL: none */
} CniError;

void cni_error_done(CniError *e);
#define _cleanup_cni_error_ _cleanup_(cni_error_done)
/* Allocated. */
char *cni_error_print(CniVersion v, const CniError *e);
/* What a plugin that failed has written. -EINVAL with *ret_error if it is no error of CNI's. */
int cni_error_parse(const char *text, size_t size, CniError *ret, char **ret_error);

typedef struct CniInterface {
        char *name;
        char *mac;         /* NULL: not known */
        char *sandbox;     /* NULL: on the host */
        uint32_t mtu;      /* 0: not known; this and the next two are of 1.1.0 */
        char *socket_path; /* NULL: none */
        char *pci_id;      /* NULL: none */
} CniInterface;

typedef struct CniAddress {
        IpPrefix address;
        IpAddress gateway; /* family 0: none */
        int interface;     /* index into interfaces, -1: not said */
} CniAddress;

typedef struct CniRoute {
        IpPrefix destination;
        IpAddress gateway; /* family 0: none */
        /* of 1.1.0; -1: not said */
        int64_t mtu, advmss, priority, table, scope;
} CniRoute;

typedef struct CniDns {
        char **nameservers, **search, **options;
        char *domain; /* NULL: none */
} CniDns;

typedef struct CniResult {
        CniVersion version; /* of the text that was read */
        CniInterface *interfaces;
        size_t n_interfaces;
        CniAddress *ips;
        size_t n_ips;
        CniRoute *routes;
        size_t n_routes;
        CniDns dns;
} CniResult;

void cni_dns_done(CniDns *d);
void cni_result_done(CniResult *r); /* frees what it holds; the struct is the caller's */
#define _cleanup_cni_result_ _cleanup_(cni_result_done)

/* Each gives the new element, for the caller to fill; strings in it become the result's. Valid until the
 * next one is added. Routes come with everything not said, addresses with no interface. */
CniInterface *cni_result_add_interface(CniResult *r);
CniAddress *cni_result_add_address(CniResult *r);
CniRoute *cni_result_add_route(CniResult *r);
void cni_dns_copy(CniDns *to, const CniDns *from);
bool cni_dns_is_empty(const CniDns *d);

/* Reads a result. Its form is that of its cniVersion or, where it has none, of version. -EINVAL with
 * *ret_error ("name:LINE:COLUMN: …", the caller's). *ret is written only on success. */
int cni_result_parse(const char *name, const char *text, size_t size, CniVersion version, CniResult *ret,
                char **ret_error);
/* The same for a value in a document: prevResult of a configuration. */
int cni_result_from_json(JsonContext *c, json_object *o, CniVersion version, CniResult *ret);
/* Parts that configurations have, too. */
int cni_route_from_json(JsonContext *c, json_object *o, CniRoute *ret);
/* Adds the routes of the list that is member key of o, which may be absent. */
int cni_routes_from_json(JsonContext *c, json_object *o, const char *key, CniResult *result);
int cni_dns_from_json(JsonContext *c, json_object *o, CniDns *ret);
/* A string member that is an address or a prefix; left alone when it is absent or "". */
int cni_get_address(JsonContext *c, json_object *o, const char *key, JsonPresence p, IpAddress *ret);
int cni_get_prefix(JsonContext *c, json_object *o, const char *key, JsonPresence p, IpPrefix *ret);

/* Writes it in the form of a version: 0.1.0 and 0.2.0 hold the first address of each family and no
 * interfaces. -ENODATA if it has no address and the version cannot say so. The caller's. */
int cni_result_to_json(const CniResult *r, CniVersion version, json_object **ret);
int cni_result_print(const CniResult *r, CniVersion version, char **ret); /* tab-indented text */
