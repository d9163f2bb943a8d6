/*
 * cmd_labels.c - leeway labels: labels by request id from a CSV file.
 */
#include <stdio.h>
#include <string.h>

#include "base/csv.h"
#include "command.h"
#include "field.h"
#include "base/progress.h"
#include "row_batch.h"
#include "row_map.h"
#include "show.h"

struct labels {
    const struct cli *cli;
    const char *id_name, *label_name;
    int id_column, label_column;
    bool regression;
    struct csv *csv;
    struct row_batch batch;
    struct progress progress;
};

static enum err_code take_all(struct labels *l, struct err *e)
{
    const char *const *fields = NULL;
    bool more = true;
    enum err_code code = ERR_OK;
    while (code == ERR_OK) {
        code = csv_next(l->csv, &fields, &more, e);
        if (code != ERR_OK || !more)
            break;
        if (csv_is_missing(fields[l->label_column]))
            continue;
        row_map_put_label(l->regression, fields[l->id_column], fields[l->label_column],
                          row_batch_next(&l->batch));
        if (progress_due(&l->progress))
            progress_show(&l->progress, "%lld labels", (long long)l->batch.n_sent);
        code = row_batch_send_if_full(&l->batch, e);
    }
    return code == ERR_OK ? row_batch_send(&l->batch, e) : code;
}

static enum err_code send_file(struct labels *l, struct err *e)
{
    struct control_answer model = {0};
    struct buf path = BUF_INIT;
    control_path(&path, "/v1/models/{}", l->cli->args[0]);
    row_batch_init(&l->batch, l->cli, l->cli->args[0], "labels", "labels");
    enum err_code code = csv_open(l->cli->args[1], &l->csv, e);
    if (code == ERR_OK)
        code = row_map_find_column(l->csv, l->id_name, &l->id_column, e);
    if (code == ERR_OK)
        code = row_map_find_column(l->csv, l->label_name, &l->label_column, e);
    if (code == ERR_OK)
        code = control_get(l->cli, path.data, &model, e);
    l->regression = strcmp(field_text(model.json, "schema.label.type"), "regression") == 0;
    if (code == ERR_OK)
        code = take_all(l, e);
    progress_clear(&l->progress);
    csv_close(l->csv);
    control_answer_clean_up(&model);
    buf_free(&path);
    return code;
}

static int tell(const struct labels *l)
{
    const struct row_batch *b = &l->batch;
    if (l->cli->json) {
        cJSON *j = cJSON_CreateObject();
        cJSON_AddNumberToObject(j, "labels", (double)b->n_sent);
        cJSON_AddNumberToObject(j, "accepted", (double)b->accepted);
        cJSON_AddNumberToObject(j, "waiting", (double)b->waiting);
        cJSON_AddNumberToObject(j, "duplicates", (double)b->duplicates);
        cJSON_AddNumberToObject(j, "conflicts", (double)b->conflicts);
        return show_json(l->cli, j);
    }
    printf("%lld labels accepted for %s", (long long)b->accepted, l->cli->args[0]);
    if (b->waiting)
        printf(", %lld of them wait for their rows", (long long)b->waiting);
    if (b->duplicates)
        printf(", %lld were there already", (long long)b->duplicates);
    if (b->conflicts)
        printf(", %lld contradict an earlier label, which stays", (long long)b->conflicts);
    printf("\n");
    cli_say("Next: leeway model show %s", l->cli->args[0]);
    return CLI_OK;
}

static int run(struct cli *cli)
{
    int code = CLI_OK;
    struct err e = {0};
    struct labels l = {
        .cli = cli, .id_name = "id", .label_name = "label", .progress = progress_new()};
    const struct opt opts[] = {{.name = "id",
                                .kind = OPT_STRING,
                                .dest = &l.id_name,
                                .arg = "COLUMN",
                                .help = "The column that holds the request's id."},
                               {.name = "label",
                                .kind = OPT_STRING,
                                .dest = &l.label_name,
                                .arg = "COLUMN",
                                .help = "The column that holds the label."},
                               {.kind = OPT_END}};
    if (!cli_parse(cli, opts, &code))
        return code;
    code = send_file(&l, &e) == ERR_OK ? tell(&l) : cli_fail(cli, &e);
    row_batch_clean_up(&l.batch);
    return code;
}

const struct command cmd_labels = {
    .name = "labels",
    .synopsis = "MODEL FILE",
    .summary = "Labels by request id from a CSV file",
    .about =
        "Sends the labels of a CSV file (plain or gzip, \"-\" for stdin). Late, twice, or before "
        "their rows is fine.",
    .examples = "leeway labels loan outcomes.csv\n"
                "leeway labels loan outcomes.csv.gz --id request_id --label approved\n",
    .group = GROUP_DATA,
    .min_args = 2,
    .max_args = 2,
    .run = run,
};
