/*
 * test_infer_served.c - a served model without HTTP: applying desired states, scoring, counting,
 * shadowing, and all of it at once from several threads.
 */
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

#include "base/log.h"
#include "infer_job.h"
#include "model_snapshot.h"
#include "testing.h"
#include "tiny_artifact.h"

#define N_LANES 4

struct world {
    char folder[512];
    struct artifact_dir artifacts;
    struct lanes *lanes;
    struct apply_context context;
    struct served_model *model;
    char v1[SHA256_HEX_BYTES], v2[SHA256_HEX_BYTES], income[SHA256_HEX_BYTES],
        bad[SHA256_HEX_BYTES];
};

static struct served_model *open_model(struct world *w)
{
    struct served_model *m;
    struct err e = {0};
    char dir[600];
    snprintf(dir, sizeof dir, "%s/models/loan", w->folder);
    assert_ok(served_model_new("loan", dir, 1 << 20, &m, &e), &e);
    return m;
}

static int make_world(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct err e = {0};
    strcpy(w->folder, "/tmp/leeway-test-XXXXXX");
    log_set_level(LOG_ERROR);
    assert_non_null(mkdtemp(w->folder));
    assert_ok(artifact_dir_init(&w->artifacts, w->folder, &e), &e);
    tiny_artifact_save(&(struct tiny_options){.bias = 0}, w->artifacts.path, w->v1);
    tiny_artifact_save(&(struct tiny_options){.bias = 1}, w->artifacts.path, w->v2);
    tiny_artifact_save(&(struct tiny_options){.bias = 2, .income = true}, w->artifacts.path,
                       w->income);
    tiny_artifact_save(&(struct tiny_options){.bias = 3, .wrong_golden = true}, w->artifacts.path,
                       w->bad);
    w->lanes = lanes_new(N_LANES);
    w->context = (struct apply_context){&w->artifacts, w->lanes};
    w->model = open_model(w);
    *state = w;
    return 0;
}

static int free_world(void **state)
{
    struct world *w = *state;
    served_model_free(w->model);
    lanes_free(w->lanes);
    file_remove_tree(w->folder, NULL);
    free(w);
    return 0;
}

/* candidate "": none. */
static struct desired desired(int64_t generation, const char *champion, const char *candidate,
                              double weight)
{
    struct desired d = {.generation = generation, .weight = weight, .salt = "loan", .sample = 1};
    strcpy(d.champion.sha256, champion);
    strcpy(d.champion.label, "champion-label");
    strcpy(d.candidate.sha256, candidate);
    strcpy(d.candidate.label, *candidate ? "candidate-label" : "");
    d.has_candidate = *candidate != 0;
    return d;
}

static enum apply_outcome apply(struct world *w, struct desired d)
{
    struct apply_result r;
    served_model_apply(w->model, &w->context, &d, &r);
    return r.outcome;
}

static const char one_row[] =
    "{\"inputs\":[{\"name\":\"age\",\"shape\":[1],\"datatype\":\"FP32\",\"data\":[50]},"
    "{\"name\":\"zip\",\"shape\":[1],\"datatype\":\"BYTES\",\"data\":[\"a\"]},"
    "{\"name\":\"ssn\",\"shape\":[1],\"datatype\":\"BYTES\",\"data\":[\"1\"]}]}";

/* One request; on success *score and version (65 bytes) of the answer. */
static enum err_code ask(struct world *w, const char *body, const char *key, const char *version,
                         float *score, char *sha256)
{
    struct infer_answer answer;
    struct err e = {0};
    struct deployment *d = served_model_current(w->model);
    struct infer_job job = {.model = w->model,
                            .deployment = d,
                            .lane = lane_take(w->lanes),
                            .body = {body, strlen(body), "", 0},
                            .version = version,
                            .key_header = key};
    enum err_code code = infer_job_run(&job, &answer, &e);
    if (!code) {
        *score = answer.scores[0];
        strcpy(sha256, answer.version_sha256);
    }
    lane_give_back(w->lanes, job.lane);
    deployment_unref(d);
    return code;
}

static struct side side_of(struct world *w, const char *sha256, enum role role)
{
    struct model_snapshot s;
    struct side side = {0};
    struct err e = {0};
    assert_ok(model_snapshot_take(w->model, w->lanes, false, &s, &e), &e);
    for (size_t i = 0; i < s.n_versions; i++) {
        if (strcmp(ledger_sha256(s.versions[i].ledger), sha256) == 0) {
            side = s.versions[i].sides[role];
        }
    }
    model_snapshot_deinit(&s);
    return side;
}

static uint64_t log_rows(struct world *w)
{
    struct observation_log_info info;
    observation_log_info(w->model->log, &info);
    return info.next_seq;
}

/* ---- applying ---- */

static void the_champion_answers_with_its_own_numbers(void **state)
{
    struct world *w = *state;
    float score;
    char sha256[SHA256_HEX_BYTES];
    assert_int_equal(apply(w, desired(1, w->v1, "", 0)), APPLY_DONE);
    assert_int_equal(ask(w, one_row, NULL, NULL, &score, sha256), ERR_OK);
    assert_string_equal(sha256, w->v1);
    assert_true(fabs(score - tiny_score(0, 50, "a")) < 1e-6);
}

static void generations_are_kept_in_order(void **state)
{
    struct world *w = *state;
    assert_int_equal(apply(w, desired(5, w->v1, "", 0)), APPLY_DONE);
    assert_int_equal(apply(w, desired(5, w->v1, "", 0)), APPLY_UNCHANGED);
    assert_int_equal(apply(w, desired(5, w->v2, "", 0)), APPLY_DIFFERENT);
    assert_int_equal(apply(w, desired(4, w->v2, "", 0)), APPLY_OLDER);
    assert_int_equal(apply(w, desired(6, w->v2, "", 0)), APPLY_DONE);
}

static void missing_artifacts_are_listed(void **state)
{
    struct world *w = *state;
    char absent[SHA256_HEX_BYTES];
    memset(absent, 'e', 64);
    absent[64] = '\0';
    struct desired d = desired(1, w->v1, absent, 0.5);
    struct apply_result r;
    served_model_apply(w->model, &w->context, &d, &r);
    assert_int_equal(r.outcome, APPLY_MISSING);
    assert_int_equal(r.n_missing, 1);
    assert_string_equal(r.missing[0], absent);
}

static void a_bad_candidate_leaves_the_champion_alone(void **state)
{
    struct world *w = *state;
    float score;
    char sha256[SHA256_HEX_BYTES];
    struct apply_result r;
    assert_int_equal(apply(w, desired(1, w->v1, "", 0)), APPLY_DONE);
    struct desired d = desired(2, w->v1, w->bad, 1);
    served_model_apply(w->model, &w->context, &d, &r);
    assert_int_equal(r.outcome, APPLY_FAILED);
    assert_string_equal(r.version, w->bad);
    assert_non_null(strstr(r.error.message, "golden row 0"));
    assert_int_equal(w->model->last_error.generation, 2);
    assert_int_equal(ask(w, one_row, NULL, NULL, &score, sha256), ERR_OK);
    assert_string_equal(sha256, w->v1);
    assert_int_equal(apply(w, desired(2, w->v2, "", 0)), APPLY_DONE); /* the number is still free */
    assert_false(w->model->last_error.set);
}

static void a_damaged_file_is_refused_and_asked_for_again(void **state)
{
    struct world *w = *state;
    char path[PATH_MAX];
    struct err e = {0};
    artifact_dir_file(&w->artifacts, w->v2, path);
    assert_ok(file_write_atomic(path, "broken", 6, &e), &e);
    assert_int_equal(apply(w, desired(1, w->v1, "", 0)), APPLY_DONE);
    assert_int_equal(apply(w, desired(2, w->v1, w->v2, 0.5)), APPLY_FAILED);
    assert_int_equal(apply(w, desired(2, w->v1, w->v2, 0.5)), APPLY_MISSING);
}

static void a_version_of_another_model_is_refused(void **state)
{
    struct world *w = *state;
    char other[SHA256_HEX_BYTES];
    struct apply_result r;
    tiny_artifact_save(&(struct tiny_options){.model = "fraud"}, w->artifacts.path, other);
    struct desired d = desired(1, other, "", 0);
    served_model_apply(w->model, &w->context, &d, &r);
    assert_int_equal(r.outcome, APPLY_FAILED);
    assert_non_null(strstr(r.error.message, "model \"fraud\""));
}

static void a_restart_runs_what_ran(void **state)
{
    struct world *w = *state;
    struct err e = {0};
    float score;
    char sha256[SHA256_HEX_BYTES];
    assert_int_equal(apply(w, desired(7, w->v1, w->v2, 1)), APPLY_DONE);
    assert_int_equal(ask(w, one_row, NULL, NULL, &score, sha256), ERR_OK);
    served_model_free(w->model);
    w->model = open_model(w);
    assert_null(w->model->current);
    assert_ok(served_model_restore(w->model, &w->context, &e), &e);
    assert_int_equal(apply(w, desired(7, w->v1, w->v2, 1)), APPLY_UNCHANGED);
    assert_int_equal(ask(w, one_row, NULL, NULL, &score, sha256), ERR_OK);
    assert_string_equal(sha256, w->v2);
    assert_int_equal(log_rows(w), 2);
}

static void a_stopped_model_stays_stopped(void **state)
{
    struct world *w = *state;
    struct err e = {0};
    assert_int_equal(apply(w, desired(7, w->v1, "", 0)), APPLY_DONE);
    served_model_stop(w->model);
    assert_null(served_model_current(w->model));
    assert_ok(served_model_restore(w->model, &w->context, &e), &e);
    assert_null(served_model_current(w->model));
    assert_int_equal(apply(w, desired(1, w->v1, "", 0)), APPLY_DONE);
}

/* ---- routing, counting ---- */

static void keys_stick_to_their_side(void **state)
{
    struct world *w = *state;
    struct routing r;
    int n_candidate = 0;
    float score;
    char key[32], sha256[SHA256_HEX_BYTES];
    routing_init(&r, "loan", 0.3, 1);
    assert_int_equal(apply(w, desired(1, w->v1, w->v2, 0.3)), APPLY_DONE);
    for (int i = 0; i < 400; i++) {
        size_t len = (size_t)snprintf(key, sizeof key, "u%d", i % 200);
        bool candidate = routing_to_candidate(&r, key, len);
        assert_int_equal(ask(w, one_row, key, NULL, &score, sha256), ERR_OK);
        assert_string_equal(sha256, candidate ? w->v2 : w->v1);
        n_candidate += candidate;
    }
    assert_int_equal(side_of(w, w->v2, ROLE_CANDIDATE).requests, n_candidate);
    assert_int_equal(side_of(w, w->v1, ROLE_CHAMPION).requests, 400 - n_candidate);
    assert_int_equal(log_rows(w), 400);
}

static void the_shadow_scores_what_the_champion_answers(void **state)
{
    struct world *w = *state;
    struct desired d = desired(1, w->v1, w->v2, 0);
    struct buf page = BUF_INIT;
    struct err e = {0};
    float score;
    char sha256[SHA256_HEX_BYTES];
    uint64_t next;
    d.shadow = true;
    assert_int_equal(apply(w, d), APPLY_DONE);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(ask(w, one_row, NULL, NULL, &score, sha256), ERR_OK);
        assert_string_equal(sha256, w->v1);
    }
    assert_int_equal(side_of(w, w->v2, ROLE_SHADOW).rows, 10);
    assert_int_equal(side_of(w, w->v2, ROLE_CANDIDATE).rows, 0);
    assert_ok(observation_log_read(w->model->log, 0, 1, &page, &next, &e), &e);
    assert_non_null(strstr(page.data, w->v2)); /* as "sv" */
    buf_free(&page);
}

static void a_failing_candidate_costs_no_client_its_answer(void **state)
{
    struct world *w = *state;
    float score;
    char sha256[SHA256_HEX_BYTES];
    assert_int_equal(apply(w, desired(1, w->v1, w->income, 1)), APPLY_DONE);
    assert_int_equal(ask(w, one_row, "u", NULL, &score, sha256), ERR_OK); /* has no income */
    assert_string_equal(sha256, w->v1);
    assert_int_equal(side_of(w, w->income, ROLE_CANDIDATE).errors, 1);
    assert_int_equal(side_of(w, w->v1, ROLE_CHAMPION).requests, 1);
}

static void clients_may_send_the_candidates_new_feature_early(void **state)
{
    struct world *w = *state;
    static const char with_income[] =
        "{\"inputs\":[{\"name\":\"age\",\"shape\":[1],\"datatype\":\"FP32\",\"data\":[50]},"
        "{\"name\":\"zip\",\"shape\":[1],\"datatype\":\"BYTES\",\"data\":[\"a\"]},"
        "{\"name\":\"income\",\"shape\":[1],\"datatype\":\"FP32\",\"data\":[3000]},"
        "{\"name\":\"ssn\",\"shape\":[1],\"datatype\":\"BYTES\",\"data\":[\"1\"]}]}";
    float score;
    char sha256[SHA256_HEX_BYTES];
    struct desired d = desired(1, w->v1, w->income, 0);
    d.shadow = true;
    assert_int_equal(apply(w, d), APPLY_DONE);
    assert_int_equal(ask(w, with_income, "u", NULL, &score, sha256), ERR_OK);
    assert_true(fabs(score - tiny_score(0, 50, "a")) < 1e-6);
    assert_int_equal(side_of(w, w->income, ROLE_SHADOW).rows, 1);
    assert_int_equal(ask(w, with_income, "u", w->income, &score, sha256), ERR_OK);
    assert_true(fabs(score - tiny_score(2 + 3, 50, "a")) < 1e-6);
    assert_int_equal(ask(w, one_row, "u", NULL, &score, sha256), ERR_OK);
    assert_int_equal(side_of(w, w->income, ROLE_SHADOW).errors, 1);
}

static void a_clients_mistake_is_nobodys_error(void **state)
{
    struct world *w = *state;
    float score;
    char sha256[SHA256_HEX_BYTES];
    assert_int_equal(apply(w, desired(1, w->v1, "", 0)), APPLY_DONE);
    assert_int_equal(ask(w, "{\"inputs\":[]}", NULL, NULL, &score, sha256), ERR_INVALID);
    assert_int_equal(ask(w, one_row, NULL, "v99", &score, sha256), ERR_NOT_FOUND);
    assert_int_equal(side_of(w, w->v1, ROLE_CHAMPION).errors, 0);
    assert_int_equal(atomic_load(&w->model->n_rejected), 2);
}

static void counts_survive_unloading(void **state)
{
    struct world *w = *state;
    float score;
    char sha256[SHA256_HEX_BYTES];
    apply(w, desired(1, w->v1, "", 0));
    assert_int_equal(ask(w, one_row, NULL, NULL, &score, sha256), ERR_OK);
    apply(w, desired(2, w->v2, "", 0));
    assert_int_equal(side_of(w, w->v1, ROLE_CHAMPION).rows, 1); /* still reported */
    apply(w, desired(3, w->v1, "", 0));
    assert_int_equal(ask(w, one_row, NULL, NULL, &score, sha256), ERR_OK);
    assert_int_equal(side_of(w, w->v1, ROLE_CHAMPION).rows, 2);
}

static void many_versions_stay_bounded(void **state)
{
    struct world *w = *state;
    char sha256[SHA256_HEX_BYTES];
    for (int i = 0; i < 2 * LEDGERS_MAX; i++) {
        tiny_artifact_save(&(struct tiny_options){.bias = 10 + i}, w->artifacts.path, sha256);
        assert_int_equal(apply(w, desired(1 + i, sha256, "", 0)), APPLY_DONE);
    }
    assert_int_equal(w->model->n_ledgers, LEDGERS_MAX);
    assert_string_equal(ledger_sha256(w->model->ledgers[LEDGERS_MAX - 1]), sha256);
}

static void a_warm_version_answers_by_name_and_stays_out_of_it(void **state)
{
    struct world *w = *state;
    float score;
    char sha256[SHA256_HEX_BYTES], prefix[9];
    struct desired d = desired(1, w->v1, "", 0);
    strcpy(d.warm[d.n_warm++], w->v2);
    assert_int_equal(apply(w, d), APPLY_DONE);
    snprintf(prefix, sizeof prefix, "%.8s", w->v2);
    assert_int_equal(ask(w, one_row, NULL, prefix, &score, sha256), ERR_OK);
    assert_string_equal(sha256, w->v2);
    assert_int_equal(side_of(w, w->v2, ROLE_WARM).rows, 1);
    assert_int_equal(log_rows(w), 0);
}

/* RLIMIT_FSIZE stands for the full disk. */
static void a_full_disk_stops_no_answer(void **state)
{
    struct world *w = *state;
    struct rlimit old, tight;
    struct observation_log_info info;
    float score;
    char sha256[SHA256_HEX_BYTES];
    assert_int_equal(apply(w, desired(1, w->v1, "", 0)), APPLY_DONE);
    getrlimit(RLIMIT_FSIZE, &old);
    tight = (struct rlimit){1, old.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &tight);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(ask(w, one_row, NULL, NULL, &score, sha256), ERR_OK);
    }
    enum apply_outcome outcome = apply(w, desired(2, w->v2, "", 0)); /* a rollback, say */
    setrlimit(RLIMIT_FSIZE, &old);
    assert_int_equal(outcome, APPLY_DONE);
    assert_true(w->model->last_error.set); /* runs, but is not saved */
    observation_log_info(w->model->log, &info);
    assert_int_equal(info.dropped, 5);
    assert_int_equal(info.next_seq, 0);
    assert_int_equal(apply(w, desired(2, w->v2, "", 0)), APPLY_UNCHANGED);
    assert_true(w->model->saved); /* the repeated push saved it */
    assert_false(w->model->last_error.set);
}

/* ---- from several threads ---- */

#define THREAD_REQUESTS 400

struct client {
    struct world *world;
    int n_failed;
};

static void *run_client(void *arg)
{
    struct client *c = arg;
    float score;
    char sha256[SHA256_HEX_BYTES];
    for (int i = 0; i < THREAD_REQUESTS; i++) {
        enum err_code code = ask(c->world, one_row, NULL, NULL, &score, sha256);
        double bias = strcmp(sha256, c->world->v1) == 0 ? 0 : 1;
        c->n_failed += code || fabs(score - tiny_score(bias, 50, "a")) > 1e-6;
    }
    return NULL;
}

/* Clients ask while states change and reports are read: every answer is whole, every row counted
 * once. */
static void swaps_and_reports_disturb_no_request(void **state)
{
    struct world *w = *state;
    struct client clients[3] = {{w, 0}, {w, 0}, {w, 0}};
    pthread_t threads[3];
    struct err e = {0};
    assert_int_equal(apply(w, desired(1, w->v1, "", 0)), APPLY_DONE);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, run_client, &clients[i]), 0);
    }
    for (int i = 2; i < 60; i++) {
        struct desired d = i % 3 == 0   ? desired(i, w->v2, "", 0)
                           : i % 3 == 1 ? desired(i, w->v1, w->v2, 0.5)
                                        : desired(i, w->v1, w->v2, 0);
        d.shadow = i % 3 == 2;
        assert_int_equal(apply(w, d), APPLY_DONE);
        struct model_snapshot s;
        assert_ok(model_snapshot_take(w->model, w->lanes, true, &s, &e), &e);
        uint64_t rows = 0;
        for (size_t v = 0; v < s.n_versions; v++) {
            rows += s.versions[v].served->n_rows;
        }
        assert_int_equal(rows, s.log.next_seq); /* one instant */
        model_snapshot_deinit(&s);
    }
    for (size_t i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(clients[i].n_failed, 0);
    }
    uint64_t rows = side_of(w, w->v1, ROLE_CHAMPION).rows + side_of(w, w->v2, ROLE_CHAMPION).rows +
                    side_of(w, w->v2, ROLE_CANDIDATE).rows;
    assert_int_equal(rows, 3 * THREAD_REQUESTS);
    assert_int_equal(log_rows(w), 3 * THREAD_REQUESTS);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_world, free_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_champion_answers_with_its_own_numbers),
        TEST(generations_are_kept_in_order),
        TEST(missing_artifacts_are_listed),
        TEST(a_bad_candidate_leaves_the_champion_alone),
        TEST(a_damaged_file_is_refused_and_asked_for_again),
        TEST(a_version_of_another_model_is_refused),
        TEST(a_restart_runs_what_ran),
        TEST(a_stopped_model_stays_stopped),
        TEST(keys_stick_to_their_side),
        TEST(the_shadow_scores_what_the_champion_answers),
        TEST(a_failing_candidate_costs_no_client_its_answer),
        TEST(clients_may_send_the_candidates_new_feature_early),
        TEST(a_clients_mistake_is_nobodys_error),
        TEST(counts_survive_unloading),
        TEST(many_versions_stay_bounded),
        TEST(a_warm_version_answers_by_name_and_stays_out_of_it),
        TEST(a_full_disk_stops_no_answer),
        TEST(swaps_and_reports_disturb_no_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
