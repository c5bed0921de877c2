/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "meta-tags.h"

#include <gumbo.h>
#include <strings.h>

#include "alloc.h"
#include "percent.h"
#include "strv.h"

/* gumbo frees a tree by recursion, so that a page of nothing but opening tags could exhaust the stack. Its
 * memory comes from blocks of ours instead, which go all at once. */
typedef struct Block {
        struct Block *next;
        max_align_t data[];
} Block;

static void *take_block(void *userdata, size_t size) {
        Block **blocks = userdata, *b = xmalloc(sizeof(Block) + size);
        b->next = *blocks;
        *blocks = b;
        return b->data;
}

static void keep_block(void *userdata, void *p) {
}

static void free_blocks(Block *b) {
        while (b) {
                Block *next = b->next;
                free(b);
                b = next;
        }
}

static const GumboNode *child_element(const GumboNode *parent, GumboTag tag) {
        const GumboVector *children = &parent->v.element.children;
        for (unsigned i = 0; i < children->length; i++) {
                const GumboNode *n = children->data[i];
                if (n->type == GUMBO_NODE_ELEMENT && n->v.element.tag == tag)
                        return n;
        }
        return NULL;
}

static const char *attribute(const GumboNode *n, const char *name) {
        const GumboAttribute *a = gumbo_get_attribute(&n->v.element.attributes, name);
        return a ? a->value : NULL;
}

static void take_tag(const GumboNode *n, const char *name, NameValueList *ret) {
        static const char space[] = " \t\n\f\r";
        const char *found = attribute(n, "name"), *content = attribute(n, "content");
        if (!found || !content || strcasecmp(found, name) != 0)
                return;
        content += strspn(content, space);
        size_t n_prefix = strcspn(content, space);
        const char *value = content + n_prefix + strspn(content + n_prefix, space);
        size_t n_value = strcspn(value, space);
        if (n_prefix == 0 || n_value == 0 || value[n_value + strspn(value + n_value, space)])
                return;
        _cleanup_free_ char *prefix = xstrndup(content, n_prefix), *text = xstrndup(value, n_value);
        name_values_add(ret, prefix, text);
}

void meta_tags_parse(const char *html, size_t size, const char *name, NameValueList *ret) {
        Block *blocks = NULL;
        GumboOptions options = kGumboDefaultOptions;
        options.allocator = take_block;
        options.deallocator = keep_block;
        options.userdata = &blocks;
        options.max_errors = 0;
        const GumboOutput *page = gumbo_parse_with_options(&options, html, MIN(size, META_PAGE_MAX));
        const GumboNode *head = page->root ? child_element(page->root, GUMBO_TAG_HEAD) : NULL;
        for (unsigned i = 0; head && i < head->v.element.children.length; i++) {
                const GumboNode *n = head->v.element.children.data[i];
                if (n->type == GUMBO_NODE_ELEMENT && n->v.element.tag == GUMBO_TAG_META)
                        take_tag(n, name, ret);
        }
        free_blocks(blocks);
}

/* What RFC 3986 lets stand for itself in a path, beside letters and digits. */
#define PLAIN "!$&'()*+,;=:@/"

char *meta_template_render(const char *pattern, const NameValueList *vars) {
        _cleanup_strv_ char **parts = strv_copy(NULL);
        while (*pattern) {
                size_t length = strcspn(pattern, "{}");
                strv_push(&parts, xstrndup(pattern, length));
                pattern += length;
                if (!*pattern)
                        break;
                if (*pattern++ != '{')
                        return NULL;
                length = strcspn(pattern, "{}");
                _cleanup_free_ char *name = xstrndup(pattern, length);
                const char *value = name_values_get(vars, name);
                if (pattern[length] != '}' || !value)
                        return NULL;
                strv_push(&parts, percent_encode(value, PLAIN));
                pattern += length + 1;
        }
        return strv_join(parts, "");
}
