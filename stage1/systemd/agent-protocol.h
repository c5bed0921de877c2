/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the programs that systemd runs in the pod and the agent say to each other, over a socket of whole
 * messages in the pod's own root, which no app sees. A request is words with spaces between them:
 *
 *      run PHASE APP                   the sender wants to become the process of this phase
 *      ended PHASE APP CODE STATUS [JOB]
 *                                      it has ended, as waitid(2) tells
 *      watch PHASE APP                 the sender waits for it, and will say so; or die with it
 *      up                              systemd takes orders, if the agent has any
 *      end                             the pod ends: what are its logs' and its status' last words?
 *
 * The first is answered by an AgentGrant with descriptors, when it is the app's turn, and its connection is
 * what execve closes when the program has been executed, or carries an ExecutionFailure; "ended", "up"
 * and "end" by an exit status as an int. "ended" without JOB may be answered by AGENT_WANTS_JOB, and is said
 * again with it then: with the type of the job that the manager has for the app's unit, or AGENT_NO_JOB. */

#include <stdbool.h>
#include <stddef.h>

#define AGENT_SOCKET   "/run/rkt/agent"
#define AGENT_PROGRAMS "/run/rkt/stage1"
#define AGENT_REBOOT   "/run/rkt/reboot" /* is there when systemd is to start again */
#define AGENT_REQUEST  512

#define AGENT_WANTS_JOB (-1)
#define AGENT_NO_JOB    "none"

typedef struct AgentGrant {
        bool has_cgroup_mount; /* it has been put into the app's root before */
        bool close_dev;        /* no device policy guards the app's /dev */
        bool terminal;
        bool standard[3];
        size_t n_sockets;
} AgentGrant;

/* In this order; then, as the grant says, the terminal, standard input, output and error, and sockets. */
typedef enum AgentDescriptor {
        AGENT_ENVIRONMENT, /* a file of NAME=VALUE, each with a NUL behind it */
        AGENT_NAMESPACE,
        AGENT_ROOT,
        _AGENT_DESCRIPTOR_MAX,
} AgentDescriptor;

#define AGENT_DESCRIPTORS 253 /* the most that the kernel passes in a message (unix(7)) */
