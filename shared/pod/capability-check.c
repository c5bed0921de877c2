/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "capability-check.h"

#include <sys/capability.h>

#include "strv.h"

const char *capability_check(const IsolatorList *l, const Isolator **ret_isolator) {
        static const IsolatorType types[] = { ISOLATOR_CAPABILITIES_RETAIN, ISOLATOR_CAPABILITIES_REMOVE,
                ISOLATOR_CAPABILITIES_AMBIENT };
        for (size_t i = 0; i < ELEMENTSOF(types); i++) {
                const Isolator *isolator = isolators_find(l, types[i]);
                cap_value_t value;
                STRV_FOREACH (name, isolator ? isolator->set : NULL)
                        if (cap_from_name(*name, &value) < 0) {
                                *ret_isolator = isolator;
                                return *name;
                        }
        }
        return NULL;
}
