/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "progress.h"

#include <sys/ioctl.h>

#include "alloc.h"
#include "duration.h"
#include "log.h"

#define INTERVAL  (NSEC_PER_SEC / 10)
#define WARM_UP   (NSEC_PER_SEC / 2) /* before a speed means something */
#define BAR_MIN   10
#define BAR_MAX   40
#define LABEL_MAX 40
#define LINES_MAX 64 /* more bars are not shown */

struct ProgressBar {
        char *label;
        uint64_t first, done, total, started;
};

static struct {
        ProgressBar **bars;
        size_t n;
        size_t lines[LINES_MAX]; /* columns of what is on the terminal; the cursor is at the end of the last
                                  */
        size_t drawn;
        uint64_t time;
} screen;

static bool has_terminal(void) {
        const char *term = getenv("TERM");
        return isatty(STDERR_FILENO) && !(term && streq(term, "dumb"));
}

static void get_size(size_t *ret_rows, size_t *ret_columns) {
        struct winsize size = {};
        ioctl(STDERR_FILENO, TIOCGWINSZ, &size);
        *ret_rows = size.ws_row ?: 24;
        *ret_columns = size.ws_col ?: 80;
}

static char *format_bytes(uint64_t n) {
        static const char *const units[] = { "kB", "MB", "GB", "TB" };
        double value = n / 1000.;
        size_t unit = 0;
        if (n < 1000)
                return xasprintf("%d B", (int) n);
        for (; value >= 999.95 && unit + 1 < ELEMENTSOF(units); unit++)
                value /= 1000;
        return xasprintf("%.1f %s", value, units[unit]);
}

static char *format_figures(uint64_t done, uint64_t total, uint64_t speed) {
        _cleanup_free_ char *d = format_bytes(done), *t = format_bytes(total), *s = format_bytes(speed);
        _cleanup_free_ char *amount = total > 0 ? xasprintf("%s/%s", d, t) : xstrdup(d);
        if (speed == 0)
                return xstrdup(amount);
        if (total <= done)
                return xasprintf("%s %s/s", amount, s);
        return xasprintf("%s %s/s %llus", amount, s, (unsigned long long) ((total - done) / speed + 1));
}

static char *format_bar(uint64_t done, uint64_t total, size_t width) {
        size_t inside = width - 2,
               filled = done >= total ? inside : (size_t) ((double) done / total * inside);
        char *bar = xmalloc(width + 1);
        memset(bar, ' ', width);
        bar[0] = '[';
        memset(bar + 1, '=', filled);
        if (filled < inside)
                bar[1 + filled] = '>';
        bar[width - 1] = ']';
        bar[width] = 0;
        return bar;
}

/* What there is no room for goes: first the bar, then speed and time, then the label's end. */
char *progress_line(const char *label, uint64_t done, uint64_t total, uint64_t speed, size_t width) {
        _cleanup_free_ char *figures = format_figures(done, total, speed), *bar = NULL;
        size_t label_size = MIN(strlen(label), (size_t) LABEL_MAX), used = label_size + 2 + strlen(figures);
        if (total > 0 && used + 1 + BAR_MIN <= width) {
                bar = format_bar(done, total, MIN(width - used - 1, (size_t) BAR_MAX));
                return xasprintf("%.*s: %s %s", (int) label_size, label, bar, figures);
        }
        if (used > width) {
                free(figures);
                figures = format_figures(done, total, 0);
        }
        if (strlen(figures) + 2 >= width)
                return xasprintf("%.*s", (int) width, figures);
        label_size = MIN(label_size, width - 2 - strlen(figures));
        return xasprintf("%.*s: %s", (int) label_size, label, figures);
}

static void erase(FILE *f) {
        if (screen.drawn == 0)
                return;
        size_t rows, columns, above = 0;
        get_size(&rows, &columns);
        for (size_t i = 0; i < screen.drawn; i++) /* in a window that has become narrower, lines wrap */
                above += (MAX(screen.lines[i], (size_t) 1) - 1) / columns + (i + 1 < screen.drawn);
        fputc('\r', f);
        if (above > 0)
                fprintf(f, "\033[%zuA", above);
        fputs("\033[J", f);
        screen.drawn = 0;
}

/* All of a picture in one write, so that it does not flicker. */
static void show(void (*draw)(FILE *f, const void *what), const void *what) {
        _cleanup_free_ char *text = NULL;
        size_t size = 0;
        FILE *f = open_memstream(&text, &size);
        if (!f)
                return;
        draw(f, what);
        fclose(f);
        if (size > 0 && write(STDERR_FILENO, text, size) < 0)
                return; /* nobody is looking */
}

static uint64_t speed_of(const ProgressBar *b, uint64_t now) {
        uint64_t time = now - b->started;
        if (time < WARM_UP || b->done <= b->first)
                return 0;
        return (uint64_t) ((double) (b->done - b->first) / time * NSEC_PER_SEC);
}

static void draw_bars(FILE *f, const void *unused) {
        size_t rows, columns;
        uint64_t now = monotonic_ns();
        const char *no_color = getenv("NO_COLOR");
        bool color = isempty(no_color);
        get_size(&rows, &columns);
        erase(f);
        for (size_t i = 0; i < screen.n && i + 1 < rows && i < LINES_MAX; i++) {
                const ProgressBar *b = screen.bars[i];
                /* a full line would leave the cursor in the next one on some terminals */
                _cleanup_free_ char *line =
                                progress_line(b->label, b->done, b->total, speed_of(b, now), columns - 1);
                fprintf(f, "%s%s%s%s", i > 0 ? "\n" : "", color ? "\033[36m" : "", line,
                                color ? "\033[m" : "");
                screen.lines[screen.drawn++] = strlen(line);
        }
}

static void draw_nothing(FILE *f, const void *unused) {
        erase(f);
}

static void draw_end(FILE *f, const void *what) {
        const ProgressBar *b = what;
        size_t rows, columns;
        get_size(&rows, &columns);
        erase(f);
        _cleanup_free_ char *line =
                        progress_line(b->label, b->done, 0, speed_of(b, monotonic_ns()), columns - 1);
        fprintf(f, "%s\n", line);
}

static void hide(void) {
        show(draw_nothing, NULL);
        screen.time = 0;
}

ProgressBar *progress_bar_new(const char *label) {
        if (!has_terminal())
                return NULL;
        ProgressBar *b = xnew(ProgressBar, 1);
        b->label = xstrdup(label);
        b->started = monotonic_ns();
        xgrow(&screen.bars, screen.n);
        screen.bars[screen.n++] = b;
        log_set_before(hide);
        return b;
}

void progress_bar_set(ProgressBar *b, uint64_t done, uint64_t total) {
        if (!b)
                return;
        uint64_t now = monotonic_ns();
        if (b->done == 0 || done < b->done) { /* what was there before says nothing about the speed */
                b->first = done;
                b->started = now;
        }
        b->done = done;
        b->total = total;
        if (screen.time != 0 && now - screen.time < INTERVAL)
                return;
        screen.time = now;
        show(draw_bars, NULL);
}

void progress_bar_end(ProgressBar *b, bool success) {
        if (!b)
                return;
        for (size_t i = 0; i < screen.n; i++)
                if (screen.bars[i] == b) {
                        memmove(screen.bars + i, screen.bars + i + 1,
                                        (screen.n - i - 1) * sizeof(screen.bars[0]));
                        screen.n--;
                        break;
                }
        show(success && b->done > 0 ? draw_end : draw_nothing, b);
        if (screen.n > 0)
                show(draw_bars, NULL);
        else {
                log_set_before(NULL);
                free(screen.bars);
                screen.bars = NULL;
                screen.time = 0;
        }
        free(b->label);
        free(b);
}
