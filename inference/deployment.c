/*
 * deployment.c - reference counts, loading, and looking a version up.
 */
#include "deployment.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCRATCH_ROWS 128 /* more go through it in blocks */

struct version {
    atomic_int refs;
    struct artifact *artifact;
    struct feature_index *features;
    struct ledger *ledger;
    size_t n_lanes;
    struct artifact_scratch **scratch;
};

/* ---- versions ---- */

static void version_free(struct version *v)
{
    for (size_t i = 0; v->scratch && i < v->n_lanes; i++) {
        artifact_scratch_free(v->scratch[i]);
    }
    free(v->scratch);
    feature_index_free(v->features);
    artifact_free(v->artifact);
    ledger_unref(v->ledger);
    free(v);
}

/* Serving counts on the ruler and needs no reference. */
static void drop_reference(struct artifact *a)
{
    for (size_t i = 0; i < a->n_chunks; i++) {
        profile_free(a->chunks[i]);
    }
    free(a->chunks);
    profile_free(a->reference);
    a->chunks = NULL;
    a->n_chunks = 0;
    a->reference = NULL;
}

/* The ledger takes the ruler along: it outlives the artifact. */
static enum err_code open_ledger(struct version *v, struct ledger *kept, struct err *e)
{
    drop_reference(v->artifact);
    if (kept) {
        v->ledger = ledger_ref(kept);
        return ERR_OK;
    }
    struct ruler *ruler = v->artifact->ruler;
    v->artifact->ruler = NULL;
    return ledger_new(v->artifact->sha256, ruler, v->n_lanes, &v->ledger, e);
}

static enum err_code prepare(struct version *v, struct ledger *kept, struct err *e)
{
    v->features = feature_index_new(v->artifact->schema);
    v->scratch = calloc(v->n_lanes, sizeof(struct artifact_scratch *));
    if (!v->features || !v->scratch) {
        return err_set(e, ERR_NOMEM, "out of memory");
    }
    enum err_code code = ERR_OK;
    for (size_t i = 0; !code && i < v->n_lanes; i++) {
        code = artifact_scratch_new(v->artifact, SCRATCH_ROWS, &v->scratch[i], e);
    }
    return code ? code : open_ledger(v, kept, e);
}

enum err_code version_load(const char *path, const char *sha256, const char *model,
                           struct ledger *ledger, size_t n_lanes, struct version **out,
                           struct err *e)
{
    struct version *v = calloc(1, sizeof *v);
    if (!v) {
        return err_set(e, ERR_NOMEM, "out of memory");
    }
    atomic_init(&v->refs, 1);
    v->n_lanes = n_lanes;
    enum err_code code = artifact_load(path, sha256, &v->artifact, e);
    if (!code && strcmp(v->artifact->schema->model, model) != 0) {
        code = err_set(e, ERR_INVALID, "the artifact is a version of model \"%s\"",
                       v->artifact->schema->model);
    }
    if (!code) {
        code = prepare(v, ledger, e);
    }
    if (code) {
        version_free(v);
        return code;
    }
    *out = v;
    return ERR_OK;
}

struct version *version_ref(struct version *v)
{
    atomic_fetch_add(&v->refs, 1);
    return v;
}

void version_unref(struct version *v)
{
    if (v && atomic_fetch_sub(&v->refs, 1) == 1) {
        version_free(v);
    }
}

const struct artifact *version_artifact(const struct version *v)
{
    return v->artifact;
}

const struct feature_index *version_features(const struct version *v)
{
    return v->features;
}

struct ledger *version_ledger(const struct version *v)
{
    return v->ledger;
}

enum err_code version_score(struct version *v, size_t lane, const struct rows *rows, double *codes,
                            float *scores, struct err *e)
{
    return artifact_score(v->artifact, v->scratch[lane], rows, codes, scores, e);
}

/* ---- deployments ---- */

/* The count stands in front, out of sight of readers. */
struct counted {
    atomic_int refs;
    struct deployment deployment;
};

static struct counted *counted_of(struct deployment *d)
{
    return (struct counted *)((char *)d - offsetof(struct counted, deployment));
}

/* A warm version keeps the label it was last known by. */
static void set_label(struct deployment *d, size_t i)
{
    struct deployed *v = &d->versions[i];
    const char *known = ledger_label(v->version->ledger);
    const char *label = i == 0                               ? d->desired.champion.label
                        : i == 1 && d->desired.has_candidate ? d->desired.candidate.label
                                                             : known;
    snprintf(v->label, sizeof v->label, "%.*s", *label ? (int)sizeof v->label - 1 : 12,
             *label ? label : ledger_sha256(v->version->ledger));
}

enum err_code deployment_new(const struct desired *desired, struct version *const *versions,
                             size_t n, struct deployment **out, struct err *e)
{
    struct counted *c = calloc(1, sizeof *c);
    if (!c) {
        for (size_t i = 0; i < n; i++) {
            version_unref(versions[i]);
        }
        return err_set(e, ERR_NOMEM, "out of memory");
    }
    atomic_init(&c->refs, 1);
    struct deployment *d = &c->deployment;
    d->desired = *desired;
    routing_init(&d->routing, desired->salt, desired->weight, desired->sample);
    d->n = n;
    for (size_t i = 0; i < n; i++) {
        d->versions[i].version = versions[i];
        set_label(d, i);
    }
    d->same_inputs =
        !desired->has_candidate || feature_index_same(versions[0]->features, versions[1]->features);
    *out = d;
    return ERR_OK;
}

struct deployment *deployment_ref(struct deployment *d)
{
    atomic_fetch_add(&counted_of(d)->refs, 1);
    return d;
}

void deployment_unref(struct deployment *d)
{
    if (!d || atomic_fetch_sub(&counted_of(d)->refs, 1) != 1) {
        return;
    }
    for (size_t i = 0; i < d->n; i++) {
        version_unref(d->versions[i].version);
    }
    free(counted_of(d));
}

const struct deployed *deployment_champion(const struct deployment *d)
{
    return &d->versions[0];
}

const struct deployed *deployment_candidate(const struct deployment *d)
{
    return d->desired.has_candidate ? &d->versions[1] : NULL;
}

enum role deployment_role(const struct deployment *d, const struct deployed *v)
{
    return v == deployment_champion(d)    ? ROLE_CHAMPION
           : v == deployment_candidate(d) ? ROLE_CANDIDATE
                                          : ROLE_WARM;
}

const struct deployed *deployment_find(const struct deployment *d, const char *name)
{
    const struct deployed *found = NULL;
    size_t len = strlen(name), n_found = 0;
    for (size_t i = 0; i < d->n; i++) {
        const struct deployed *v = &d->versions[i];
        if (strcmp(v->label, name) == 0) {
            return v;
        }
        if (len >= 8 && strncmp(v->version->artifact->sha256, name, len) == 0) {
            found = v;
            n_found++;
        }
    }
    return n_found == 1 ? found : NULL;
}
