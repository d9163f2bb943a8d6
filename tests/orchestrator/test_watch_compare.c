/* test_watch_compare.c - candidate against champion: the gate's paired scores, a rollout's two
 * sides. */
#include "watch_bench.h"

#include "base/json.h"
#include "base/safetensors.h"

static struct run make_run(const struct bench *b, enum run_state state)
{
    struct run_plan plan;
    struct run r;
    run_plan_init(&plan);
    plan.rollout.stages[0] = (struct rollout_stage){.weight = 0.5, .min_requests = 50};
    plan.rollout.n_stages = 1;
    run_init(&r, "r-1", BENCH_MODEL, "test", &plan, b->champion, "v1", b->now_ms);
    snprintf(r.candidate, sizeof(r.candidate), "%s", b->candidate);
    snprintf(r.candidate_label, sizeof(r.candidate_label), "v2");
    r.state = state;
    return r;
}

static struct run begin(struct bench *b)
{
    struct run r = make_run(b, RUN_DISTRIBUTE);
    assert_ok(store_begin(b->f->s, e));
    assert_ok(watch_rollout_begins(b->w, b->f->s, &r, e));
    assert_ok(store_commit(b->f->s, e));
    return r;
}

static struct rollout_reading look(struct bench *b, const struct run *r)
{
    struct rollout_reading reading = {0};
    assert_ok(watch_read_rollout(b->w, b->f->s, r, &reading, e));
    return reading;
}

static void assert_reads(struct bench *b, const struct run *r, enum rollout_verdict verdict,
                         const char *word)
{
    struct rollout_reading reading = look(b, r);
    if (reading.verdict != verdict || !strstr(reading.text, word))
        print_error("%s: %s\n%s\n", rollout_verdict_name(reading.verdict), reading.text,
                    reading.detail);
    assert_int_equal(reading.verdict, verdict);
    assert_non_null(strstr(reading.text, word));
    free(reading.detail);
}

static void serve(struct sim *s, const char *sha256, const char *role, size_t n, size_t errors)
{
    sim_serve(s, &(struct sim_requests){.sha256 = sha256, .role = role, .n = n, .errors = errors});
}

/* Both sides answer n requests each, and as many labelled rows come in. */
static void serve_both(struct sim *s, size_t n, size_t candidate_errors)
{
    struct bench *b = s->b;
    serve(s, b->champion, "champion", n, 0);
    serve(s, b->candidate, "candidate", n, candidate_errors);
    sim_report(s, "http://a");
}

static void label_both(struct bench *b, size_t n, size_t champion_wrong, size_t candidate_wrong)
{
    bench_label(b,
                &(struct bench_rows){.n = n, .sha256 = b->champion, .wrong_every = champion_wrong});
    bench_label(
        b, &(struct bench_rows){.n = n, .sha256 = b->candidate, .wrong_every = candidate_wrong});
}

static void without_data_there_is_not_enough(void **state)
{
    struct bench *b = *state;
    struct run r = begin(b);
    assert_reads(b, &r, ROLLOUT_NOT_ENOUGH, "");
}

static void what_was_counted_before_the_rollout_is_not_part_of_it(void **state)
{
    struct bench *b = *state;
    struct sim s;
    sim_init(&s, b, "r1", "i1");
    serve(&s, b->champion, "champion", 300, 0);
    sim_report(&s, "http://a");
    struct run r = begin(b);
    sim_report(&s, "http://a");
    struct rollout_reading reading = look(b, &r);
    assert_int_equal(reading.champion_requests, 0);
    free(reading.detail);
    serve_both(&s, 40, 0);
    reading = look(b, &r);
    assert_int_equal(reading.champion_requests, 40);
    assert_int_equal(reading.candidate_requests, 40);
    free(reading.detail);
    sim_clean_up(&s);
}

static void two_equal_sides_are_good(void **state)
{
    struct bench *b = *state;
    struct sim s;
    struct run r = begin(b);
    sim_init(&s, b, "r1", "i1");
    serve_both(&s, 400, 0);
    label_both(b, 400, 10, 10);
    assert_reads(b, &r, ROLLOUT_GOOD, "");
    sim_clean_up(&s);
}

static void without_labels_there_is_not_enough_where_the_policy_wants_them(void **state)
{
    struct bench *b = *state;
    struct sim s;
    struct run r = begin(b);
    sim_init(&s, b, "r1", "i1");
    serve_both(&s, 400, 0);
    assert_reads(b, &r, ROLLOUT_NOT_ENOUGH, "label");
    sim_clean_up(&s);
}

static void a_candidate_that_fails_requests_is_bad(void **state)
{
    struct bench *b = *state;
    struct sim s;
    struct run r = begin(b);
    sim_init(&s, b, "r1", "i1");
    serve_both(&s, 400, 80);
    label_both(b, 400, 10, 10);
    assert_reads(b, &r, ROLLOUT_BAD, "errors");
    sim_clean_up(&s);
}

static void a_candidate_that_fails_in_shadow_is_bad(void **state)
{
    struct bench *b = *state;
    struct sim s;
    struct run r = begin(b);
    sim_init(&s, b, "r1", "i1");
    serve(&s, b->champion, "champion", 400, 0);
    serve(&s, b->candidate, "shadow", 400, 80);
    sim_report(&s, "http://a");
    struct rollout_reading reading = look(b, &r);
    assert_int_equal(reading.candidate_requests, 400);
    assert_int_equal(reading.verdict, ROLLOUT_BAD);
    free(reading.detail);
    sim_clean_up(&s);
}

static void a_slow_candidate_is_bad(void **state)
{
    struct bench *b = *state;
    struct sim s;
    struct run r = begin(b);
    sim_init(&s, b, "r1", "i1");
    serve(&s, b->champion, "champion", 2000, 0);
    sim_serve(&s, &(struct sim_requests){
                      .sha256 = b->candidate, .role = "candidate", .n = 2000, .slow = true});
    sim_report(&s, "http://a");
    label_both(b, 400, 10, 10);
    assert_reads(b, &r, ROLLOUT_BAD, "latency");
    sim_clean_up(&s);
}

static void predictions_far_from_the_champions_are_bad(void **state)
{
    struct bench *b = *state;
    struct sim s;
    struct run r = begin(b);
    sim_init(&s, b, "r1", "i1");
    serve(&s, b->champion, "champion", 1000, 0);
    sim_serve(&s, &(struct sim_requests){
                      .sha256 = b->candidate, .role = "candidate", .n = 1000, .shift = 3});
    sim_report(&s, "http://a");
    label_both(b, 400, 10, 10);
    assert_reads(b, &r, ROLLOUT_BAD, "predictions");
    sim_clean_up(&s);
}

static void a_candidate_with_more_wrong_answers_is_bad(void **state)
{
    struct bench *b = *state;
    struct sim s;
    struct run r = begin(b);
    sim_init(&s, b, "r1", "i1");
    serve_both(&s, 400, 0);
    label_both(b, 400, 20, 2);
    assert_reads(b, &r, ROLLOUT_BAD, "labelled errors");
    sim_clean_up(&s);
}

static void shadow_answers_are_compared_by_their_labels_too(void **state)
{
    struct bench *b = *state;
    struct sim s;
    struct run r = begin(b);
    sim_init(&s, b, "r1", "i1");
    serve(&s, b->champion, "champion", 400, 0);
    serve(&s, b->candidate, "shadow", 400, 0);
    sim_report(&s, "http://a");
    bench_label(b, &(struct bench_rows){.n = 400,
                                        .sha256 = b->champion,
                                        .shadow = b->candidate,
                                        .wrong_every = 20,
                                        .shadow_wrong_every = 2});
    assert_reads(b, &r, ROLLOUT_BAD, "labelled errors");
    sim_clean_up(&s);
}

/* Their labels come late; the candidate never saw such rows. */
static void rows_answered_before_the_rollout_are_not_compared(void **state)
{
    struct bench *b = *state;
    struct sim s;
    struct run r;
    sim_init(&s, b, "r1", "i1");
    b->now_ms -= 500;
    r = make_run(b, RUN_DISTRIBUTE);
    r.entered_ms = b->now_ms + 500;
    assert_ok(store_begin(b->f->s, e));
    assert_ok(watch_rollout_begins(b->w, b->f->s, &r, e));
    assert_ok(store_commit(b->f->s, e));
    bench_label(b, &(struct bench_rows){.n = 400, .sha256 = b->champion}); /* not one was wrong */
    b->now_ms += 500;
    serve_both(&s, 400, 0);
    label_both(b, 100, 3, 3);
    assert_reads(b, &r, ROLLOUT_GOOD, "");
    sim_clean_up(&s);
}

static void each_labelled_row_is_counted_once_however_often_one_looks(void **state)
{
    struct bench *b = *state;
    struct sim s;
    double n = 0;
    struct run r = begin(b);
    sim_init(&s, b, "r1", "i1");
    serve_both(&s, 400, 0);
    label_both(b, 100, 10, 10);
    free(look(b, &r).detail);
    free(look(b, &r).detail);
    bench_restart(b);
    label_both(b, 50, 10, 10);
    struct rollout_reading reading = look(b, &r);
    cJSON *j = NULL;
    assert_ok(json_parse("detail", reading.detail, strlen(reading.detail), &j, e));
    const cJSON *list = json_at(j, "comparisons");
    json_opt_double(cJSON_GetArrayItem(list, cJSON_GetArraySize(list) - 1), "n_candidate", 0, 1e9,
                    &n, NULL);
    assert_true(n == 150);
    cJSON_Delete(j);
    free(reading.detail);
    sim_clean_up(&s);
}

static void after_a_restart_both_sides_are_as_they_were(void **state)
{
    struct bench *b = *state;
    struct sim s;
    struct run r = begin(b);
    sim_init(&s, b, "r1", "i1");
    serve_both(&s, 400, 80);
    label_both(b, 400, 10, 10);
    struct rollout_reading before = look(b, &r);
    bench_restart(b);
    sim_report(&s, "http://a");
    struct rollout_reading after = look(b, &r);
    assert_int_equal(after.verdict, before.verdict);
    assert_int_equal(after.candidate_requests, before.candidate_requests);
    assert_string_equal(after.detail, before.detail);
    free(before.detail);
    free(after.detail);
    sim_clean_up(&s);
}

static void a_rollout_that_was_never_begun_cannot_be_read(void **state)
{
    struct bench *b = *state;
    struct rollout_reading reading = {0};
    struct run r = make_run(b, RUN_CANARY);
    assert_int_not_equal(watch_read_rollout(b->w, b->f->s, &r, &reading, NULL), ERR_OK);
}

/* ---- the gate ---- */

/* n rows of class yes; each side is right but for every so many of them (0: always right). */
static void write_scores(const struct bench *b, size_t n, size_t champion_wrong,
                         size_t candidate_wrong, char path[256])
{
    int64_t rows = (int64_t)n, shape[2] = {rows, 1};
    float *champion = malloc((n + 1) * sizeof(float)), *candidate = malloc((n + 1) * sizeof(float));
    double *y = malloc((n + 1) * sizeof(double));
    struct st_writer *w = st_writer_new();
    for (size_t i = 0; i < n; i++) {
        champion[i] = champion_wrong && i % champion_wrong == 0 ? 0.2f : 0.8f;
        candidate[i] = candidate_wrong && i % candidate_wrong == 1 ? 0.2f : 0.8f;
        y[i] = 1;
    }
    snprintf(path, 256, "%s/scores", b->f->folder);
    assert_ok(st_writer_add(w, "y", ST_F64, 1, &rows, y, e));
    assert_ok(st_writer_add(w, "champion", ST_F32, 2, shape, champion, e));
    assert_ok(st_writer_add(w, "candidate", ST_F32, 2, shape, candidate, e));
    assert_ok(st_writer_save(w, path, NULL, e));
    st_writer_free(w);
    free(champion);
    free(candidate);
    free(y);
}

static enum rollout_verdict gate(struct bench *b, const char *path, char text[384])
{
    struct rollout_reading reading = {0};
    struct run r = make_run(b, RUN_GATE);
    assert_ok(watch_judge_gate(b->w, b->f->s, &r, path, &reading, e));
    assert_non_null(reading.detail);
    snprintf(text, 384, "%s", reading.text);
    free(reading.detail);
    return reading.verdict;
}

static void the_gate_lets_a_better_candidate_through(void **state)
{
    char path[256], text[384];
    write_scores(*state, 1000, 5, 20, path);
    assert_int_equal(gate(*state, path, text), ROLLOUT_GOOD);
    assert_non_null(strstr(text, "error on the newest rows"));
}

static void the_gate_stops_a_worse_one(void **state)
{
    char path[256], text[384];
    write_scores(*state, 1000, 20, 5, path);
    assert_int_equal(gate(*state, path, text), ROLLOUT_BAD);
}

/* The policy asks for one point more. */
static void an_equal_candidate_does_not_pass(void **state)
{
    char path[256], text[384];
    write_scores(*state, 1000, 10, 10, path);
    assert_int_not_equal(gate(*state, path, text), ROLLOUT_GOOD);
}

static void too_few_rows_do_not_pass(void **state)
{
    char path[256], text[384];
    write_scores(*state, 40, 2, 0, path);
    assert_int_equal(gate(*state, path, text), ROLLOUT_NOT_ENOUGH);
    write_scores(*state, 0, 0, 0, path);
    assert_int_equal(gate(*state, path, text), ROLLOUT_NOT_ENOUGH);
}

static void a_file_that_holds_no_scores_is_an_error(void **state)
{
    struct bench *b = *state;
    struct rollout_reading reading = {0};
    struct err err = {0};
    struct run r = make_run(b, RUN_GATE);
    char path[256];
    snprintf(path, sizeof(path), "%s/none", b->f->folder);
    assert_int_not_equal(watch_judge_gate(b->w, b->f->s, &r, path, &reading, &err), ERR_OK);
    assert_non_null(strstr(err.message, "scores"));
    snprintf(path, sizeof(path), "%s/%s.safetensors", b->artifacts, b->champion);
    assert_int_not_equal(watch_judge_gate(b->w, b->f->s, &r, path, &reading, &err), ERR_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        bench_test(without_data_there_is_not_enough),
        bench_test(what_was_counted_before_the_rollout_is_not_part_of_it),
        bench_test(two_equal_sides_are_good),
        bench_test(without_labels_there_is_not_enough_where_the_policy_wants_them),
        bench_test(a_candidate_that_fails_requests_is_bad),
        bench_test(a_candidate_that_fails_in_shadow_is_bad),
        bench_test(a_slow_candidate_is_bad),
        bench_test(predictions_far_from_the_champions_are_bad),
        bench_test(a_candidate_with_more_wrong_answers_is_bad),
        bench_test(shadow_answers_are_compared_by_their_labels_too),
        bench_test(rows_answered_before_the_rollout_are_not_compared),
        bench_test(each_labelled_row_is_counted_once_however_often_one_looks),
        bench_test(after_a_restart_both_sides_are_as_they_were),
        bench_test(a_rollout_that_was_never_begun_cannot_be_read),
        bench_test(the_gate_lets_a_better_candidate_through),
        bench_test(the_gate_stops_a_worse_one),
        bench_test(an_equal_candidate_does_not_pass),
        bench_test(too_few_rows_do_not_pass),
        bench_test(a_file_that_holds_no_scores_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
