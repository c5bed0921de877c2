/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "http-url.h"

/* A URL, and behind a line's end where it redirects to. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = fuzz_string(data, size), *masked = NULL, *error = NULL;
        _cleanup_http_url_ HttpUrl url = {}, next = {};
        char *location = strchr(text, '\n');
        if (location)
                *location++ = 0;
        masked = http_url_mask(text);
        fuzz_assert(masked);
        if (http_url_parse(text, &url, &error) < 0) {
                fuzz_assert(error);
                return 0;
        }
        fuzz_assert(startswith(url.text, url.https ? "https://" : "http://"));
        fuzz_assert(*url.host && *url.port &&
                        startswith(url.host_port, strchr(url.host, ':') ? "[" : url.host));
        fuzz_assert(http_url_same_origin(&url, &url));
        http_address_kind(url.host);
        if (location && http_url_follow(&url, location, &next, &error) >= 0)
                fuzz_assert(!next.user && !next.password);
        return 0;
}
