/*
 * cmd_versions.c - leeway versions: what has been trained, newest first.
 */
#include <string.h>

#include "command.h"
#include "field.h"
#include "show.h"
#include "base/table.h"

static enum style style_of(const char *state)
{
    return strcmp(state, "champion") == 0    ? STYLE_GOOD
           : strcmp(state, "candidate") == 0 ? STYLE_WARN
           : strcmp(state, "rejected") == 0  ? STYLE_BAD
                                             : STYLE_PLAIN;
}

static void put_version(struct table *t, const cJSON *v)
{
    char time[FIELD_BYTES];
    struct buf metrics = BUF_INIT;
    const char *state = field_text(v, "state"), *parent = field_text(v, "parent");
    field_flatten(cJSON_GetObjectItem(v, "metrics"), 8, &metrics);
    table_cell(t, STYLE_BOLD, "%s", field_text(v, "label"));
    table_cell(t, style_of(state), "%s", state);
    table_cell(t, STYLE_PLAIN, "%.16s", field_show_time(v, "created_unix_ms", time));
    table_cell(t, STYLE_PLAIN, "%s", parent[0] ? parent : "-");
    table_cell(t, STYLE_PLAIN, "%.12s", field_text(v, "sha256"));
    table_cell(t, STYLE_DIM, "%s", metrics.data ? metrics.data : "");
    buf_free(&metrics);
}

static void show(struct page *page, const cJSON *answer, void *user)
{
    static const struct table_column columns[] = {
        {"VERSION", TABLE_KEEP}, {"STATE", TABLE_KEEP},   {"CREATED", TABLE_KEEP},
        {"PARENT", TABLE_KEEP},  {"SHA-256", TABLE_KEEP}, {"METRICS", TABLE_BELOW},
    };
    struct table *t = table_new(columns, sizeof(columns) / sizeof(columns[0]));
    const cJSON *v = NULL;
    const struct cli *cli = user;
    cJSON_ArrayForEach(v, cJSON_GetObjectItem(answer, "versions")) put_version(t, v);
    if (table_n_rows(t) == 0)
        page_line(page, STYLE_PLAIN,
                  "No version yet. Next: leeway retrain %s --reason \"first version\"",
                  cli->args[0]);
    table_print(t, page);
    table_free(t);
}

static int run(struct cli *cli)
{
    int code = CLI_OK;
    struct buf path = BUF_INIT;
    if (!cli_parse(cli, NULL, &code))
        return code;
    control_path(&path, "/v1/models/{}/versions", cli->args[0]);
    code = show_get(cli, path.data, NULL, show, cli);
    buf_free(&path);
    return code;
}

const struct command cmd_versions = {
    .name = "versions",
    .synopsis = "MODEL",
    .summary = "What has been trained, newest first",
    .about = "Each version with its state, parent, run, SHA-256 and metrics.",
    .examples = "leeway versions loan\n",
    .group = GROUP_VERSIONS,
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
