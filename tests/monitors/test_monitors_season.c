/*
 * test_monitors_season.c - phases of a cycle, mixes of them, and drift within a season.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "monitors/drift.h"
#include "stream.h"

#define HOUR_MS INT64_C(3600000)
#define DAY_MS (24 * HOUR_MS)
#define CHUNK_ROWS 100 /* an hour of the stream */
#define WINDOW_ROWS 400
#define N_FEATURES 6

static void phases_count_from_monday_midnight(void **state)
{
    (void)state;
    const int64_t monday = STREAM_BEGIN_MS;
    assert_int_equal(mon_cycle_phase(MON_HOUR_OF_WEEK, 0, monday), 0);
    assert_int_equal(mon_cycle_phase(MON_HOUR_OF_WEEK, 0, monday + 6 * DAY_MS + 23 * HOUR_MS), 167);
    assert_int_equal(mon_cycle_phase(MON_HOUR_OF_WEEK, 0, monday + 7 * DAY_MS), 0);
    assert_int_equal(mon_cycle_phase(MON_DAY_OF_WEEK, 0, monday + 3 * DAY_MS - 1), 2);
    assert_int_equal(mon_cycle_phase(MON_HOUR_OF_DAY, 0, monday + 5 * DAY_MS + 7 * HOUR_MS), 7);
    assert_int_equal(mon_cycle_phase(MON_CYCLE_NONE, 0, monday + 12345), 0);
    /* in a zone an hour ahead, Sunday 23:00 UTC is Monday 0:00 */
    assert_int_equal(mon_cycle_phase(MON_HOUR_OF_WEEK, HOUR_MS, monday - HOUR_MS), 0);
    assert_int_equal(mon_cycle_phase(MON_DAY_OF_WEEK, -HOUR_MS, monday), 6);
    /* 1969-12-29 was a Monday */
    assert_int_equal(mon_cycle_phase(MON_DAY_OF_WEEK, 0, -3 * DAY_MS), 0);
    assert_true(mon_cycle_phase(MON_HOUR_OF_WEEK, INT64_MAX, INT64_MIN) < 168);
}

static void cycles_are_found_by_name(void **state)
{
    (void)state;
    enum mon_cycle c = MON_CYCLE_NONE;
    assert_true(mon_cycle_from_name("hour_of_week", &c));
    assert_int_equal(c, MON_HOUR_OF_WEEK);
    assert_string_equal(mon_cycle_name(c), "hour_of_week");
    assert_false(mon_cycle_from_name("fortnight", &c));
    assert_int_equal(c, MON_HOUR_OF_WEEK);
}

static void expect_rows(const struct mon_phase_mix *mix, size_t phase, double rows)
{
    if (fabs(mix->rows[phase] - rows) > 1e-9)
        fail_msg("phase %zu: %.12g rows, expected %.12g", phase, mix->rows[phase], rows);
}

static void rows_spread_evenly_over_their_span(void **state)
{
    (void)state;
    struct mon_phase_mix mix = {0};
    /* Monday 0:30 to 3:00: half an hour, then two whole ones */
    struct mon_span span = {STREAM_BEGIN_MS + HOUR_MS / 2, STREAM_BEGIN_MS + 3 * HOUR_MS};
    mon_phase_mix_add(&mix, MON_HOUR_OF_DAY, 0, span, 100.0);
    expect_rows(&mix, 0, 20.0);
    expect_rows(&mix, 1, 40.0);
    expect_rows(&mix, 2, 40.0);
    /* two and a half days: every hour twice, the first twelve once more */
    struct mon_phase_mix days = {0};
    span = (struct mon_span){STREAM_BEGIN_MS, STREAM_BEGIN_MS + 60 * HOUR_MS};
    mon_phase_mix_add(&days, MON_HOUR_OF_DAY, 0, span, 60.0);
    expect_rows(&days, 11, 3.0);
    expect_rows(&days, 12, 2.0);
    mon_phase_mix_merge(&days, &mix);
    expect_rows(&days, 0, 23.0);
}

static void empty_and_reversed_spans_count_at_their_beginning(void **state)
{
    (void)state;
    struct mon_phase_mix mix = {0};
    const int64_t at = STREAM_BEGIN_MS + 5 * HOUR_MS;
    mon_phase_mix_add(&mix, MON_HOUR_OF_DAY, 0, (struct mon_span){at, at}, 7.0);
    mon_phase_mix_add(&mix, MON_HOUR_OF_DAY, 0, (struct mon_span){at, at - DAY_MS}, 3.0);
    expect_rows(&mix, 5, 10.0);
}

struct weekly {
    struct stream stream;
    struct mon_season *season;
    struct mon_null *null;
};

static void weekly_init(struct weekly *w, enum mon_cycle cycle, size_t n_weeks,
                        enum mon_statistic statistic)
{
    struct mon_season_options o;
    struct mon_null_options n;
    struct err e = {0};
    stream_init(&w->stream, LAW_WEEKLY, N_FEATURES, n_weeks * 168 * CHUNK_ROWS, CHUNK_ROWS, 77);
    mon_season_options_init(&o);
    o.cycle = cycle;
    if (mon_season_new(&o, w->stream.chunks, w->stream.spans, w->stream.n_chunks, &w->season, &e) !=
        ERR_OK)
        fail_msg("%s", e.message);
    mon_null_options_init(&n);
    n.statistic = statistic;
    n.window_rows = WINDOW_ROWS;
    n.season = w->season;
    if (mon_null_make(&n, w->stream.reference, w->stream.chunks, w->stream.n_chunks, &w->null,
                      &e) != ERR_OK)
        fail_msg("%s", e.message);
}

static void weekly_deinit(struct weekly *w)
{
    mon_null_free(w->null);
    mon_season_free(w->season);
    stream_deinit(&w->stream);
}

static size_t drifted(struct weekly *w, enum mon_statistic statistic, const struct change *change,
                      bool phases, struct mon_signal signals[N_FEATURES + 2])
{
    struct mon_phase_mix mix = {0};
    struct mon_drift_options o;
    mon_drift_options_init(&o);
    o.statistic = statistic;
    mon_season_mix(w->season, stream_span(&w->stream, WINDOW_ROWS), WINDOW_ROWS, &mix);
    struct profile *window = stream_window(&w->stream, WINDOW_ROWS, change);
    size_t n = mon_drift_check_mix(&o, w->null, w->stream.reference, window, phases ? &mix : NULL,
                                   signals);
    profile_free(window);
    return mon_signals_count(signals, n, MON_DRIFT);
}

/* The mean swings by 2.5 standard deviations over the week: neither an alarm nor a blindfold. */
static void half_a_deviation_within_the_season_is_found_and_the_season_is_not(void **state)
{
    (void)state;
    static const enum mon_statistic statistics[] = {
        MON_PSI, MON_KS, MON_JS, MON_HELLINGER, MON_CRAMER_VON_MISES, MON_WASSERSTEIN};
    const struct change shifted = {.shift = 0.5};
    struct mon_signal signals[N_FEATURES + 2];
    for (size_t i = 0; i < sizeof statistics / sizeof statistics[0]; i++) {
        struct weekly w;
        size_t unchanged = 0, changed = 0, blind = 0;
        weekly_init(&w, MON_HOUR_OF_WEEK, 4, statistics[i]);
        for (int k = 0; k < 30; k++) {
            unchanged += drifted(&w, statistics[i], NULL, true, signals);
            changed += drifted(&w, statistics[i], &shifted, true, signals);
            blind += drifted(&w, statistics[i], &shifted, false, signals);
        }
        print_message(
            "%s: drift in %zu unchanged, %zu shifted, %zu shifted without phases, of %d\n",
            mon_statistic_name(statistics[i]), unchanged, changed, blind, 30 * N_FEATURES);
        assert_true(unchanged == 0);
        assert_true(changed > 27 * N_FEATURES);
        assert_true(blind < 3 * N_FEATURES);
        weekly_deinit(&w);
    }
}

static void a_mixture_of_phases_is_named_and_worth_their_rows(void **state)
{
    (void)state;
    struct weekly w;
    struct mon_signal signals[N_FEATURES + 2];
    weekly_init(&w, MON_HOUR_OF_WEEK, 2, MON_PSI);
    drifted(&w, MON_PSI, NULL, true, signals);
    assert_non_null(strstr(signals[0].threshold_origin, "by hour_of_week"));
    /* four hours of a hundred rows a week, two weeks */
    if (fabs(signals[0].n_reference - 800.0) > 1e-6)
        fail_msg("the mixture is worth %.12g rows", signals[0].n_reference);
    assert_non_null(strstr(mon_season_note(w.season), "168 of 168"));
    weekly_deinit(&w);
}

static void one_week_falls_back_to_hours_of_the_day_and_says_so(void **state)
{
    (void)state;
    struct weekly w;
    weekly_init(&w, MON_HOUR_OF_WEEK, 1, MON_PSI);
    assert_int_equal(mon_season_cycle(w.season), MON_HOUR_OF_DAY);
    assert_non_null(strstr(mon_season_note(w.season), "hour_of_day"));
    assert_non_null(strstr(mon_season_note(w.season), "for hour_of_week"));
    weekly_deinit(&w);
}

/* A reference of Mondays and Tuesdays, a window of a Saturday. */
static void phases_never_seen_are_compared_with_the_whole_reference(void **state)
{
    (void)state;
    struct stream s;
    struct mon_season *season = NULL;
    struct mon_null *null = NULL;
    struct mon_season_options so;
    struct mon_null_options o;
    struct mon_drift_options d;
    struct mon_signal signals[N_FEATURES + 2];
    struct mon_phase_mix mix = {0};
    stream_init(&s, LAW_NORMAL, N_FEATURES, 96 * CHUNK_ROWS, CHUNK_ROWS, 5);
    for (size_t k = 48; k < 96; k++) { /* a week later, the same two days */
        s.spans[k].from_unix_ms += 5 * DAY_MS;
        s.spans[k].to_unix_ms += 5 * DAY_MS;
    }
    mon_season_options_init(&so);
    so.cycle = MON_DAY_OF_WEEK;
    assert_int_equal(mon_season_new(&so, s.chunks, s.spans, s.n_chunks, &season, NULL), ERR_OK);
    assert_non_null(strstr(mon_season_note(season), "2 of 7"));
    mon_null_options_init(&o);
    o.season = season;
    assert_int_equal(mon_null_make(&o, s.reference, s.chunks, s.n_chunks, &null, NULL), ERR_OK);
    mon_drift_options_init(&d);
    struct profile *window = stream_window(&s, WINDOW_ROWS, NULL);
    int64_t saturday = STREAM_BEGIN_MS + 5 * DAY_MS;
    mon_season_mix(season, (struct mon_span){saturday, saturday + DAY_MS}, WINDOW_ROWS, &mix);
    assert_true(mon_season_support(season, &mix) == 0.0);
    mon_drift_check_mix(&d, null, s.reference, window, &mix, signals);
    assert_non_null(strstr(signals[0].threshold_origin, "phases unseen"));
    assert_int_equal(signals[0].verdict, MON_OK);
    profile_free(window);
    mon_null_free(null);
    mon_season_free(season);
    stream_deinit(&s);
}

static void a_season_needs_the_chunks_of_its_null(void **state)
{
    (void)state;
    struct weekly w;
    struct mon_season *none = NULL;
    struct mon_null *null = NULL;
    struct mon_null_options o;
    struct mon_season_options so;
    mon_season_options_init(&so);
    weekly_init(&w, MON_HOUR_OF_DAY, 1, MON_PSI);
    assert_int_equal(mon_season_new(&so, w.stream.chunks, w.stream.spans, 0, &none, NULL),
                     ERR_INVALID);
    mon_null_options_init(&o);
    o.season = w.season;
    assert_int_equal(
        mon_null_make(&o, w.stream.reference, w.stream.chunks, w.stream.n_chunks - 1, &null, NULL),
        ERR_INVALID);
    weekly_deinit(&w);
}

static void one_chunk_has_no_season(void **state)
{
    (void)state;
    struct stream s;
    struct mon_season *season = NULL;
    struct mon_season_options o;
    mon_season_options_init(&o);
    stream_init(&s, LAW_NORMAL, 1, 500, 500, 5);
    assert_int_equal(mon_season_new(&o, s.chunks, s.spans, 1, &season, NULL), ERR_OK);
    assert_int_equal(mon_season_cycle(season), MON_CYCLE_NONE);
    mon_season_free(season);
    stream_deinit(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(phases_count_from_monday_midnight),
        cmocka_unit_test(cycles_are_found_by_name),
        cmocka_unit_test(rows_spread_evenly_over_their_span),
        cmocka_unit_test(empty_and_reversed_spans_count_at_their_beginning),
        cmocka_unit_test(half_a_deviation_within_the_season_is_found_and_the_season_is_not),
        cmocka_unit_test(a_mixture_of_phases_is_named_and_worth_their_rows),
        cmocka_unit_test(one_week_falls_back_to_hours_of_the_day_and_says_so),
        cmocka_unit_test(phases_never_seen_are_compared_with_the_whole_reference),
        cmocka_unit_test(a_season_needs_the_chunks_of_its_null),
        cmocka_unit_test(one_chunk_has_no_season),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
