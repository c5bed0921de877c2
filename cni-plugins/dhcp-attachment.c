/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dhcp-attachment.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>

#include "alloc.h"
#include "dhcp-announce.h"
#include "dhcp-state.h"
#include "duration.h"
#include "file.h"
#include "log.h"

uint64_t dhcp_now(void) {
        struct timespec t;
        clock_gettime(CLOCK_BOOTTIME, &t);
        return timespec_ns(t);
}

static const char *name(const Attachment *a) {
        return a->request.call.container_id;
}

static const char *ifname(const Attachment *a) {
        return a->request.call.ifname;
}

/* Everything but the lease. */
static Attachment *make(const DhcpSettings *settings, DhcpRequest *request, char **ret_error) {
        Attachment *a = xnew(Attachment, 1);
        a->settings = settings;
        a->link = (DhcpLink) DHCP_LINK_NONE;
        a->request = *request;
        *request = (DhcpRequest){};
        CniCall *c = &a->request.call;
        a->netns = xasprintf("%s%s", settings->host_prefix ?: "", c->netns ?: "");
        a->file = xasprintf("%s:%s:%s", c->container_id, c->network, c->ifname);
        a->client.delay_max = settings->delay_max_ns;
        if (dhcp_config_read(c, &a->config) < 0) {
                *ret_error = TAKE_PTR(c->error.message);
                attachment_free(a);
                return NULL;
        }
        a->client.identity = a->config.identity;
        return a;
}

void attachment_free(Attachment *a) {
        dhcp_link_close(&a->link);
        dhcp_client_done(&a->client);
        dhcp_request_done(&a->request);
        free(a->netns);
        free(a->file);
        free(a);
}

static int open_link(Attachment *a) {
        if (a->link.socket >= 0)
                return 0;
        int r = dhcp_link_open(a->netns, ifname(a), &a->link);
        if (r < 0)
                return r;
        memcpy(a->client.identity.mac, a->link.mac, sizeof(a->link.mac));
        a->client.identity.broadcast =
                        a->config.identity.broadcast || a->settings->broadcast || a->link.ipvlan;
        return 0;
}

Attachment *attachment_start(const DhcpSettings *settings, DhcpRequest *request, char **ret_error) {
        Attachment *a = make(settings, request, ret_error);
        if (!a)
                return NULL;
        int r = open_link(a);
        if (r < 0) {
                *ret_error = r == -ENODEV ? xasprintf("failed to lookup \"%s\": Link not found", ifname(a))
                                          : xasprintf("%s in %s: %s", ifname(a), a->netns, strerror(-r));
                attachment_free(a);
                return NULL;
        }
        uint64_t now = dhcp_now();
        a->is_set = true; /* by the plugin that has asked */
        a->deadline = now + settings->timeout_ns;
        dhcp_client_start(&a->client, now);
        return a;
}

bool attachment_is(const Attachment *a, const CniCall *c) {
        const CniCall *own = &a->request.call;
        return streq(own->container_id, c->container_id) && streq(own->network, c->network) &&
               streq(own->ifname, c->ifname);
}

bool attachment_is_current(const Attachment *a, const DhcpRequest *request) {
        DhcpLink l = DHCP_LINK_NONE;
        bool same = streq_ptr(a->request.call.netns, request->call.netns) &&
                    dhcp_link_open(a->netns, ifname(a), &l) >= 0 &&
                    memcmp(l.mac, a->client.identity.mac, sizeof(l.mac)) == 0;
        dhcp_link_close(&l);
        return same;
}

uint64_t attachment_next(const Attachment *a) {
        return MIN(a->client.next, a->deadline);
}

json_object *attachment_result(const Attachment *a) {
        json_object *o = NULL;
        CniResult result = a->client.lease.result; /* borrowed but for the routes' own values */
        for (size_t i = 0; i < result.n_routes && a->config.priority > 0; i++)
                result.routes[i].priority = a->config.priority;
        cni_result_to_json(&result, CNI_1_1_0, &o);
        return o;
}

/* Without an address that is the interface's own: what runs in the container must not go on with one that
 * may be another's by now. */
static void take_address_away(Attachment *a) {
        const IpPrefix *address = dhcp_lease_address(&a->client.lease);
        char text[IP_PREFIX_TEXT_MAX];
        int r = dhcp_link_configure(a->netns, ifname(a), address, NULL);
        ip_prefix_format(address, text);
        if (r < 0)
                log_error_errno(r, "%s: cannot remove %s, whose lease is over, from %s", name(a), text,
                                ifname(a));
        else
                log_warning("%s: the lease of %s on %s is over: the address is removed", name(a), text,
                                ifname(a));
        a->is_set = false;
}

static void set_address(Attachment *a, const IpPrefix *old) {
        const CniResult *result = &a->client.lease.result;
        char text[IP_PREFIX_TEXT_MAX];
        for (size_t i = 0; i < result->n_routes && a->config.priority > 0; i++)
                result->routes[i].priority = a->config.priority;
        int r = dhcp_link_configure(a->netns, ifname(a), old, result);
        ip_prefix_format(&result->ips[0].address, text);
        if (r < 0)
                log_error_errno(r, "%s: cannot set %s on %s", name(a), text, ifname(a));
        else
                log_info("%s: %s has the address %s now", name(a), ifname(a), text);
        if (r >= 0)
                dhcp_announce(&a->request.call, result);
        a->is_set = r >= 0;
}

static int take_lease(Attachment *a, const IpPrefix *old) {
        const IpPrefix *address = dhcp_lease_address(&a->client.lease);
        bool changed = old->address.family &&
                       (!ip_equal(&old->address, &address->address) || old->length != address->length);
        if (a->client.lease.mtu > 0)
                dhcp_link_limit_mtu(a->netns, ifname(a), a->client.lease.mtu);
        if (!a->is_set || changed)
                set_address(a, changed ? old : NULL);
        a->deadline = DHCP_NEVER;
        dhcp_link_close(&a->link);
        int r = dhcp_state_save(a);
        if (r < 0)
                log_warning_errno(r, "%s: the lease cannot be saved and will not survive this daemon",
                                name(a));
        return 1;
}

static void send_packet(Attachment *a, const DhcpPacket *p) {
        const uint8_t *mac = p->path.destination.family ? a->server_mac : NULL;
        int r = dhcp_link_send(&a->link, mac, &p->path, p->message.bytes, p->message.size);
        if (r < 0)
                log_debug_errno(r, "%s: cannot send on %s", name(a), ifname(a)); /* as one that got lost */
}

static void handle(Attachment *a, DhcpEvent event, const DhcpPacket *p) {
        if (event == DHCP_EVENT_SEND)
                send_packet(a, p);
        if (event == DHCP_EVENT_LOST)
                take_address_away(a);
}

/* What has no interface any more needs no lease. */
static bool link_is_there(Attachment *a) {
        if (a->link.socket >= 0) {
                DhcpLink again = DHCP_LINK_NONE;
                int r = dhcp_link_open(a->netns, ifname(a), &again);
                bool same = r >= 0 && again.index == a->link.index;
                dhcp_link_close(&again);
                return same;
        }
        return open_link(a) >= 0;
}

int attachment_run(Attachment *a) {
        uint64_t now;
        DhcpPacket p;
        while (a->client.next <= (now = dhcp_now())) {
                if (!link_is_there(a)) {
                        a->gone = true;
                        return 0;
                }
                handle(a, dhcp_client_run(&a->client, now, &p), &p);
        }
        return 0;
}

int attachment_receive(Attachment *a) {
        uint8_t message[DHCP_FRAME_MAX], mac[DHCP_MAC_SIZE];
        DhcpPacket p;
        ssize_t n;
        while (a->link.socket >= 0 && (n = dhcp_link_receive(&a->link, message, mac)) != -EAGAIN) {
                if (n < 0) { /* the interface is down or gone: seen when something is to be sent */
                        log_debug_errno(n, "%s: cannot receive on %s", name(a), ifname(a));
                        return 0;
                }
                IpPrefix old = a->client.has_lease ? *dhcp_lease_address(&a->client.lease) : (IpPrefix){};
                DhcpEvent event = n > 0 ? dhcp_client_receive(&a->client, dhcp_now(), message, n, &p)
                                        : DHCP_EVENT_NONE;
                if (event == DHCP_EVENT_GOT) {
                        memcpy(a->server_mac, mac, sizeof(mac));
                        return take_lease(a, &old);
                }
                handle(a, event, &p);
        }
        return 0;
}

void attachment_release(Attachment *a) {
        DhcpPacket p;
        if (a->client.has_lease && open_link(a) >= 0) {
                dhcp_client_release(&a->client, &p);
                send_packet(a, &p);
        }
        dhcp_state_remove(a);
}

Attachment *attachment_load(const DhcpSettings *settings, const char *file) {
        _cleanup_free_ char *error = NULL;
        DhcpRequest request = {};
        DhcpSaved saved = {};
        int r = dhcp_state_load(settings, file, &request, &saved);
        Attachment *a = r < 0 ? NULL : make(settings, &request, &error);
        if (a && (open_link(a) < 0 || dhcp_client_resume(&a->client, saved.ack, saved.ack_size,
                                                      saved.bound) < 0)) {
                dhcp_state_remove(a);
                attachment_free(a);
                a = NULL;
        }
        if (a) {
                memcpy(a->server_mac, saved.server_mac, sizeof(saved.server_mac));
                a->is_set = true;
                a->deadline = DHCP_NEVER;
                dhcp_link_close(&a->link);
        }
        dhcp_request_done(&request);
        free(saved.ack);
        return a;
}
