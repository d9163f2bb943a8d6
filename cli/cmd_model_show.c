/*
 * cmd_model_show.c - leeway model show: one model with its schema and its accounts.
 */
#include <string.h>

#include "base/json.h"
#include "command.h"
#include "field.h"
#include "show.h"
#include "base/table.h"

static void show_features(struct page *page, const cJSON *model)
{
    static const struct table_column columns[] = {
        {"FEATURE", TABLE_CUT}, {"TYPE", TABLE_KEEP}, {"DETAIL", TABLE_WRAP}};
    struct table *t = table_new(columns, sizeof(columns) / sizeof(columns[0]));
    const cJSON *f = NULL, *features = json_at(model, "schema.features");
    cJSON_ArrayForEach(f, features)
    {
        struct buf detail = BUF_INIT;
        field_flatten(cJSON_GetObjectItem(f, "transform"), 8, &detail);
        field_flatten(cJSON_GetObjectItem(f, "categories"), 8, &detail);
        table_cell(t, STYLE_BOLD, "%s", field_text(f, "name"));
        table_cell(t, STYLE_PLAIN, "%s%s", field_text(f, "type"),
                   field_bool(f, "pii") ? ", pii" : "");
        table_cell(t, STYLE_DIM, "%s", detail.data ? detail.data : "");
        buf_free(&detail);
    }
    page_gap(page);
    table_print(t, page);
    table_free(t);
}

static void show(struct page *page, const cJSON *model, void *user)
{
    char time[FIELD_BYTES];
    struct buf labels = BUF_INIT;
    const char *champion = field_text(model, "champion.label");
    (void)user;
    page_line(page, STYLE_BOLD, "%s", field_text(model, "model"));
    page_field(page, "champion", "%s", champion[0] ? champion : "none yet");
    if (champion[0])
        page_field(page, "since", "%s", field_show_time(model, "champion_since_unix_ms", time));
    page_field(page, "candidate", "%s", field_text(model, "candidate.label"));
    page_field(page, "policy", "%s",
               field_text(model, "policy_sha256")[0] ? field_text(model, "policy_sha256") : "none");
    page_field(page, "run", "%s", field_text(model, "run.id"));
    page_field(page, "rows", "%lld served", (long long)field_int(model, "observations"));
    field_flatten(cJSON_GetObjectItem(model, "labels"), 20, &labels);
    page_field(page, "labels", "%s", labels.data ? labels.data : "");
    page_field(page, "label", "%s, %s", field_text(model, "schema.label.name"),
               field_text(model, "schema.label.type"));
    page_field(page, "decision", "%s", field_text(model, "decision.reason"));
    show_features(page, model);
    buf_free(&labels);
}

static int run(struct cli *cli)
{
    int code = CLI_OK;
    struct buf path = BUF_INIT;
    if (!cli_parse(cli, NULL, &code))
        return code;
    control_path(&path, "/v1/models/{}", cli->args[0]);
    code = show_get(cli, path.data, NULL, show, NULL);
    buf_free(&path);
    return code;
}

const struct command cmd_model_show = {
    .name = "model show",
    .synopsis = "MODEL",
    .summary = "One model: schema, champion, account of labels",
    .about = "What a model is, what serves it, and how many labels are owed.",
    .examples = "leeway model show loan\nleeway model show loan --json | jq .schema\n",
    .group = GROUP_MODELS,
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
