/*
 * cmd_status.c - leeway status: models, replicas, trainer and problems at a glance.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "field.h"
#include "show.h"
#include "base/table.h"

/* "v4 at 5%", "v3 only" is left out: nothing is shown where there is no candidate. */
static void put_candidate(struct table *t, const cJSON *model)
{
    const char *label = field_text(model, "candidate.label");
    if (label[0])
        table_cell(t, STYLE_WARN, "%s at %.3g%%", label,
                   100 * field_number(model, "candidate_weight"));
    else
        table_cell(t, STYLE_PLAIN, "-");
}

static void put_run(struct table *t, const cJSON *model)
{
    const char *id = field_text(model, "run.id");
    if (id[0])
        table_cell(t, STYLE_WARN, "%s %s%s", id, field_text(model, "run.state"),
                   field_bool(model, "run.paused") ? " (paused)" : "");
    else
        table_cell(t, STYLE_PLAIN, "-");
}

static void put_drift(struct table *t, const cJSON *model)
{
    int64_t drifted = field_int(model, "last_window.drifted");
    if (!cJSON_IsObject(cJSON_GetObjectItem(model, "last_window")))
        table_cell(t, STYLE_PLAIN, "-");
    else
        table_cell(t, drifted > 0 ? STYLE_WARN : STYLE_GOOD, "%lld of %lld", (long long)drifted,
                   (long long)field_int(model, "last_window.features"));
}

static bool is_harm(const cJSON *point)
{
    return strcmp(field_text(point, "metric"), "risk") == 0;
}

static bool is_bad(const cJSON *point)
{
    return strcmp(field_text(point, "verdict"), "drift") == 0;
}

/* The first performance monitor's; a harm monitor's risk only where there is no metric. */
static const cJSON *point_to_show(const cJSON *model)
{
    const cJSON *point = NULL, *all = cJSON_GetObjectItem(model, "performance");
    cJSON_ArrayForEach(point, all)
    {
        if (!is_harm(point))
            return point;
    }
    return all ? all->child : NULL;
}

/* The value beside its reference. */
static void put_performance(struct table *t, const cJSON *model)
{
    char value[FIELD_BYTES], reference[FIELD_BYTES];
    const cJSON *point = point_to_show(model);
    bool bad = is_bad(point);
    if (point && !isnan(field_number(point, "value")))
        table_cell(t, bad ? STYLE_BAD : STYLE_PLAIN, "%s %s (%s)", field_text(point, "metric"),
                   field_show_number(point, "value", value),
                   field_show_number(point, "reference", reference));
    else
        table_cell(t, STYLE_PLAIN, "-");
}

static void show_models(struct page *page, const cJSON *status)
{
    static const struct table_column columns[] = {
        {"MODEL", TABLE_CUT},   {"CHAMPION", TABLE_KEEP}, {"CANDIDATE", TABLE_CUT},
        {"RUN", TABLE_CUT},     {"DRIFT", TABLE_KEEP},    {"METRIC (REF)", TABLE_CUT},
        {"ROWS", TABLE_NUMBER},
    };
    struct table *t = table_new(columns, sizeof(columns) / sizeof(columns[0]));
    const cJSON *model = NULL;
    cJSON_ArrayForEach(model, cJSON_GetObjectItem(status, "models"))
    {
        const char *champion = field_text(model, "champion.label");
        table_cell(t, STYLE_BOLD, "%s", field_text(model, "model"));
        table_cell(t, STYLE_PLAIN, "%s", champion[0] ? champion : "none");
        put_candidate(t, model);
        put_run(t, model);
        put_drift(t, model);
        put_performance(t, model);
        table_cell(t, STYLE_PLAIN, "%lld", (long long)field_int(model, "observations"));
    }
    if (table_n_rows(t) == 0)
        page_line(page, STYLE_PLAIN,
                  "No models yet. Next: leeway schema suggest FILE.csv --label "
                  "COLUMN, then leeway model create --schema FILE");
    table_print(t, page);
    table_free(t);
}

/* One line for each harm monitor that speaks: the champion costs more than is tolerated. */
static void show_harm(struct page *page, const cJSON *model)
{
    char value[FIELD_BYTES], reference[FIELD_BYTES], line[512];
    const cJSON *point = NULL;
    cJSON_ArrayForEach(point, cJSON_GetObjectItem(model, "performance"))
    {
        if (!is_harm(point) || !is_bad(point))
            continue;
        snprintf(line, sizeof(line),
                 "%s is harmed: mean loss %s over %lld labelled rows, %s on "
                 "the reference (%s)",
                 field_text(model, "model"), field_show_number(point, "value", value),
                 (long long)field_int(point, "n"), field_show_number(point, "reference", reference),
                 field_text(point, "monitor"));
        page_indented(page, 0, STYLE_BAD, line);
    }
}

static void show_decisions(struct page *page, const cJSON *status)
{
    char ago[FIELD_BYTES], line[1024];
    int64_t now = field_int(status, "now_unix_ms");
    const cJSON *model = NULL;
    page_gap(page);
    cJSON_ArrayForEach(model, cJSON_GetObjectItem(status, "models"))
    {
        const char *reason = field_text(model, "decision.reason");
        const char *next = field_text(model, "run.next");
        show_harm(page, model);
        if (reason[0]) {
            snprintf(line, sizeof(line), "%s, %s: %s", field_text(model, "model"),
                     field_show_ago(model, "decision.at_unix_ms", now, ago), reason);
            page_indented(page, 0, STYLE_PLAIN, line);
        }
        if (next[0])
            page_line(page, STYLE_PLAIN, "Next: %s", next);
    }
}

static void show_hosts(struct page *page, const cJSON *status)
{
    char ago[FIELD_BYTES];
    int up = 0;
    const cJSON *replica = NULL, *replicas = cJSON_GetObjectItem(status, "replicas");
    cJSON_ArrayForEach(replica, replicas) up += strcmp(field_text(replica, "state"), "up") == 0;
    page_gap(page);
    page_field(page, "replicas", "%d of %d up", up, cJSON_GetArraySize(replicas));
    if (field_text(status, "trainer.url")[0])
        page_field(page, "trainer", "%s %s", field_text(status, "trainer.state"),
                   field_text(status, "trainer.url"));
    else
        page_field(page, "trainer", "none");
    page_field(page, "leewayd", "%s, started %s", field_text(status, "version"),
               field_show_ago(status, "started_unix_ms", field_int(status, "now_unix_ms"), ago));
}

static void show_problems(struct page *page, const cJSON *status)
{
    const cJSON *problem = NULL, *problems = cJSON_GetObjectItem(status, "problems");
    if (cJSON_GetArraySize(problems) == 0)
        return;
    page_gap(page);
    cJSON_ArrayForEach(problem, problems)
        page_line(page, STYLE_BAD, "! %s", field_text(problem, NULL));
}

static void show(struct page *page, const cJSON *status, void *user)
{
    (void)user;
    show_models(page, status);
    show_decisions(page, status);
    show_hosts(page, status);
    show_problems(page, status);
}

static int run(struct cli *cli)
{
    int code = CLI_OK;
    struct watch_options watch = WATCH_DEFAULT;
    const struct opt opts[] = {WATCH_OPTS(&watch), {.kind = OPT_END}};
    return cli_parse(cli, opts, &code) ? show_get(cli, "/v1/status", &watch, show, NULL) : code;
}

const struct command cmd_status = {
    .name = "status",
    .summary = "Models, replicas, trainer, and what needs you",
    .about = "Everything at a glance: each model's champion, candidate, run, drift and metric; the "
             "newest decision with its reason; problems.",
    .examples = "leeway status\nleeway status --watch\nleeway status --json | jq .problems\n",
    .group = GROUP_WATCH,
    .run = run,
};
