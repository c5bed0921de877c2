/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a page says of images and their keys: <meta name="ac-discovery" content="PREFIX TEMPLATE"> and
 * <meta name="ac-discovery-pubkeys" content="PREFIX URL"> in its head (appc spec, "Meta Discovery"). */

#include <stddef.h>

#include "name-value.h"

#define META_DISCOVERY "ac-discovery"
#define META_KEYS      "ac-discovery-pubkeys"

/* Of a page, no more than this is looked at: its head is in the beginning. Bytes. */
#define META_PAGE_MAX ((size_t) 256 * 1024)

/* The tags of that name, in order: prefix -> template or URL. Whatever else is in the page is ignored, and
 * so are tags that do not hold two words. */
void meta_tags_parse(const char *html, size_t size, const char *name, NameValueList *ret);

/* A template with {NAME} replaced by the value that vars have for it, encoded for a URL. NULL if there is a
 * brace left. Allocated. */
char *meta_template_render(const char *pattern, const NameValueList *vars);
