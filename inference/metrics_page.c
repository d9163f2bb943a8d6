/*
 * metrics_page.c - GET /metrics: the counters of all models, family by family.
 */
#include <stdlib.h>
#include <string.h>

#include "base/prom.h"
#include "model_snapshot.h"
#include "replica_server.h"
#include "routes.h"

/* Every model at one moment, for all families. */
struct page {
    size_t n_models;
    struct model_snapshot *models;
    struct buf text;
};

static enum err_code take_all(struct replica *r, struct page *p, struct err *e)
{
    struct served_model *models[REPLICA_MAX_MODELS];
    size_t n = replica_models(r, models);
    p->models = calloc(n ? n : 1, sizeof *p->models);
    enum err_code code = p->models ? ERR_OK : err_set(e, ERR_NOMEM, "out of memory");
    while (!code && p->n_models < n) {
        code = model_snapshot_take(models[p->n_models], replica_lanes(r), false,
                                   &p->models[p->n_models], e);
        p->n_models++;
    }
    return code;
}

/* ---- families with one sample a model ---- */

static double value_ready(const struct model_snapshot *s)
{
    return s->deployment != NULL;
}

static double value_generation(const struct model_snapshot *s)
{
    return s->deployment ? (double)s->deployment->desired.generation : 0;
}

static double value_weight(const struct model_snapshot *s)
{
    return s->deployment ? s->deployment->desired.weight : 0;
}

static double value_loaded(const struct model_snapshot *s)
{
    return s->deployment ? (double)s->deployment->n : 0;
}

static double value_rejected(const struct model_snapshot *s)
{
    return (double)atomic_load(&s->model->n_rejected);
}

static double value_applied(const struct model_snapshot *s)
{
    return (double)atomic_load(&s->model->n_applied);
}

static double value_refused(const struct model_snapshot *s)
{
    return (double)atomic_load(&s->model->n_refused);
}

static double value_log_bytes(const struct model_snapshot *s)
{
    return (double)s->log.bytes;
}

static double value_log_rows(const struct model_snapshot *s)
{
    return (double)s->log.next_seq;
}

static double value_log_dropped(const struct model_snapshot *s)
{
    return (double)s->log.dropped;
}

static double value_log_failing(const struct model_snapshot *s)
{
    return s->log.failing;
}

static const struct {
    const char *name, *type, *help;
    double (*value)(const struct model_snapshot *s);
} model_families[] = {
    {"leeway_serve_model_ready", "gauge", "1 where the model is served.", value_ready},
    {"leeway_serve_generation", "gauge", "Generation of the desired state that runs.",
     value_generation},
    {"leeway_serve_candidate_weight_ratio", "gauge", "Share of request keys the candidate answers.",
     value_weight},
    {"leeway_serve_loaded_versions", "gauge", "Versions in memory.", value_loaded},
    {"leeway_serve_rejected_requests_total", "counter",
     "Infer requests refused for a mistake of the client.", value_rejected},
    {"leeway_serve_desired_applied_total", "counter",
     "Desired states applied, or found running already.", value_applied},
    {"leeway_serve_desired_refused_total", "counter",
     "Desired states refused: stale, artifacts missing, or a version that does not load.",
     value_refused},
    {"leeway_serve_observation_log_size_bytes", "gauge", "Bytes of the observation log.",
     value_log_bytes},
    {"leeway_serve_observation_log_rows_total", "counter",
     "Rows ever written to the observation log.", value_log_rows},
    {"leeway_serve_observation_log_dropped_rows_total", "counter",
     "Rows no longer in the log: the oldest over its bound, and rows lost to a full disk.",
     value_log_dropped},
    {"leeway_serve_observation_log_failing", "gauge",
     "1 where the last rows could not be written to disk.", value_log_failing},
};

static void put_model_families(struct page *p)
{
    for (size_t f = 0; f < sizeof model_families / sizeof *model_families; f++) {
        prom_family(&p->text, model_families[f].name, model_families[f].type,
                    model_families[f].help);
        for (size_t i = 0; i < p->n_models; i++) {
            const char *const labels[] = {"model", p->models[i].model->name, NULL};
            prom_sample(&p->text, model_families[f].name, labels,
                        model_families[f].value(&p->models[i]));
        }
    }
}

/* ---- families with one sample a model, version and role ---- */

typedef void put_side(struct buf *b, const char *name, const char *const *labels,
                      const struct side *side);

static void put_requests(struct buf *b, const char *name, const char *const *labels,
                         const struct side *side)
{
    prom_sample(b, name, labels, (double)side->requests);
}

static void put_rows(struct buf *b, const char *name, const char *const *labels,
                     const struct side *side)
{
    prom_sample(b, name, labels, (double)side->rows);
}

static void put_errors(struct buf *b, const char *name, const char *const *labels,
                       const struct side *side)
{
    prom_sample(b, name, labels, (double)side->errors);
}

static void put_latency(struct buf *b, const char *name, const char *const *labels,
                        const struct side *side)
{
    prom_histogram(b, name, labels, latency_bounds, side->latency_counts, LATENCY_BOUNDS,
                   side->latency_sum_s);
}

static const struct {
    const char *name, *type, *help;
    put_side *put;
} side_families[] = {
    {"leeway_serve_requests_total", "counter", "Infer requests by the version that took them.",
     put_requests},
    {"leeway_serve_rows_total", "counter", "Rows scored.", put_rows},
    {"leeway_serve_errors_total", "counter", "Infer requests that the version could not score.",
     put_errors},
    {"leeway_serve_request_duration_seconds", "histogram", "From the whole request to its scores.",
     put_latency},
};

static void put_sides(struct page *p, const struct model_snapshot *s, const char *name,
                      put_side *put)
{
    for (size_t v = 0; v < s->n_versions; v++) {
        for (size_t r = 0; r < N_ROLES; r++) {
            const struct side *side = &s->versions[v].sides[r];
            char sha256[13] = {0};
            memcpy(sha256, ledger_sha256(s->versions[v].ledger), 12);
            const char *const labels[] = {
                "model", s->model->name,          "version", s->versions[v].label, "sha256", sha256,
                "role",  role_name((enum role)r), NULL};
            if (side->requests > 0) {
                put(&p->text, name, labels, side);
            }
        }
    }
}

static void put_side_families(struct page *p)
{
    for (size_t f = 0; f < sizeof side_families / sizeof *side_families; f++) {
        prom_family(&p->text, side_families[f].name, side_families[f].type, side_families[f].help);
        for (size_t i = 0; i < p->n_models; i++) {
            put_sides(p, &p->models[i], side_families[f].name, side_families[f].put);
        }
    }
}

/* ---- the page ---- */

static void put_info(struct page *p, const struct replica *r)
{
    const char *const labels[] = {"replica",      replica_name(r), "instance", replica_instance(r),
                                  "code_version", LEEWAY_VERSION,  NULL};
    prom_family(&p->text, "leeway_serve_info", "gauge", "Who this is; always 1.");
    prom_sample(&p->text, "leeway_serve_info", labels, 1);
    prom_family(&p->text, "leeway_serve_start_time_seconds", "gauge",
                "Start of this process, Unix time.");
    prom_sample(&p->text, "leeway_serve_start_time_seconds", NULL,
                (double)replica_started_unix_ms(r) / 1000);
}

void metrics_get(struct http_request *req, void *user)
{
    struct page p = {0};
    struct err e = {0};
    size_t len;
    if (take_all(user, &p, &e)) {
        http_respond_err(req, &e);
    } else {
        put_info(&p, user);
        put_model_families(&p);
        put_side_families(&p);
        char *body = buf_take(&p.text, &len);
        if (body) {
            http_respond_take(req, 200, PROM_CONTENT_TYPE, body, len);
        } else {
            http_respond_error(req, 500, "out of memory");
        }
    }
    for (size_t i = 0; i < p.n_models; i++) {
        model_snapshot_deinit(&p.models[i]);
    }
    free(p.models);
    buf_free(&p.text);
}
