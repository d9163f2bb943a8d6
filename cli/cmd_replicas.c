/*
 * cmd_replicas.c - leeway replicas: the fleet as leewayd last saw it.
 */
#include <string.h>

#include "base/clock.h"
#include "command.h"
#include "field.h"
#include "show.h"
#include "base/table.h"

static void put_model(struct table *t, const cJSON *model)
{
    const char *champion = field_text(model, "champion"),
               *candidate = field_text(model, "candidate");
    int64_t running = field_int(model, "generation"),
            wanted = field_int(model, "wanted_generation");
    table_cell(t, STYLE_PLAIN, "%s", model ? field_text(model, "model") : "-");
    table_cell(t, STYLE_PLAIN, "%s%s%s", champion[0] ? champion : "-", candidate[0] ? "+" : "",
               candidate);
    if (running == wanted)
        table_cell(t, STYLE_PLAIN, "%lld", (long long)running);
    else
        table_cell(t, STYLE_WARN, "%lld of %lld", (long long)running, (long long)wanted);
    table_cell(t, STYLE_PLAIN, "%lld", (long long)field_int(model, "requests"));
    table_cell(t, field_int(model, "errors") ? STYLE_BAD : STYLE_PLAIN, "%lld",
               (long long)field_int(model, "errors"));
    table_cell(t, STYLE_PLAIN, "%lld", (long long)field_int(model, "log_behind"));
}

static void put_replica(struct table *t, const cJSON *replica, const cJSON *model)
{
    char ago[FIELD_BYTES];
    const char *state = field_text(replica, "state"), *name = field_text(replica, "replica");
    bool up = strcmp(state, "up") == 0;
    table_cell(t, STYLE_BOLD, "%s", name[0] ? name : field_text(replica, "url"));
    table_cell(t, up ? STYLE_GOOD : STYLE_BAD, "%s", state);
    table_cell(t, STYLE_PLAIN, "%s",
               field_show_ago(replica, "last_seen_unix_ms", clock_unix_ms(), ago));
    put_model(t, model);
}

static void show_errors(struct page *page, const cJSON *replica)
{
    const cJSON *model = NULL;
    const char *error = field_text(replica, "error");
    if (error[0])
        page_line(page, STYLE_BAD, "! %s (%s): %s", field_text(replica, "replica"),
                  field_text(replica, "url"), error);
    cJSON_ArrayForEach(model,
                       cJSON_GetObjectItem(replica, "models")) if (field_text(model, "refused")[0])
        page_line(page, STYLE_BAD, "! %s refuses: %s", field_text(replica, "replica"),
                  field_text(model, "refused"));
}

static void show(struct page *page, const cJSON *answer, void *user)
{
    static const struct table_column columns[] = {
        {"REPLICA", TABLE_CUT},     {"STATE", TABLE_KEEP},    {"SEEN", TABLE_KEEP},
        {"MODEL", TABLE_CUT},       {"VERSIONS", TABLE_KEEP}, {"GEN", TABLE_KEEP},
        {"REQUESTS", TABLE_NUMBER}, {"ERRORS", TABLE_NUMBER}, {"BEHIND", TABLE_NUMBER},
    };
    struct table *t = table_new(columns, sizeof(columns) / sizeof(columns[0]));
    const cJSON *replica = NULL, *model = NULL, *all = cJSON_GetObjectItem(answer, "replicas");
    (void)user;
    cJSON_ArrayForEach(replica, all)
    {
        const cJSON *models = cJSON_GetObjectItem(replica, "models");
        if (cJSON_GetArraySize(models) == 0)
            put_replica(t, replica, NULL);
        cJSON_ArrayForEach(model, models) put_replica(t, replica, model);
    }
    if (table_n_rows(t) == 0)
        page_line(page, STYLE_PLAIN, "No replicas. leewayd reads them from its --fleet file.");
    table_print(t, page);
    table_free(t);
    page_gap(page);
    cJSON_ArrayForEach(replica, all) show_errors(page, replica);
}

static int run(struct cli *cli)
{
    int code = CLI_OK;
    return cli_parse(cli, NULL, &code) ? show_get(cli, "/v1/replicas", NULL, show, NULL) : code;
}

const struct command cmd_replicas = {
    .name = "replicas",
    .summary = "The fleet as leewayd last saw it",
    .about = "Each replica with its models: versions, generation of the desired state, requests, "
             "errors, and how many rows of its log are not collected yet.",
    .examples = "leeway replicas\nleeway replicas --json\n",
    .group = GROUP_WATCH,
    .run = run,
};
