/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dhcp-client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "alloc.h"
#include "duration.h"

#define DELAY_FIRST_NS   (2 * NSEC_PER_SEC) /* doubled with each attempt */
#define DELAY_DEFAULT_NS (62 * NSEC_PER_SEC)
#define RENEW_DELAY_NS   (60 * NSEC_PER_SEC) /* RFC 2131, 4.4.5: at least */
#define REQUESTS_MAX     4                   /* before the server of an offer is given up */

/* The option in the list, from its code on; NULL if it is not there. */
static const uint8_t *find_option(const DhcpIdentity *id, uint8_t code) {
        for (size_t i = 0; i < id->options_size; i += 2 + id->options[i + 1])
                if (id->options[i] == code)
                        return id->options + i;
        return NULL;
}

int dhcp_identity_provide(DhcpIdentity *id, uint8_t code, const void *data, size_t size) {
        uint8_t *old = (uint8_t *) find_option(id, code);
        size_t freed = old ? 2 + old[1] : 0;
        if (size > UINT8_MAX || id->options_size - freed + 2 + size > sizeof(id->options))
                return -ENOBUFS;
        if (old)
                memmove(old, old + freed, id->options + id->options_size - old - freed);
        uint8_t *p = id->options + id->options_size - freed;
        p[0] = code;
        p[1] = size;
        memcpy(p + 2, data, size);
        id->options_size += 2 + size - freed;
        return 0;
}

static uint32_t random_u32(void) {
        uint32_t v = 0;
        if (getrandom(&v, sizeof(v), 0) < 0)
                v = (uint32_t) monotonic_ns();
        return v;
}

/* Many that start at once, as after a power cut, must not go on in step. */
static uint64_t backoff(const DhcpClient *c) {
        uint64_t max = c->delay_max ? c->delay_max : DELAY_DEFAULT_NS;
        uint64_t delay = DELAY_FIRST_NS << MIN(c->tries, 6U);
        return MIN(delay, max) + random_u32() % (NSEC_PER_SEC / 2);
}

static uint64_t after(const DhcpClient *c, uint32_t seconds) {
        return seconds == DHCP_FOREVER ? DHCP_NEVER : c->bound + seconds * NSEC_PER_SEC;
}

static void forget_lease(DhcpClient *c) {
        dhcp_lease_done(&c->lease);
        free(c->ack);
        c->ack = NULL;
        c->has_lease = false;
}

void dhcp_client_done(DhcpClient *c) {
        forget_lease(c);
}

static void begin_exchange(DhcpClient *c, DhcpState state, uint64_t now) {
        c->state = state;
        c->xid = random_u32();
        c->begun = now;
        c->tries = 0;
        c->next = now;
}

void dhcp_client_start(DhcpClient *c, uint64_t now) {
        forget_lease(c);
        begin_exchange(c, DHCP_STATE_SELECTING, now);
}

static void write_begin(const DhcpClient *c, DhcpType type, uint64_t now, DhcpPacket *p) {
        const DhcpIdentity *id = &c->identity;
        bool uses = c->has_lease;
        DhcpHeader h = {
                .type = type,
                .xid = c->xid,
                .seconds = MIN((now - c->begun) / NSEC_PER_SEC, (uint64_t) UINT16_MAX),
                .broadcast = id->broadcast && !uses,
        };
        memcpy(h.mac, id->mac, sizeof(h.mac));
        if (uses)
                h.address = dhcp_lease_address(&c->lease)->address;
        p->path = (DhcpPath){ .source = h.address };
        dhcp_write_begin(&p->message, &h);
        const uint8_t *client = find_option(id, DHCP_OPTION_CLIENT_ID);
        if (client)
                dhcp_write_option(&p->message, DHCP_OPTION_CLIENT_ID, client + 2, client[1]);
}

static void write_address(DhcpPacket *p, uint8_t code, const IpAddress *a) {
        if (a->family)
                dhcp_write_option(&p->message, code, a->bytes, 4);
}

static void write_wishes(const DhcpClient *c, DhcpPacket *p) {
        const DhcpIdentity *id = &c->identity;
        uint16_t max = htons(DHCP_FRAME_MAX);
        dhcp_write_option(&p->message, DHCP_OPTION_MAX_SIZE, &max, sizeof(max));
        if (id->n_parameters)
                dhcp_write_option(&p->message, DHCP_OPTION_PARAMETERS, id->parameters, id->n_parameters);
        for (size_t i = 0; i < id->options_size; i += 2 + id->options[i + 1])
                if (id->options[i] != DHCP_OPTION_CLIENT_ID)
                        dhcp_write_option(&p->message, id->options[i], id->options + i + 2,
                                        id->options[i + 1]);
}

static DhcpEvent send_discover(DhcpClient *c, uint64_t now, DhcpPacket *ret) {
        write_begin(c, DHCP_DISCOVER, now, ret);
        write_address(ret, DHCP_OPTION_REQUESTED_ADDRESS, &c->wanted);
        write_wishes(c, ret);
        dhcp_write_end(&ret->message);
        c->next = now + backoff(c);
        c->tries++;
        return DHCP_EVENT_SEND;
}

static DhcpEvent send_request(DhcpClient *c, uint64_t now, DhcpPacket *ret) {
        write_begin(c, DHCP_REQUEST, now, ret);
        if (c->state == DHCP_STATE_REQUESTING) {
                write_address(ret, DHCP_OPTION_REQUESTED_ADDRESS, &c->wanted);
                write_address(ret, DHCP_OPTION_SERVER, &c->chosen_server);
        } else if (c->state == DHCP_STATE_RENEWING)
                ret->path.destination = c->lease.server;
        write_wishes(c, ret);
        dhcp_write_end(&ret->message);
        c->sent = now;
        c->tries++;
        return DHCP_EVENT_SEND;
}

/* Half of what is left, but not all the time: RFC 2131, 4.4.5. */
static uint64_t half_way(uint64_t now, uint64_t end) {
        uint64_t delay = MAX((end - now) / 2, (uint64_t) RENEW_DELAY_NS);
        return now + MIN(delay, end - now);
}

static DhcpEvent lose(DhcpClient *c, uint64_t now) {
        c->wanted = dhcp_lease_address(&c->lease)->address;
        c->has_lease = false; /* the lease is still there for the caller to see what is lost */
        begin_exchange(c, DHCP_STATE_SELECTING, now);
        return DHCP_EVENT_LOST;
}

static DhcpEvent run_bound(DhcpClient *c, uint64_t now, DhcpPacket *ret) {
        uint64_t rebind = after(c, c->lease.rebind_after), end = after(c, c->lease.lifetime);
        if (now >= end)
                return lose(c, now);
        DhcpState state = now >= rebind ? DHCP_STATE_REBINDING : DHCP_STATE_RENEWING;
        if (c->state != state)
                begin_exchange(c, state, now);
        c->next = half_way(now, state == DHCP_STATE_REBINDING ? end : rebind);
        return send_request(c, now, ret);
}

DhcpEvent dhcp_client_run(DhcpClient *c, uint64_t now, DhcpPacket *ret) {
        if (now < c->next)
                return DHCP_EVENT_NONE;
        if (c->state == DHCP_STATE_REQUESTING && c->tries >= REQUESTS_MAX)
                begin_exchange(c, DHCP_STATE_SELECTING, now);
        switch (c->state) {
        case DHCP_STATE_SELECTING: return send_discover(c, now, ret);
        case DHCP_STATE_REQUESTING: c->next = now + backoff(c); return send_request(c, now, ret);
        case DHCP_STATE_BOUND:
        case DHCP_STATE_RENEWING:
        case DHCP_STATE_REBINDING: return run_bound(c, now, ret);
        }
        return DHCP_EVENT_NONE;
}

static int take_lease(
                DhcpClient *c, const DhcpMessage *m, const uint8_t *data, size_t size, uint64_t bound) {
        _cleanup_free_ char *why = NULL;
        DhcpLease l;
        int r = dhcp_lease_from_message(m, &l, &why);
        if (r < 0)
                return r;
        forget_lease(c);
        c->lease = l;
        c->has_lease = true;
        c->ack = xmalloc(size);
        memcpy(c->ack, data, size);
        c->ack_size = size;
        c->bound = bound;
        c->state = DHCP_STATE_BOUND;
        c->next = after(c, l.renew_after);
        return 0;
}

int dhcp_client_resume(DhcpClient *c, const uint8_t *ack, size_t size, uint64_t bound) {
        _cleanup_dhcp_message_ DhcpMessage m = {};
        if (dhcp_message_parse(ack, size, &m) < 0 || m.type != DHCP_ACK)
                return -EBADMSG;
        return take_lease(c, &m, ack, size, bound) < 0 ? -EBADMSG : 0;
}

/* The first that can be used. */
static DhcpEvent on_offer(DhcpClient *c, uint64_t now, const DhcpMessage *m, DhcpPacket *ret) {
        _cleanup_dhcp_lease_ DhcpLease l = {};
        _cleanup_free_ char *why = NULL;
        if (dhcp_lease_from_message(m, &l, &why) < 0)
                return DHCP_EVENT_NONE;
        c->state = DHCP_STATE_REQUESTING;
        c->wanted = m->address;
        c->chosen_server = l.server;
        c->tries = 0;
        c->next = now + backoff(c);
        return send_request(c, now, ret);
}

/* Only the server that was asked may refuse; when all were, each may. */
static DhcpEvent on_nak(DhcpClient *c, uint64_t now, const DhcpMessage *m) {
        IpAddress server = dhcp_message_address(m, DHCP_OPTION_SERVER);
        if (c->state == DHCP_STATE_REQUESTING && ip_equal(&server, &c->chosen_server)) {
                begin_exchange(c, DHCP_STATE_SELECTING, now);
                c->wanted = (IpAddress){};
                c->next = now + backoff(c); /* one that offers and refuses must not keep us busy */
                return DHCP_EVENT_NONE;
        }
        if (c->state == DHCP_STATE_REBINDING ||
                        (c->state == DHCP_STATE_RENEWING && ip_equal(&server, &c->lease.server)))
                return lose(c, now);
        return DHCP_EVENT_NONE;
}

static DhcpEvent on_ack(DhcpClient *c, const DhcpMessage *m, const uint8_t *data, size_t size) {
        IpAddress server = dhcp_message_address(m, DHCP_OPTION_SERVER);
        if (c->state == DHCP_STATE_SELECTING || c->state == DHCP_STATE_BOUND ||
                        (c->state == DHCP_STATE_REQUESTING && !ip_equal(&server, &c->chosen_server)))
                return DHCP_EVENT_NONE;
        return take_lease(c, m, data, size, c->sent) < 0 ? DHCP_EVENT_NONE : DHCP_EVENT_GOT;
}

DhcpEvent dhcp_client_receive(
                DhcpClient *c, uint64_t now, const uint8_t *data, size_t size, DhcpPacket *ret) {
        _cleanup_dhcp_message_ DhcpMessage m = {};
        if (dhcp_message_parse(data, size, &m) < 0 || m.xid != c->xid ||
                        memcmp(m.mac, c->identity.mac, sizeof(m.mac)) != 0)
                return DHCP_EVENT_NONE;
        if (m.type == DHCP_OFFER && c->state == DHCP_STATE_SELECTING)
                return on_offer(c, now, &m, ret);
        if (m.type == DHCP_NAK)
                return on_nak(c, now, &m);
        if (m.type == DHCP_ACK)
                return on_ack(c, &m, data, size);
        return DHCP_EVENT_NONE;
}

void dhcp_client_release(DhcpClient *c, DhcpPacket *ret) {
        c->xid = random_u32();
        write_begin(c, DHCP_RELEASE, c->begun, ret);
        ret->path.destination = c->lease.server;
        write_address(ret, DHCP_OPTION_SERVER, &c->lease.server);
        dhcp_write_end(&ret->message);
}
