/*
 * cmd_audit.c - leeway audit: who did what, and whether the chain of hashes holds.
 */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "field.h"
#include "show.h"
#include "base/table.h"

#define MAX_WORDS 12

/* A transition in its own words; anything else as "key=value" words. */
static void put_detail(struct table *t, const cJSON *detail)
{
    struct buf line = BUF_INIT;
    const char *reason = field_text(detail, "reason"), *to = field_text(detail, "to");
    const char *from = field_text(detail, "from");
    if (reason[0] && to[0])
        buf_printf(&line, "%s%s%s: %s", from, from[0] ? " -> " : "", to, reason);
    else
        field_flatten(detail, MAX_WORDS, &line);
    table_cell(t, STYLE_DIM, "%s", line.data ? line.data : "");
    buf_free(&line);
}

static void put_record(struct table *t, const cJSON *r)
{
    char time[FIELD_BYTES];
    table_cell(t, STYLE_DIM, "%lld", (long long)field_int(r, "seq"));
    table_cell(t, STYLE_PLAIN, "%s", field_show_time(r, "at_unix_ms", time));
    table_cell(t, STYLE_PLAIN, "%s", field_text(r, "actor"));
    table_cell(t, STYLE_BOLD, "%s", field_text(r, "action"));
    table_cell(t, STYLE_PLAIN, "%s", field_text(r, "subject"));
    put_detail(t, cJSON_GetObjectItem(r, "detail"));
}

static void show(struct page *page, const cJSON *answer, void *user)
{
    static const struct table_column columns[] = {
        {"SEQ", TABLE_NUMBER}, {"TIME", TABLE_KEEP},   {"ACTOR", TABLE_CUT},
        {"ACTION", TABLE_CUT}, {"SUBJECT", TABLE_CUT}, {"DETAIL", TABLE_BELOW},
    };
    struct table *t = table_new(columns, sizeof(columns) / sizeof(columns[0]));
    const cJSON *r = NULL;
    (void)user;
    cJSON_ArrayForEach(r, cJSON_GetObjectItem(answer, "records")) put_record(t, r);
    if (table_n_rows(t) == 0)
        page_line(page, STYLE_PLAIN, "No records.");
    table_print(t, page);
    table_free(t);
}

static void show_verdict(struct page *page, const cJSON *answer, void *user)
{
    bool *ok = user;
    *ok = field_bool(answer, "ok");
    if (*ok)
        page_line(page, STYLE_GOOD, "ok: %lld records, each with the hash of the one before",
                  (long long)field_int(answer, "records"));
    else
        page_line(page, STYLE_BAD, "broken: record %lld is not what was written",
                  (long long)field_int(answer, "first_bad_seq"));
    page_field(page, "head", "%s", field_text(answer, "head"));
}

static int verify(const struct cli *cli)
{
    struct control_answer answer = {0};
    struct err e = {0};
    int code = CLI_OK;
    bool ok = false;
    if (control_get(cli, "/v1/audit/verify", &answer, &e) == ERR_OK) {
        show_answer(cli, &answer, show_verdict, &ok);
        code = field_bool(answer.json, "ok") ? CLI_OK : CLI_FAILED;
    } else {
        code = cli_fail(cli, &e);
    }
    control_answer_clean_up(&answer);
    return code;
}

static int run(struct cli *cli)
{
    int code = CLI_OK;
    bool check = false;
    const char *subject = NULL;
    int64_t limit = 20, before = 0;
    const struct opt opts[] = {{.name = "verify",
                                .kind = OPT_FLAG,
                                .dest = &check,
                                .help = "Recompute the whole chain; exit code 1 if it is broken."},
                               {.name = "subject",
                                .kind = OPT_STRING,
                                .dest = &subject,
                                .arg = "TEXT",
                                .help = "Only this model, run or version."},
                               {.name = "limit",
                                .letter = 'n',
                                .kind = OPT_INT,
                                .dest = &limit,
                                .arg = "N",
                                .min = 1,
                                .max = 1000,
                                .help = "How many of the newest."},
                               {.name = "before",
                                .kind = OPT_INT,
                                .dest = &before,
                                .arg = "SEQ",
                                .min = 0,
                                .max = 9e15,
                                .help = "Only records older than this one."},
                               {.kind = OPT_END}};
    if (!cli_parse(cli, opts, &code))
        return code;
    if (check)
        return verify(cli);
    struct buf path = BUF_INIT;
    buf_printf(&path, "/v1/audit?limit=%lld", (long long)limit);
    if (before > 0)
        buf_printf(&path, "&before=%lld", (long long)before);
    if (subject)
        control_query(&path, "subject", subject);
    code = show_get(cli, path.data, NULL, show, NULL);
    buf_free(&path);
    return code;
}

const struct command cmd_audit = {
    .name = "audit",
    .summary = "Who did what, when; --verify checks the chain",
    .about =
        "The append-only log of every change, newest first. Each record carries the hash of the "
        "one before it.",
    .examples = "leeway audit --limit 50\nleeway audit --subject run/r-7\nleeway audit --verify\n",
    .group = GROUP_VERSIONS,
    .run = run,
};
