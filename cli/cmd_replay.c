/*
 * cmd_replay.c - leeway replay: a CSV stream through a fleet, as a client would.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "command.h"
#include "replay.h"
#include "show.h"
#include "base/table.h"

static cJSON *result_json(const struct replay_result *r)
{
    cJSON *j = cJSON_CreateObject();
    cJSON_AddNumberToObject(j, "rows", (double)r->n_rows);
    replay_score_to_json(&r->score, j);
    cJSON_AddNumberToObject(j, "errors", (double)r->errors);
    cJSON_AddNumberToObject(j, "retries", (double)r->retries);
    cJSON *labels = cJSON_AddObjectToObject(j, "labels");
    cJSON_AddNumberToObject(labels, "accepted", (double)r->labels_accepted);
    cJSON_AddNumberToObject(labels, "duplicates", (double)r->label_duplicates);
    cJSON_AddNumberToObject(labels, "conflicts", (double)r->label_conflicts);
    cJSON_AddNumberToObject(labels, "unsent", (double)r->labels_left);
    cJSON_AddBoolToObject(j, "interrupted", r->interrupted);
    cJSON_AddNumberToObject(j, "started_unix_ms", (double)r->started_unix_ms);
    cJSON_AddNumberToObject(j, "elapsed_s", (double)r->elapsed_ms / 1000);
    return j;
}

static enum err_code write_json(const struct replay_result *r, const char *file, struct err *e)
{
    cJSON *json = result_json(r);
    char *text = json_print_pretty(json);
    enum err_code code = text ? ERR_OK : err_set(e, ERR_NOMEM, "out of memory");
    cJSON_Delete(json);
    if (code == ERR_OK && strcmp(file, "-") == 0)
        puts(text);
    else if (code == ERR_OK)
        code = file_write_atomic(file, text, strlen(text), e);
    free(text);
    return code;
}

static void show_versions(struct page *page, const struct replay_score *s, int64_t skip)
{
    static const struct table_column columns[] = {{"VERSION", TABLE_CUT},
                                                  {"ROWS", TABLE_NUMBER},
                                                  {"SINCE ROW", TABLE_NUMBER},
                                                  {"METRIC", TABLE_NUMBER}};
    struct table *t = table_new(columns, sizeof(columns) / sizeof(columns[0]));
    for (size_t i = 0; i < s->n_versions; i++) {
        table_cell(t, STYLE_PLAIN, "%s", s->versions[i].version);
        table_cell(t, STYLE_PLAIN, "%lld", (long long)s->versions[i].n_rows);
        table_cell(t, STYLE_PLAIN, "%lld", (long long)(skip + s->versions[i].first_row + 1));
        table_cell(t, STYLE_PLAIN, "%.4f",
                   replay_tally_value(&s->versions[i].tally, s->regression));
    }
    page_gap(page);
    table_print(t, page);
    table_free(t);
}

static void show_side(struct page *page, const struct replay_score *s, enum replay_side side,
                      const char *name)
{
    const struct replay_tally *t = &s->sides[side];
    if (t->n > 0)
        page_field(page, name, "%s %.4f over %lld labelled rows", replay_score_metric(s),
                   replay_tally_value(t, s->regression), (long long)t->n);
}

static void show_result(const struct replay_result *r, int64_t skip)
{
    struct page page = page_new();
    double seconds = (double)r->elapsed_ms / 1000;
    page_line(&page, STYLE_BOLD, "%lld rows in %.1f s (%.0f rows/s)%s", (long long)r->n_rows,
              seconds, seconds > 0 ? (double)r->n_rows / seconds : 0,
              r->interrupted ? ", interrupted" : "");
    show_side(&page, &r->score, REPLAY_SERVED, "served");
    show_side(&page, &r->score, REPLAY_FROZEN, "frozen");
    page_field(&page, "errors", "%lld rows, %lld requests sent again", (long long)r->errors,
               (long long)r->retries);
    page_field(&page, "labels", "%lld accepted, %lld known already, %lld not sent",
               (long long)r->labels_accepted, (long long)r->label_duplicates,
               (long long)r->labels_left);
    show_versions(&page, &r->score, skip);
    page_show(&page, false);
    page_free(&page);
}

static int replay(const struct cli *cli, const struct replay_options *o, const char *json_file)
{
    struct replay_result *result = calloc(1, sizeof(*result)); /* big: a row per version */
    struct err e = {0}, written = {0};
    if (!result)
        return cli_fail(cli, &(struct err){.code = ERR_NOMEM, .message = "out of memory"});
    enum err_code code = replay_run(cli, o, result, &e);
    bool began = result->n_rows > 0 || code == ERR_OK;
    int exit_code = code == ERR_OK ? CLI_OK : cli_fail(cli, &e);
    if (began && json_file && write_json(result, json_file, &written) != ERR_OK)
        exit_code = cli_fail(cli, &written);
    if (began && !(json_file && strcmp(json_file, "-") == 0))
        show_result(result, o->skip);
    if (result->interrupted)
        exit_code = CLI_INTERRUPTED;
    else if (exit_code == CLI_OK)
        cli_say("Next: leeway runs --model %s", o->model);
    replay_score_free(&result->score);
    free(result);
    return exit_code;
}

static int check(const struct cli *cli, const struct replay_options *o)
{
    if (!o->fleet_file == (o->replicas.n == 0))
        return cli_usage(cli, "expected --fleet FILE or --replica URL, one of the two");
    return CLI_OK;
}

static int run(struct cli *cli)
{
    int code = CLI_OK;
    const char *json_file = NULL;
    struct replay_options o = {.id_prefix = "row-",
                               .concurrency = 4,
                               .rate = 500,
                               .label_delay = 500,
                               .row_timeout_ms = 60000,
                               .label_timeout_ms = 300000};
    const struct opt opts[] = {
        {.name = "model",
         .kind = OPT_STRING,
         .dest = &o.model,
         .arg = "MODEL",
         .required = true,
         .help = "The model that is asked."},
        {.name = "label",
         .kind = OPT_STRING,
         .dest = &o.label,
         .arg = "COLUMN",
         .required = true,
         .help = "The column that holds the label."},
        {.name = "fleet",
         .kind = OPT_STRING,
         .dest = &o.fleet_file,
         .arg = "FILE",
         .help = "The replicas: a Prometheus file_sd file, read again when it changes."},
        {.name = "replica",
         .kind = OPT_STRINGS,
         .dest = &o.replicas,
         .arg = "URL",
         .help = "A replica."},
        {.name = "baseline",
         .kind = OPT_STRING,
         .dest = &o.baseline,
         .arg = "URL",
         .help = "A leeway-serve with a frozen version that gets the same rows, for comparison."},
        {.name = "skip",
         .kind = OPT_INT,
         .dest = &o.skip,
         .arg = "N",
         .min = 0,
         .max = 1e12,
         .help = "Rows to leave out at the beginning."},
        {.name = "rows",
         .kind = OPT_INT,
         .dest = &o.n_rows,
         .arg = "N",
         .min = 0,
         .max = 1e12,
         .help = "How many rows at most; 0: to the end."},
        {.name = "rate",
         .kind = OPT_DOUBLE,
         .dest = &o.rate,
         .arg = "ROWS/S",
         .min = 0,
         .max = 1e6,
         .help = "Rows a second; 0: as fast as it goes."},
        {.name = "concurrency",
         .kind = OPT_INT,
         .dest = &o.concurrency,
         .arg = "N",
         .min = 1,
         .max = REPLAY_MAX_CONCURRENCY,
         .help = "Rows in flight at most."},
        {.name = "label-delay",
         .kind = OPT_INT,
         .dest = &o.label_delay,
         .arg = "ROWS",
         .min = 0,
         .max = 1e7,
         .help = "A label is sent so many rows after its row."},
        {.name = "id-prefix",
         .kind = OPT_STRING,
         .dest = &o.id_prefix,
         .arg = "TEXT",
         .help = "A request's id is this and the row's number in the file."},
        {.name = "row-timeout",
         .kind = OPT_DURATION,
         .dest = &o.row_timeout_ms,
         .arg = "TIME",
         .min = 1,
         .max = 86400e3,
         .help = "A row that no replica answers for so long is an error."},
        {.name = "label-timeout",
         .kind = OPT_DURATION,
         .dest = &o.label_timeout_ms,
         .arg = "TIME",
         .min = 1,
         .max = 86400e3,
         .help = "At the end, how long to wait for leewayd to accept labels."},
        {.name = "replica-token-file",
         .kind = OPT_STRING,
         .dest = &o.replica_token_file,
         .arg = "FILE",
         .help = "File whose first line ends in the replicas' token."},
        {.name = "json",
         .kind = OPT_STRING,
         .dest = &json_file,
         .arg = "FILE",
         .help = "Writes the result as JSON; \"-\": to stdout, instead of the page."},
        {.kind = OPT_END},
    };
    if (!cli_parse(cli, opts, &code))
        return code;
    o.file = cli->args[0];
    code = check(cli, &o);
    return code == CLI_OK ? replay(cli, &o, json_file) : code;
}

const struct command cmd_replay = {
    .name = "replay",
    .synopsis = "FILE --model MODEL --label COLUMN --fleet FILE",
    .summary = "Feed a CSV stream through a fleet, as a client would",
    .about =
        "Sends each row of a CSV file (plain or gzip) as an infer request, round robin over the "
        "replicas, and its label to leewayd some rows later; says how good the answers were. "
        "Ctrl-C finishes what is in flight and prints the summary.",
    .examples =
        "leeway replay stream.csv.gz --model loan --label approved --fleet fleet.json\n"
        "leeway replay stream.csv --model loan --label approved --replica 127.0.0.1:8081 \\\n"
        "    --skip 5000 --rate 0 --json out.json\n",
    .group = GROUP_DATA,
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
