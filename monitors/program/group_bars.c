/*
 * group_bars.c - see group_bars.h.
 */
#include "group_bars.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text_width.h"

#define LABEL_BYTES 160
#define MAX_LABEL_WIDTH 28
#define PERCENT_WIDTH 8

/* First and last plain cell of a group, and how many there are. */
struct extent {
    size_t first, last, n;
};

static struct extent extent_of(const struct series *s, size_t group, size_t n_plain)
{
    struct extent x = {0};
    for (size_t i = 0; i < n_plain; i++) {
        if (s->group_of[i] != group)
            continue;
        x.first = x.n++ ? x.first : i;
        x.last = i;
    }
    return x;
}

static void label_numeric(const struct series *s, struct extent x, char *out, size_t size_bytes)
{
    double low = x.first > 0 ? s->edges[x.first - 1] : -INFINITY;
    double high = x.last < s->n_edges ? s->edges[x.last] : INFINITY;
    if (s->n_edges == 0 || (isinf(low) && isinf(high)))
        snprintf(out, size_bytes, "any number");
    else if (isinf(low))
        snprintf(out, size_bytes, "below %.4g", high);
    else if (isinf(high))
        snprintf(out, size_bytes, "%.4g and more", low);
    else if (high == nextafter(low, INFINITY))
        snprintf(out, size_bytes, "%.6g", low);
    else
        snprintf(out, size_bytes, "%.4g to %.4g", low, high);
}

static void label_special(const struct series *s, size_t group, char *out, size_t size_bytes)
{
    const char *word = "present";
    if (s->infinite_cell != SIZE_MAX && s->group_of[s->infinite_cell] == group)
        word = "infinite";
    else if (s->unseen_cell != SIZE_MAX && s->group_of[s->unseen_cell] == group)
        word = "unseen";
    else if (s->group_of[s->missing_cell] == group)
        word = "missing";
    snprintf(out, size_bytes, "%s", word);
}

static const char *category(const struct mon_reference *ref, size_t series, size_t code)
{
    return series < ref->ruler->n_features ? vocabulary_text(ref->vocabulary, series, code)
                                           : ref->schema->classes[code];
}

void group_bars_label(const struct mon_reference *ref, size_t series, size_t group, char *out,
                      size_t size_bytes)
{
    const struct series *s = &ref->ruler->series[series];
    size_t n_plain = s->kind == SERIES_PRESENCE ? 0 : s->n_cells - 2;
    struct extent x = extent_of(s, group, n_plain);
    if (x.n == 0)
        label_special(s, group, out, size_bytes);
    else if (s->kind == SERIES_NUMERIC)
        label_numeric(s, x, out, size_bytes);
    else if (x.n == 1)
        snprintf(out, size_bytes, "%s", category(ref, series, x.first));
    else
        snprintf(out, size_bytes, "%zu rarer ones", x.n);
}

static double share(const struct series *s, size_t group, const uint64_t *counts)
{
    double in = 0, all = 0;
    for (size_t i = 0; i < s->n_cells; i++) {
        all += (double)counts[i];
        in += s->group_of[i] == group ? (double)counts[i] : 0;
    }
    return all > 0 ? in / all : 0;
}

static void put_bar(struct page *page, enum style style, const char *label, size_t label_width,
                    double part, double most)
{
    struct buf cut = BUF_INIT, bar = BUF_INIT;
    size_t used = label_width + 1 + PERCENT_WIDTH + 1;
    size_t room = page->width > used + 5 ? page->width - used : 5;
    size_t n = (size_t)lround(part / most * (double)room);
    buf_puts(&cut, "");
    buf_puts(&bar, "");
    text_put_cut(&cut, label, label_width);
    for (size_t i = 0; i < n; i++)
        buf_puts(&bar, "#");
    buf_puts(&page->text, cut.data ? cut.data : "");
    buf_printf(&page->text, "%*s %6.2f %%",
               (int)(label_width - text_width(cut.data ? cut.data : "")), "", 100 * part);
    buf_puts(&page->text, n ? " " : "");
    page_put_styled(page, style, bar.data ? bar.data : "");
    buf_puts(&page->text, "\n");
    buf_free(&cut);
    buf_free(&bar);
}

void group_bars_print(struct page *page, const struct mon_reference *ref, size_t series,
                      const uint64_t *counts)
{
    const struct series *s = &ref->ruler->series[series];
    const uint64_t *before = ref->profile->counts + s->first_cell;
    char label[LABEL_BYTES];
    size_t width = 0;
    double most = 0;
    for (size_t g = 0; g < s->n_groups; g++) {
        double larger = fmax(share(s, g, before), share(s, g, counts));
        group_bars_label(ref, series, g, label, sizeof label);
        if (larger > 0 && text_width(label) > width)
            width = text_width(label);
        most = fmax(most, larger);
    }
    width = width < MAX_LABEL_WIDTH ? width : MAX_LABEL_WIDTH;
    page_line(page, STYLE_BOLD, "Shares of rows: reference, and below it the window");
    for (size_t g = 0; g < s->n_groups; g++) {
        double reference = share(s, g, before), window = share(s, g, counts);
        if (!(reference > 0) && !(window > 0))
            continue;
        group_bars_label(ref, series, g, label, sizeof label);
        put_bar(page, STYLE_DIM, label, width, reference, most);
        put_bar(page, STYLE_BOLD, "", width, window, most);
    }
}
