/* api_metrics.c - /metrics: what leewayd has done and what it sees, in Prometheus' text format. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "api_private.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/prom.h"
#include "replica.h"
#include "store/registry.h"

static void counter(struct buf *b, const char *name, const char *help, uint64_t value)
{
    prom_family(b, name, "counter", help);
    prom_sample(b, name, NULL, (double)value);
}

static void write_daemon(struct buf *b, const struct daemon *d)
{
    static const char *const outcomes[] = {"nothing", "hold_back", "retrain"};
    const struct daemon_counters *c = &d->counters;
    const char *const info[] = {"version", LEEWAY_VERSION, NULL};
    prom_family(b, "leewayd_build_info", "gauge", "Version of the running daemon.");
    prom_sample(b, "leewayd_build_info", info, 1);
    prom_family(b, "leewayd_start_time_seconds", "gauge", "When the daemon was started.");
    prom_sample(b, "leewayd_start_time_seconds", NULL, (double)d->started_unix_ms / 1000.0);
    counter(b, "leewayd_replica_visits_total", "Visits to replicas begun.", c->collect_passes);
    counter(b, "leewayd_replica_visit_failures_total", "Visits in which something failed.",
            c->collect_failures);
    counter(b, "leewayd_reports_ingested_total", "Replica reports counted.", c->reports_ingested);
    counter(b, "leewayd_observations_ingested_total", "Rows read from replicas' logs.",
            c->observations_ingested);
    counter(b, "leewayd_labels_accepted_total", "Labels stored.", c->labels_accepted);
    counter(b, "leewayd_run_transitions_total", "Steps of runs from one state to another.",
            c->transitions);
    counter(b, "leewayd_store_failures_total", "Work that the store could not do.",
            c->store_failures);
    prom_family(b, "leewayd_store_queue_depth", "gauge", "Work waiting for the store's thread.");
    prom_sample(b, "leewayd_store_queue_depth", NULL, (double)store_queue_depth(d->queue));
    prom_family(b, "leewayd_decisions_total", "counter", "Policy evaluations by outcome.");
    for (size_t i = 0; i < 3; i++) {
        const char *const labels[] = {"outcome", outcomes[i], NULL};
        prom_sample(b, "leewayd_decisions_total", labels, (double)c->decisions[i]);
    }
}

static void write_replicas(struct buf *b, const struct daemon *d)
{
    prom_family(b, "leewayd_replica_up", "gauge", "1 where the last visit succeeded.");
    for (size_t i = 0; i < d->n_replicas; i++) {
        const char *const labels[] = {"replica", replica_url(d->replicas[i]), NULL};
        prom_sample(b, "leewayd_replica_up", labels, replica_state(d->replicas[i]) == REPLICA_UP);
    }
    prom_family(b, "leewayd_replica_generations_behind", "gauge",
                "Desired states that a replica has not taken yet.");
    for (size_t i = 0; i < d->n_replicas; i++) {
        for (size_t m = 0; m < d->n_models; m++) {
            const struct model_view *view = &d->models[m];
            const struct replica_model *seen = replica_find_model(d->replicas[i], view->name);
            const char *const labels[] = {"replica", replica_url(d->replicas[i]), "model",
                                          view->name, NULL};
            prom_sample(b, "leewayd_replica_generations_behind", labels,
                        (double)(view->generation - (seen ? seen->generation : 0)));
        }
    }
}

/* One gauge over all models: the number at path of each model's JSON, where it is there. */
static void write_gauge(struct buf *b, const cJSON *models, const char *name, const char *help,
                        const char *path)
{
    const cJSON *model = NULL;
    prom_family(b, name, "gauge", help);
    cJSON_ArrayForEach(model, models)
    {
        const char *model_name = "";
        double value = NAN;
        json_opt_string(model, "model", &model_name, NULL);
        json_opt_double(model, path, -1e300, 1e300, &value, NULL);
        const char *const labels[] = {"model", model_name, NULL};
        if (!isnan(value))
            prom_sample(b, name, labels, value);
    }
}

/* One gauge over all monitors of labelled rows: what of() makes of each one's newest point; NaN is
 * left out. */
static void write_points(struct buf *b, const cJSON *models, const char *name, const char *help,
                         double (*of)(const cJSON *point))
{
    const cJSON *model = NULL, *point = NULL;
    prom_family(b, name, "gauge", help);
    cJSON_ArrayForEach(model, models)
    {
        const char *model_name = "";
        json_opt_string(model, "model", &model_name, NULL);
        cJSON_ArrayForEach(point, json_at(model, "performance"))
        {
            const char *monitor = "", *metric = "";
            json_opt_string(point, "monitor", &monitor, NULL);
            json_opt_string(point, "metric", &metric, NULL);
            const char *const labels[] = {"model",  model_name, "monitor", monitor,
                                          "metric", metric,     NULL};
            if (!isnan(of(point)))
                prom_sample(b, name, labels, of(point));
        }
    }
}

static double value_of(const cJSON *point)
{
    double value = NAN;
    json_opt_double(point, "value", -1e300, 1e300, &value, NULL);
    return value;
}

static double is_worse(const cJSON *point)
{
    return strcmp(api_text_at(point, "verdict"), "drift") == 0;
}

static void write_models(struct buf *b, const cJSON *models)
{
    write_gauge(b, models, "leewayd_model_observations", "Rows collected of a model.",
                "observations");
    write_gauge(b, models, "leewayd_labels_owed", "Observations whose label has not come.",
                "labels.owed");
    write_gauge(b, models, "leewayd_window_features_drifted",
                "Features that drift in the newest window.", "last_window.drifted");
    write_gauge(b, models, "leewayd_candidate_weight_ratio",
                "Share of requests that the candidate answers.", "candidate_weight");
    write_points(b, models, "leewayd_performance", "Newest value of each performance monitor.",
                 value_of);
    write_points(b, models, "leewayd_performance_worse",
                 "1: shown to be worse than the reference, or harm; 0: not.", is_worse);
}

static void metrics_work(struct store *s, struct api_call *call, struct err *e)
{
    cJSON *names = NULL;
    const cJSON *item = NULL;
    enum err_code rc = registry_list_models(s, &names, e);
    call->out = cJSON_CreateArray();
    cJSON_ArrayForEach(item, names)
    {
        const char *name = "";
        cJSON *model = NULL;
        json_opt_string(item, "name", &name, NULL);
        if (rc == ERR_OK)
            rc = api_model_json(call->d, s, name, false, &model, e);
        if (rc == ERR_OK)
            cJSON_AddItemToArray(call->out, model);
    }
    cJSON_Delete(names);
}

static void write_page(struct api_call *call)
{
    struct buf b = BUF_INIT;
    write_daemon(&b, call->d);
    write_replicas(&b, call->d);
    write_models(&b, call->out);
    call->text_type = PROM_CONTENT_TYPE;
    call->text = buf_take(&b, NULL);
    cJSON_Delete(call->out);
    call->out = NULL;
}

void api_get_metrics(struct http_request *req, void *user)
{
    struct api_call *call = api_call_new(req, user);
    if (!call)
        return;
    call->then = write_page;
    api_submit(call, metrics_work);
}
