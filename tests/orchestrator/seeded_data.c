/* seeded_data.c - see seeded_data.h. */
#include "seeded_data.h"

#include "campaign.h"
#include "watch_bench.h"

static void step(struct bench *b, struct run *r, struct run_event ev,
                 const struct campaign_version *version)
{
    struct campaign_step out = {0};
    ev.action_seq = r->action_seq;
    b->now_ms += 1000;
    assert_ok(campaign_step(b->w, b->f->s, r->id, &ev, version, b->now_ms, &out, e));
    *r = out.run;
}

static void run_to_promotion(struct bench *b, char run[SEEDED_RUN_BYTES])
{
    static const struct policy_request request = {
        .actor = "alice", .reason = "a try", .force = true};
    struct campaign_decision d = {0};
    struct campaign_step started = {0};
    struct campaign_version version = {
        .sha256 = b->candidate, .path = "somewhere", .manifest_json = "{}"};
    assert_ok(campaign_decide(b->w, b->f->s, BENCH_MODEL, &request, b->now_ms, &d, &started, e));
    assert_true(d.started);
    struct run r = started.run;
    step(b, &r, (struct run_event){.kind = RUN_EV_ACTION_OK, .sha256 = SHA_A, .n_rows = 9}, NULL);
    step(b, &r, (struct run_event){.kind = RUN_EV_ACTION_OK}, NULL);
    step(b, &r, (struct run_event){.kind = RUN_EV_ACTION_OK}, NULL);
    step(b, &r, (struct run_event){.kind = RUN_EV_JOB_STATUS, .job = RUN_JOB_SUCCEEDED}, NULL);
    step(b, &r, (struct run_event){.kind = RUN_EV_ACTION_OK}, &version);
    step(b, &r, (struct run_event){.kind = RUN_EV_PROMOTE, .actor = "bob", .text = "at once"},
         NULL);
    step(b, &r, (struct run_event){.kind = RUN_EV_ACTION_OK, .replicas = 1}, NULL);
    assert_int_equal(r.state, RUN_PROMOTED);
    snprintf(run, SEEDED_RUN_BYTES, "%s", r.id);
}

static void serve_and_label(struct bench *b)
{
    struct sim s;
    struct campaign_decision d = {0};
    struct campaign_step none = {0};
    size_t n_points = 0;
    sim_init(&s, b, "seed", "seed");
    for (int i = 0; i < 2; i++) { /* the second window has a history */
        sim_serve(&s, &(struct sim_requests){.sha256 = b->candidate, .role = "champion", .n = 500});
        assert_int_equal(sim_report(&s, "http://gone").windows_closed, 1);
    }
    bench_label(b, &(struct bench_rows){.n = 200, .sha256 = b->candidate, .wrong_every = 20});
    assert_ok(watch_fold_labels(b->w, b->f->s, BENCH_MODEL, &n_points, e));
    assert_true(n_points > 0);
    assert_ok(campaign_decide(b->w, b->f->s, BENCH_MODEL, NULL, b->now_ms, &d, &none, e));
    assert_int_equal(d.outcome, POLICY_NOTHING);
    sim_clean_up(&s);
}

void seeded_data_write(const char *folder, char run[SEEDED_RUN_BYTES])
{
    struct fixture f = {0};
    snprintf(f.folder, sizeof(f.folder), "%s", folder);
    snprintf(f.path, sizeof(f.path), "%s/leeway.db", folder);
    fixture_reopen(&f);
    struct bench *b = bench_open(&f, LABEL_BINARY, true, bench_policy);
    run_to_promotion(b, run);
    serve_and_label(b);
    bench_close(b);
    store_close(f.s);
}
