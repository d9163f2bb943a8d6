/*
 * infer_job.c - the steps of one request, in order.
 *
 * A candidate that cannot score a request is counted an error, and the champion answers in its
 * place: a trial never costs a client its answer.
 */
#include "infer_job.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/rand.h"
#include "observation_line.h"

static double seconds_since(int64_t begin_ns)
{
    return (double)(clock_mono_ns() - begin_ns) * 1e-9;
}

/* ---- reading ---- */

/* The version whose extra tensors are skipped rather than refused: the other side of the split. */
static const struct feature_index *other_features(const struct infer_job *job,
                                                  const struct deployed *v)
{
    const struct deployed *champion = deployment_champion(job->deployment);
    const struct deployed *other = v == champion ? deployment_candidate(job->deployment) : champion;
    return other ? version_features(other->version) : NULL;
}

static enum err_code read_for(struct infer_job *job, const struct deployed *v,
                              struct infer_request *out, struct err *e)
{
    return infer_request_read(&job->body, version_features(v->version), other_features(job, v),
                              &job->lane->arena, out, e);
}

/* The first look: all of it where it is known what to read, else what routing needs. */
static enum err_code read_first(struct infer_job *job, struct err *e)
{
    if (job->version) {
        job->served = deployment_find(job->deployment, job->version);
        if (!job->served) {
            return err_set(e, ERR_NOT_FOUND, "no version \"%s\" of model \"%s\" is loaded",
                           job->version, job->model->name);
        }
        return read_for(job, job->served, &job->request, e);
    }
    if (job->deployment->same_inputs) {
        return read_for(job, deployment_champion(job->deployment), &job->request, e);
    }
    return infer_request_peek(&job->body, &job->lane->arena, &job->request, e);
}

/* ---- routing ---- */

static enum err_code settle_names(struct infer_job *job, struct err *e)
{
    if (job->request.id.s) {
        job->id = job->request.id;
    } else {
        rand_id(job->made_id, 16);
        job->id = (struct text){job->made_id, 32};
    }
    job->key_given = true;
    if (job->key_header && *job->key_header) {
        job->key = (struct text){job->key_header, (uint32_t)strlen(job->key_header)};
    } else if (job->request.key.s) {
        job->key = job->request.key;
    } else {
        job->key = job->id;
        job->key_given = false;
    }
    if (job->key.len > INFER_ID_BYTES) {
        return err_set(e, ERR_INVALID, "Leeway-Key: longer than %d bytes", INFER_ID_BYTES);
    }
    return ERR_OK;
}

static void route(struct infer_job *job)
{
    const struct deployment *d = job->deployment;
    if (!job->version) {
        bool candidate =
            deployment_candidate(d) && routing_to_candidate(&d->routing, job->key.s, job->key.len);
        job->served = candidate ? deployment_candidate(d) : deployment_champion(d);
    }
    job->role = deployment_role(d, job->served);
}

/* ---- scoring ---- */

static enum err_code score(struct infer_job *job, const struct deployed *v, const struct rows *rows,
                           double **codes, float **scores, struct err *e)
{
    const struct artifact *a = version_artifact(v->version);
    *codes = arena_alloc(&job->lane->arena, rows->n_rows * a->schema->n_features * sizeof **codes);
    *scores =
        arena_alloc(&job->lane->arena, rows->n_rows * artifact_n_outputs(a) * sizeof **scores);
    if (!*codes || !*scores) {
        return err_set(e, ERR_NOMEM, "out of memory for %zu rows", rows->n_rows);
    }
    return version_score(v->version, job->lane->index, rows, *codes, *scores, e);
}

static void count_error(struct infer_job *job, const struct deployed *v, enum role role)
{
    pthread_mutex_lock(&job->lane->counting);
    ledger_count_error(version_ledger(v->version), job->lane->index, role);
    pthread_mutex_unlock(&job->lane->counting);
}

/* Reads (where the first look did not) and scores by the version chosen. */
static enum err_code read_and_score(struct infer_job *job, struct err *e)
{
    enum err_code code = ERR_OK;
    if (!job->version && !job->deployment->same_inputs) {
        code = read_for(job, job->served, &job->request, e);
    }
    if (!code) {
        code = score(job, job->served, &job->request.rows, &job->codes, &job->scores, e);
    }
    if (code) {
        count_error(job, job->served, job->role);
    }
    return code;
}

static enum err_code answer_by_someone(struct infer_job *job, struct err *e)
{
    enum err_code code = read_and_score(job, e);
    if (code && job->role == ROLE_CANDIDATE && !job->version) {
        log_debug("candidate_failed", LOG_S("model", job->model->name),
                  LOG_S("version", job->served->label), LOG_S("error", e->message),
                  LOG_S("next", "the champion answers"));
        job->served = deployment_champion(job->deployment);
        job->role = ROLE_CHAMPION;
        code = read_and_score(job, e);
    }
    return code;
}

/* The candidate's answer to what the champion answered. Its failure is its own. */
static void score_shadow(struct infer_job *job)
{
    const struct deployed *candidate = deployment_candidate(job->deployment);
    if (!job->deployment->desired.shadow || job->role != ROLE_CHAMPION || !candidate) {
        return;
    }
    int64_t begin_ns = clock_mono_ns();
    struct infer_request own = job->request;
    enum err_code code = ERR_OK;
    if (!job->deployment->same_inputs) {
        code = read_for(job, candidate, &own, NULL);
    }
    if (!code) {
        code = score(job, candidate, &own.rows, &job->shadow.codes, &job->shadow.scores, NULL);
    }
    if (code) {
        count_error(job, candidate, ROLE_SHADOW);
        return;
    }
    job->shadow.served = candidate;
    job->shadow.n_rows = own.rows.n_rows;
    job->shadow.latency_s = seconds_since(begin_ns);
}

/* ---- writing down ---- */

static void write_lines(struct infer_job *job)
{
    const struct artifact *a = version_artifact(job->served->version);
    struct observation_batch batch = {.schema = a->schema,
                                      .rows = &job->request.rows,
                                      .id = job->id,
                                      .key = job->key_given ? job->key : (struct text){0},
                                      .time_unix_ms = clock_unix_ms(),
                                      .version = a->sha256,
                                      .role = role_name(job->role),
                                      .scores = job->scores};
    if (job->shadow.served) {
        const struct artifact *s = version_artifact(job->shadow.served->version);
        batch.shadow_version = s->sha256;
        batch.shadow_scores = job->shadow.scores;
        batch.n_shadow_outputs = artifact_n_outputs(s);
    }
    observation_lines_write(&batch, &job->lane->lines);
}

static void append_lines(struct infer_job *job)
{
    struct err e = {0};
    bool first = false;
    const struct buf *lines = &job->lane->lines;
    if (buf_failed(lines)) {
        observation_log_lose(job->model->log, job->request.rows.n_rows);
        return;
    }
    if (lines->len == 0) {
        return; /* its key is not observed */
    }
    if (observation_log_append(job->model->log, lines->data, lines->len, job->request.rows.n_rows,
                               &first, &e) &&
        first) {
        log_error(
            "observations_lost", LOG_S("model", job->model->name), LOG_S("error", e.message),
            LOG_S("next", "requests are answered; lost rows are counted until there is space"));
    }
}

/* The rows and their counts become visible together: a report never shows one without the other. */
static void record(struct infer_job *job)
{
    const struct deployment *d = job->deployment;
    if (job->role != ROLE_WARM && routing_observed(&d->routing, job->key.s, job->key.len)) {
        write_lines(job);
    }
    pthread_mutex_lock(&job->lane->counting);
    append_lines(job);
    ledger_count(version_ledger(job->served->version), job->lane->index, job->role,
                 job->request.rows.n_rows, job->latency_s, job->codes, job->scores);
    if (job->shadow.served) {
        ledger_count(version_ledger(job->shadow.served->version), job->lane->index, ROLE_SHADOW,
                     job->shadow.n_rows, job->shadow.latency_s, job->shadow.codes,
                     job->shadow.scores);
    }
    pthread_mutex_unlock(&job->lane->counting);
}

/* ---- all of it ---- */

static enum err_code reject(struct infer_job *job, enum err_code code)
{
    atomic_fetch_add(&job->model->n_rejected, 1);
    return code;
}

enum err_code infer_job_run(struct infer_job *job, struct infer_answer *answer, struct err *e)
{
    job->started_ns = clock_mono_ns();
    enum err_code code = read_first(job, e);
    if (!code) {
        code = settle_names(job, e);
    }
    if (code) {
        return reject(job, code);
    }
    route(job);
    code = infer_outputs_check(version_artifact(job->served->version)->schema, &job->request, e);
    if (code) {
        return reject(job, code);
    }
    code = answer_by_someone(job, e);
    if (code) {
        return code;
    }
    job->latency_s = seconds_since(job->started_ns);
    score_shadow(job);
    record(job);
    const struct artifact *a = version_artifact(job->served->version);
    *answer = (struct infer_answer){.schema = a->schema,
                                    .version_label = job->served->label,
                                    .version_sha256 = a->sha256,
                                    .id = job->id,
                                    .n_rows = job->request.rows.n_rows,
                                    .scores = job->scores};
    return ERR_OK;
}
