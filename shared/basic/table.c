/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "table.h"

#include <errno.h>
#include <stdarg.h>

#include "alloc.h"
#include "strv.h"

struct Table {
        char ***rows;
        size_t n_rows;
        char **current;
        size_t n_current;
};

Table *table_new(void) {
        return xnew(Table, 1);
}

void table_free(Table *t) {
        for (size_t i = 0; i < t->n_rows; i++)
                strv_free(t->rows[i]);
        free(t->rows);
        strv_free(t->current);
        free(t);
}

/* Cells hold words of images and pods, which must not move the cursor of a terminal, or a column. */
static void push_cell(Table *t, char *text) {
        for (char *p = text; *p; p++)
                if ((unsigned char) *p < ' ' || *p == 0x7f)
                        *p = '?';
        t->current = xreallocarray(t->current, t->n_current + 2, sizeof(char *));
        t->current[t->n_current++] = text;
        t->current[t->n_current] = NULL;
}

void table_cell(Table *t, const char *text) {
        push_cell(t, xstrdup(text ? text : ""));
}

void table_cellf(Table *t, const char *format, ...) {
        va_list ap;
        va_start(ap, format);
        push_cell(t, xvasprintf(format, ap));
        va_end(ap);
}

void table_end_row(Table *t) {
        xgrow(&t->rows, t->n_rows);
        t->rows[t->n_rows++] = t->current ? TAKE_PTR(t->current) : xnew(char *, 1);
        t->n_current = 0;
}

bool table_is_empty(const Table *t) {
        return t->n_rows == 0;
}

/* Characters, not bytes, as in Go. */
static size_t text_width(const char *s) {
        size_t n = 0;
        for (; *s; s++)
                n += (*s & 0xc0) != 0x80;
        return n;
}

void table_print(const Table *t, FILE *f) {
        size_t columns = 0, width[64] = {};
        for (size_t i = 0; i < t->n_rows; i++) {
                size_t n = MIN(strv_length(t->rows[i]), ELEMENTSOF(width));
                columns = MAX(columns, n);
                for (size_t c = 0; c < n; c++)
                        width[c] = MAX(width[c], text_width(t->rows[i][c]) + 1);
        }
        for (size_t i = 0; i < t->n_rows; i++) {
                size_t n = MIN(strv_length(t->rows[i]), ELEMENTSOF(width));
                for (size_t c = 0; c < n; c++) {
                        fputs(t->rows[i][c], f);
                        if (c + 1 == n)
                                break;
                        size_t stop = (width[c] + 7) / 8 * 8, at = text_width(t->rows[i][c]);
                        for (; at < stop; at = (at / 8 + 1) * 8)
                                fputc('\t', f);
                }
                fputc('\n', f);
        }
}
