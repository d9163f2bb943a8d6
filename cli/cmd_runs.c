/*
 * cmd_runs.c - leeway runs: retraining campaigns, newest first.
 */
#include <string.h>

#include "base/clock.h"
#include "command.h"
#include "field.h"
#include "run_style.h"
#include "show.h"
#include "base/table.h"

static void show(struct page *page, const cJSON *answer, void *user)
{
    static const struct table_column columns[] = {
        {"RUN", TABLE_KEEP},     {"MODEL", TABLE_CUT},    {"STATE", TABLE_CUT},
        {"TRIGGER", TABLE_CUT},  {"VERSION", TABLE_KEEP}, {"STARTED", TABLE_KEEP},
        {"REASON", TABLE_BELOW},
    };
    struct table *t = table_new(columns, sizeof(columns) / sizeof(columns[0]));
    char started[FIELD_BYTES];
    const cJSON *r = NULL;
    (void)user;
    cJSON_ArrayForEach(r, cJSON_GetObjectItem(answer, "runs"))
    {
        const char *state = field_text(r, "state"), *candidate = field_text(r, "candidate.label");
        table_cell(t, STYLE_BOLD, "%s", field_text(r, "id"));
        table_cell(t, STYLE_PLAIN, "%s", field_text(r, "model"));
        table_cell(t, run_style(state), "%s%s", state, field_bool(r, "paused") ? " (paused)" : "");
        table_cell(t, STYLE_PLAIN, "%s", field_text(r, "trigger.name"));
        table_cell(t, STYLE_PLAIN, "%s", candidate[0] ? candidate : "-");
        table_cell(t, STYLE_PLAIN, "%s",
                   field_show_ago(r, "started_unix_ms", clock_unix_ms(), started));
        table_cell(t, STYLE_PLAIN, "%s", field_text(r, "reason"));
    }
    if (table_n_rows(t) == 0)
        page_line(page, STYLE_PLAIN,
                  "No runs. A policy starts them; by hand: leeway retrain MODEL --reason TEXT");
    table_print(t, page);
    table_free(t);
}

static int run(struct cli *cli)
{
    int code = CLI_OK;
    const char *model = NULL;
    int64_t limit = 20;
    const struct opt opts[] = {{.name = "model",
                                .kind = OPT_STRING,
                                .dest = &model,
                                .arg = "MODEL",
                                .help = "Only this model's."},
                               {.name = "limit",
                                .letter = 'n',
                                .kind = OPT_INT,
                                .dest = &limit,
                                .arg = "N",
                                .min = 1,
                                .max = 1000,
                                .help = "How many of the newest."},
                               {.kind = OPT_END}};
    if (!cli_parse(cli, opts, &code))
        return code;
    struct buf path = BUF_INIT;
    buf_printf(&path, "/v1/runs?limit=%lld", (long long)limit);
    if (model)
        control_query(&path, "model", model);
    code = show_get(cli, path.data, NULL, show, NULL);
    buf_free(&path);
    return code;
}

const struct command cmd_runs = {
    .name = "runs",
    .summary = "Retraining campaigns, newest first",
    .about = "Each run with its state, what triggered it, and why it is where it is.",
    .examples = "leeway runs\nleeway runs --model loan --limit 5\n",
    .group = GROUP_WATCH,
    .run = run,
};
