/*
 * two_sample_cases.c - sides, cells and expectations of the conformance tests of two samples.
 */
#include "two_sample_cases.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_N 46000

const struct case_fault *case_fault_of(const struct case_fault *faults, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(faults[i].name, name) == 0) {
            print_message("%s: not the peer's value: %s\n", name, faults[i].reason);
            return &faults[i];
        }
    return NULL;
}

void case_expect(const char *name, double found, double expected, double relative, double absolute)
{
    bool same = isinf(expected) ? found == expected
                                : fabs(found - expected) <= relative * fabs(expected) + absolute;
    if (!same)
        fail_msg("%s: found %.17g, expected %.17g", name, found, expected);
}

cJSON *case_load(const char *file)
{
    char path[1024];
    cJSON *json = NULL;
    struct err e = {0};
    snprintf(path, sizeof path, "%s%s", CASES_DIR, file);
    if (json_load(path, 1 << 20, &json, &e) != ERR_OK) {
        print_message("skipped: %s\n", e.message);
        skip();
    }
    return json;
}

static void side_init(struct case_side *s)
{
    *s = (struct case_side){.x = calloc(MAX_N, sizeof *s->x),
                            .text = calloc(MAX_N, sizeof *s->text)};
    assert_non_null(s->x);
    assert_non_null(s->text);
}

static void side_deinit(struct case_side *s)
{
    free(s->x);
    free(s->text);
}

void case_put(struct case_side *s, const char *text, double x)
{
    assert_true(s->n < MAX_N);
    snprintf(s->text[s->n], sizeof s->text[0], "%s", text);
    s->x[s->n++] = x;
}

void case_from_json(struct case_side *s, const cJSON *array)
{
    const cJSON *item;
    char text[16];
    s->n = 0;
    cJSON_ArrayForEach(item, array)
    {
        snprintf(text, sizeof text, "%g", item->valuedouble);
        case_put(s, cJSON_IsString(item) ? item->valuestring : text, item->valuedouble);
    }
}

void case_init(struct case_sides *b)
{
    *b = (struct case_sides){0};
    side_init(&b->ref);
    side_init(&b->cur);
}

void case_deinit(struct case_sides *b)
{
    side_deinit(&b->ref);
    side_deinit(&b->cur);
    mon_pooled_free(b->pooled);
}

void case_pool(struct case_sides *b)
{
    mon_pooled_free(b->pooled);
    b->pooled = NULL;
    assert_int_equal(mon_pooled_new(b->ref.x, b->ref.n, b->cur.x, b->cur.n, &b->pooled, NULL),
                     ERR_OK);
}

void case_count_categories(struct case_sides *b)
{
    const struct case_side *sides[] = {&b->ref, &b->cur};
    double *counts[] = {b->in_ref, b->in_cur};
    char seen[CASE_MAX_CELLS][16];
    memset(b->in_ref, 0, sizeof b->in_ref);
    memset(b->in_cur, 0, sizeof b->in_cur);
    b->n_cells = 0;
    for (size_t s = 0; s < 2; s++)
        for (size_t i = 0; i < sides[s]->n; i++) {
            size_t c = 0;
            while (c < b->n_cells && strcmp(seen[c], sides[s]->text[i]) != 0)
                c++;
            if (c == b->n_cells) {
                assert_true(b->n_cells < CASE_MAX_CELLS);
                memcpy(seen[b->n_cells++], sides[s]->text[i], sizeof seen[0]);
            }
            counts[s][c] += 1.0;
        }
}

void case_count_bins(struct case_sides *b, const struct mon_histogram *h)
{
    assert_true(h->n_bins + 2 <= CASE_MAX_CELLS);
    memset(b->in_ref, 0, sizeof b->in_ref);
    memset(b->in_cur, 0, sizeof b->in_cur);
    mon_histogram_count(h, b->ref.x, b->ref.n, b->in_ref);
    mon_histogram_count(h, b->cur.x, b->cur.n, b->in_cur);
    b->n_cells = h->n_bins + 1;
    b->in_ref[h->n_bins] += b->in_ref[h->n_bins + 1];
    b->in_cur[h->n_bins] += b->in_cur[h->n_bins + 1];
}

void case_count_over_both(struct case_sides *b, enum mon_bin_rule rule, size_t n_bins)
{
    struct mon_histogram h;
    size_t n = b->ref.n + b->cur.n;
    double *all = calloc(n, sizeof *all);
    assert_non_null(all);
    memcpy(all, b->ref.x, b->ref.n * sizeof *all);
    memcpy(all + b->ref.n, b->cur.x, b->cur.n * sizeof *all);
    assert_int_equal(mon_histogram_init(&h, rule, n_bins, all, n, NULL), ERR_OK);
    case_count_bins(b, &h);
    mon_histogram_deinit(&h);
    free(all);
}
