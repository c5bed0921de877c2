/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Kubernetes resource quantities: 500m, 1.5, 128Mi, 1G, 1e3. Exact to 10^-9, rounded up (away from zero)
 * below that; |quantity| up to 2^63-1, larger ones are cut to that, as Kubernetes does. */

#include <stdint.h>

typedef enum QuantityFormat {
        QUANTITY_DECIMAL,  /* n u m "" k M G T P E */
        QUANTITY_BINARY,   /* Ki Mi Gi Ti Pi Ei */
        QUANTITY_EXPONENT, /* e3 */
} QuantityFormat;

typedef struct Quantity {
        __extension__ __int128 nano; /* in units of 10^-9 */
        QuantityFormat format;
} Quantity;

int quantity_parse(const char *s, Quantity *ret); /* -EINVAL */
int64_t quantity_value(Quantity q);               /* rounded up to an integer */
int64_t quantity_milli(Quantity q);               /* rounded up to thousandths, cut to int64_t */
char *quantity_format(Quantity q);                /* canonical: 1.5Gi is 1536Mi, 1000M is 1G, 0.5 is 500m */
