/*
 * monitor_suggest.c - leeway-monitor suggest: a schema and monitors to start from, as YAML with the
 * reason behind each line. A proposal to be read; nothing is decided by it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/csv.h"
#include "base/json.h"
#include "column_roles.h"
#include "monitor_cli.h"
#include "monitor_schema.h"

struct suggestion {
    const struct column_roles *roles;
    const cJSON *schema;
    const char *file;
    struct buf out;
};

static void put_quoted(struct buf *out, const char *text)
{
    cJSON *node = cJSON_CreateString(text);
    char *quoted = node ? json_print(node) : NULL;
    buf_puts(out, quoted ? quoted : "\"\"");
    free(quoted);
    cJSON_Delete(node);
}

/* ---- the schema ---- */

static void put_reason(struct suggestion *s, const struct column_role *c)
{
    if (c->said)
        buf_puts(&s->out, "  # as the command line says");
    else
        buf_printf(&s->out, "  # %s%s", c->part == PART_LEFT_OUT ? "left out: " : "",
                   c->verdict.reason);
    if (c->verdict.personal && c->part == PART_FEATURE)
        buf_puts(&s->out, "; its name sounds personal: only whether it is there is counted");
    if (c->missing_share > 0 && c->missing_share < 1)
        buf_printf(&s->out, "; %.3g%% missing", 100 * c->missing_share);
    buf_puts(&s->out, "\n");
}

/* A column that is left out may be wanted all the same: what it holds decides. */
static const char *type_of(const struct column_role *c, const struct csv_stats *stats)
{
    bool numbers = 2 * stats->n_numbers >= stats->n_rows - stats->n_missing;
    if (c->verdict.guess == COLUMN_LEFT_OUT)
        return numbers ? "numeric" : "categorical";
    return c->verdict.guess == COLUMN_CATEGORICAL ? "categorical" : "numeric";
}

static void put_column(struct suggestion *s, const struct column_role *c,
                       const struct csv_stats *stats)
{
    if (c->part != PART_FEATURE && c->part != PART_LEFT_OUT)
        return;
    buf_puts(&s->out, c->part == PART_LEFT_OUT ? "  # - {name: " : "  - {name: ");
    put_quoted(&s->out, c->name);
    buf_printf(&s->out, ", type: %s%s}", type_of(c, stats),
               c->verdict.personal ? ", pii: true" : "");
    put_reason(s, c);
}

/* label and time lie in the schema as JSON, which is YAML as well. */
static void put_member(struct suggestion *s, const char *key, const char *remark)
{
    const cJSON *node = cJSON_GetObjectItemCaseSensitive(s->schema, key);
    char *text = node ? json_print(node) : NULL;
    if (text)
        buf_printf(&s->out, "%s: %s%s\n", key, text, remark);
    free(text);
}

static bool has_label_type(const struct suggestion *s, const char *type)
{
    const cJSON *found = json_at(s->schema, "label.type");
    return found && strcmp(found->valuestring, type) == 0;
}

static void put_schema(struct suggestion *s)
{
    buf_printf(&s->out, "# Suggested from %lld rows. Read it before you use it.\nmodel: ",
               (long long)s->roles->n_rows);
    put_quoted(&s->out, json_at(s->schema, "model")->valuestring);
    buf_puts(&s->out, "\nfeatures:\n");
    for (size_t i = 0; i < s->roles->n; i++)
        put_column(s, &s->roles->items[i], &s->roles->stats[i]);
    put_member(s, "label",
               has_label_type(s, "binary") ? "  # the last class is the positive one" : "");
    put_member(s, "time", "  # when a row happened: no feature");
}

/* ---- monitors ---- */

static bool has_part(const struct column_roles *r, enum column_part part)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->items[i].part == part)
            return true;
    return false;
}

/* Comments: a schema has no such key. Of two drift monitors each has half the month's alarm. */
static void put_monitors(struct suggestion *s)
{
    bool label = has_part(s->roles, PART_LABEL), score = has_part(s->roles, PART_SCORE);
    bool time = has_part(s->roles, PART_TIME);
    buf_printf(&s->out,
               "\n# Monitors to start from, as a policy's; one false alarm a month of drift at "
               "most:\n"
               "# monitors:\n"
               "#   - {name: inputs, kind: drift, statistic: psi, features: all, "
               "false_alarm_every: %s}\n"
               "#   - {name: quality, kind: quality, missing: 2%%, unseen: 2%%, "
               "out_of_range: 5%%, infinite: 0.1%%}\n",
               score ? "60d" : "30d");
    if (score)
        buf_puts(&s->out, "#   - {name: predictions, kind: prediction_drift, statistic: js, "
                          "false_alarm_every: 60d}\n");
    if (label && score)
        buf_puts(
            &s->out,
            has_label_type(s, "regression")
                ? "#   - {name: losses, kind: detector, detector: adwin, \"on\": loss}\n"
                : "#   - {name: errors, kind: detector, detector: rate_scan, \"on\": error}\n");
    buf_puts(&s->out, "# The same without a policy, this text being in schema.yaml:\n");
    buf_printf(&s->out,
               "#   leeway-monitor reference %s --schema schema.yaml -o reference.safetensors\n"
               "#   leeway-monitor compare reference.safetensors NEWER.csv --window %s\n",
               s->file, time ? "1d" : "1000");
}

static int print_json(const cJSON *schema)
{
    char *text = json_print_pretty(schema);
    if (text)
        puts(text);
    free(text);
    return text ? MONITOR_OK : MONITOR_FAILED;
}

static int print_yaml(const struct column_roles *roles, const cJSON *schema, const char *file)
{
    struct suggestion s = {.roles = roles, .schema = schema, .file = file, .out = BUF_INIT};
    put_schema(&s);
    put_monitors(&s);
    bool ok = !buf_failed(&s.out);
    if (ok)
        fwrite(s.out.data, 1, s.out.len, stdout);
    buf_free(&s.out);
    return ok ? MONITOR_OK : MONITOR_FAILED;
}

static int suggest(const struct monitor_command *c, const char *file,
                   const struct column_options *o, bool json)
{
    char model[64];
    struct csv *csv = NULL;
    struct column_roles roles = {0};
    cJSON *schema = NULL;
    struct err e = {0};
    int exit_code;
    const char *name = strcmp(file, "-") == 0 ? "stdin" : file;
    monitor_schema_name(name, model, sizeof model);
    enum err_code code = csv_open(file, &csv, &e);
    if (!code)
        code = column_roles_sniff(csv, name, o, &roles, &e);
    if (!code)
        code = column_roles_schema(&roles, model, &schema, &e);
    if (code)
        exit_code = monitor_fail(c, &e);
    else
        exit_code = json ? print_json(schema) : print_yaml(&roles, schema, file);
    cJSON_Delete(schema);
    column_roles_deinit(&roles);
    csv_close(csv);
    return exit_code;
}

static int run(const struct monitor_command *c, int argc, char **argv)
{
    int code = MONITOR_OK;
    bool json = false;
    struct column_options o = {0};
    const char **args = calloc((size_t)argc + 1, sizeof *args);
    const struct opt opts[] = {
        COLUMN_OPTS(&o),
        {.name = "json", .kind = OPT_FLAG, .dest = &json, .help = "The schema alone, as JSON."},
        {.kind = OPT_END}};
    if (!args)
        return MONITOR_FAILED;
    if (monitor_parse(c, opts, argc, argv, args, &code))
        code = suggest(c, args[0], &o, json);
    free(args);
    return code;
}

const struct monitor_command monitor_suggest = {
    .name = "suggest",
    .synopsis = "FILE",
    .summary = "A schema and monitors to start from, out of a CSV file",
    .about = "Looks at the first 100,000 rows and proposes a schema as YAML, with a comment on why "
             "each column was taken for what it is, and monitors to start from.",
    .examples = "leeway-monitor suggest january.csv > schema.yaml\n"
                "leeway-monitor suggest loans.csv.gz --label paid --score p_paid\n",
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
