/*
 * train_manifest.c - builds the manifest. What the job was given as lineage is kept, and so is what
 * the snapshot brought along; what the job knows for certain (hashes, counts, times) overrides
 * both.
 */
#include "job/train_manifest.h"

#include "base/clock.h"
#include "base/json.h"

/* Copies from's items into to, over what is there. */
static bool merge(cJSON *to, const cJSON *from)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, from)
    {
        cJSON *copy = cJSON_Duplicate(item, true);
        cJSON_DeleteItemFromObjectCaseSensitive(to, item->string);
        if (!copy || !cJSON_AddItemToObject(to, item->string, copy)) {
            cJSON_Delete(copy);
            return false;
        }
    }
    return true;
}

static cJSON *own_lineage(const struct train_manifest_inputs *in)
{
    const struct snapshot *s = in->snapshot;
    cJSON *json = cJSON_CreateObject();
    bool ok = cJSON_AddStringToObject(json, "snapshot_sha256", s->sha256) &&
              cJSON_AddNumberToObject(json, "snapshot_rows", (double)s->n_rows) &&
              cJSON_AddNumberToObject(json, "holdout_rows", (double)s->n_holdout) &&
              cJSON_AddNumberToObject(json, "from_unix_ms", (double)s->time_unix_ms[0]) &&
              cJSON_AddNumberToObject(json, "to_unix_ms", (double)s->time_unix_ms[s->n_rows - 1]);
    ok = ok && (in->champion
                    ? cJSON_AddStringToObject(json, "parent_sha256", in->champion->sha256) != NULL
                    : cJSON_AddNullToObject(json, "parent_sha256") != NULL);
    if (!ok) {
        cJSON_Delete(json);
        return NULL;
    }
    return json;
}

static bool add_lineage(cJSON *manifest, const struct train_manifest_inputs *in)
{
    cJSON *lineage = cJSON_AddObjectToObject(manifest, "lineage"), *own = own_lineage(in);
    bool ok = lineage && own && merge(lineage, in->snapshot->lineage) &&
              merge(lineage, in->job->lineage) && merge(lineage, own);
    cJSON_Delete(own);
    return ok;
}

static bool add_facts(cJSON *manifest, const struct train_manifest_inputs *in)
{
    char created[CLOCK_TEXT_BYTES];
    clock_format_utc(in->now_unix_ms, created, sizeof created);
    return cJSON_AddNumberToObject(manifest, "format", ARTIFACT_FORMAT) &&
           cJSON_AddStringToObject(manifest, "model", in->snapshot->schema->model) &&
           cJSON_AddStringToObject(manifest, "created", created) &&
           cJSON_AddStringToObject(manifest, "code_version", LEEWAY_VERSION) &&
           cJSON_AddStringToObject(manifest, "backend", in->report->backend) &&
           cJSON_AddStringToObject(manifest, "device", in->report->device) &&
           cJSON_AddStringToObject(manifest, "precision", "fp32") &&
           cJSON_AddNumberToObject(manifest, "seed", (double)in->parameters->seed) &&
           cJSON_AddNumberToObject(manifest, "best_epoch", in->report->fit.best_epoch) &&
           cJSON_AddBoolToObject(manifest, "warm_started", in->report->warm_started) &&
           cJSON_AddBoolToObject(manifest, "calibrated", in->report->calibrated);
}

enum err_code train_manifest_build(const struct train_manifest_inputs *in, cJSON **out,
                                   struct err *e)
{
    cJSON *manifest = cJSON_CreateObject();
    bool ok = add_facts(manifest, in) && add_lineage(manifest, in);
    ok = ok && cJSON_AddItemToObject(manifest, "hyperparameters",
                                     train_parameters_to_json(in->parameters));
    cJSON *metrics = ok ? cJSON_AddObjectToObject(manifest, "metrics") : NULL;
    ok = metrics && cJSON_AddItemToObject(metrics, "validation",
                                          cJSON_Duplicate(in->validation_metrics, true));
    if (!ok) {
        cJSON_Delete(manifest);
        return err_set(e, ERR_NOMEM, "out of memory for the manifest");
    }
    *out = manifest;
    return ERR_OK;
}
