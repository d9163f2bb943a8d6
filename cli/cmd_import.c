/*
 * cmd_import.c - leeway import: labelled history from a CSV file, so that a first version can be
 * trained.
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

#define ID_BYTES 256

struct import {
    const struct cli *cli;
    const char *label, *id_prefix;
    int64_t n_rows, skip; /* n_rows 0: to the end */
    struct csv *csv;
    struct row_map map;
    struct row_batch batch;
    struct progress progress;
    int64_t n_unlabelled;
};

static void show_progress(struct import *im)
{
    double share = csv_progress(im->csv);
    if (!progress_due(&im->progress))
        return;
    if (share >= 0)
        progress_show(&im->progress, "%lld rows, %.0f%% of the file", (long long)im->batch.n_sent,
                      100 * share);
    else
        progress_show(&im->progress, "%lld rows", (long long)im->batch.n_sent);
}

static enum err_code take_row(struct import *im, const char *const *fields, struct err *e)
{
    char id[ID_BYTES];
    int64_t row = csv_row_number(im->csv);
    if (row <= im->skip)
        return ERR_OK;
    if (csv_is_missing(fields[im->map.label_column])) {
        im->n_unlabelled++;
        return ERR_OK;
    }
    snprintf(id, sizeof(id), "%.200s%lld", im->id_prefix, (long long)row);
    enum err_code code = row_map_put_import(&im->map, fields, id, row_batch_next(&im->batch), e);
    if (code != ERR_OK)
        return err_prefix(e, "%s: row %lld", im->cli->args[1], (long long)row);
    show_progress(im);
    return row_batch_send_if_full(&im->batch, e);
}

static enum err_code take_all(struct import *im, struct err *e)
{
    const char *const *fields = NULL;
    bool more = true;
    int64_t last = im->n_rows ? im->skip + im->n_rows : INT64_MAX;
    enum err_code code = ERR_OK;
    while (code == ERR_OK && csv_row_number(im->csv) < last) {
        code = csv_next(im->csv, &fields, &more, e);
        if (code != ERR_OK || !more)
            break;
        code = take_row(im, fields, e);
    }
    return code == ERR_OK ? row_batch_send(&im->batch, e) : code;
}

static int tell(struct import *im)
{
    const struct row_batch *b = &im->batch;
    if (im->cli->json) {
        cJSON *j = cJSON_CreateObject();
        cJSON_AddNumberToObject(j, "rows", (double)b->n_sent);
        cJSON_AddNumberToObject(j, "accepted", (double)b->accepted);
        cJSON_AddNumberToObject(j, "duplicates", (double)b->duplicates);
        cJSON_AddNumberToObject(j, "unlabelled", (double)im->n_unlabelled);
        return show_json(im->cli, j);
    }
    printf("%lld rows imported into %s", (long long)b->accepted, im->cli->args[0]);
    if (b->duplicates)
        printf(", %lld were there already", (long long)b->duplicates);
    if (im->n_unlabelled)
        printf(", %lld without a label left out", (long long)im->n_unlabelled);
    printf("\n");
    cli_say("Next: leeway retrain %s --reason \"first version\"", im->cli->args[0]);
    return CLI_OK;
}

static enum err_code import_file(struct import *im, struct err *e)
{
    struct control_answer model = {0};
    struct buf path = BUF_INIT;
    control_path(&path, "/v1/models/{}", im->cli->args[0]);
    row_batch_init(&im->batch, im->cli, im->cli->args[0], "import", "rows");
    enum err_code code = csv_open(im->cli->args[1], &im->csv, e);
    if (code == ERR_OK)
        code = control_get(im->cli, path.data, &model, e);
    if (code == ERR_OK)
        code =
            row_map_new(cJSON_GetObjectItem(model.json, "schema"), im->csv, im->label, &im->map, e);
    if (code == ERR_OK)
        code = take_all(im, e);
    progress_clear(&im->progress);
    row_map_free(&im->map);
    csv_close(im->csv);
    control_answer_clean_up(&model);
    buf_free(&path);
    return code;
}

static int run(struct cli *cli)
{
    int code = CLI_OK;
    struct err e = {0};
    struct import im = {.cli = cli, .id_prefix = "import-", .progress = progress_new()};
    const struct opt opts[] = {{.name = "label",
                                .kind = OPT_STRING,
                                .dest = &im.label,
                                .arg = "COLUMN",
                                .required = true,
                                .help = "The column that holds the label."},
                               {.name = "rows",
                                .kind = OPT_INT,
                                .dest = &im.n_rows,
                                .arg = "N",
                                .min = 0,
                                .max = 1e12,
                                .help = "How many rows at most; 0: to the end."},
                               {.name = "skip",
                                .kind = OPT_INT,
                                .dest = &im.skip,
                                .arg = "N",
                                .min = 0,
                                .max = 1e12,
                                .help = "Rows to leave out at the beginning."},
                               {.name = "id-prefix",
                                .kind = OPT_STRING,
                                .dest = &im.id_prefix,
                                .arg = "TEXT",
                                .help = "A row's id is this and its number in the file."},
                               {.kind = OPT_END}};
    if (!cli_parse(cli, opts, &code))
        return code;
    code = import_file(&im, &e) == ERR_OK ? tell(&im) : cli_fail(cli, &e);
    if (e.code != ERR_OK && im.batch.n_sent > 0)
        cli_say("%lld rows were stored before; the same command again skips them",
                (long long)im.batch.n_sent);
    row_batch_clean_up(&im.batch);
    return code;
}

const struct command cmd_import = {
    .name = "import",
    .synopsis = "MODEL FILE --label COLUMN",
    .summary = "Labelled history from a CSV file",
    .about = "Reads a CSV file (plain or gzip, \"-\" for stdin) whose columns are named after the "
             "model's features. Repeating it changes nothing: rows with a known id are skipped.",
    .examples = "leeway import loan history.csv.gz --label approved\n"
                "leeway import loan stream.csv --label approved --rows 5000\n",
    .group = GROUP_DATA,
    .min_args = 2,
    .max_args = 2,
    .run = run,
};
