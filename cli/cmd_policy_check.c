/*
 * cmd_policy_check.c - leeway policy check: every mistake of policy files, without a daemon.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sha256.h"
#include "command.h"
#include "policy_report.h"
#include "schema_file.h"
#include "show.h"

struct check {
    const struct cli *cli;
    struct policy_facts facts;
    struct diagnostics *found;      /* of the file in hand; too big for the stack */
    cJSON *report;                  /* with --json */
    char model[POLICY_MODEL_BYTES]; /* that the last file in order is for */
    size_t n_mistakes;
    bool failed;
};

static void report_file(struct check *c, const char *file, const char *sha256)
{
    cJSON *j = cJSON_CreateObject();
    cJSON_AddStringToObject(j, "file", file);
    cJSON_AddBoolToObject(j, "ok", sha256 != NULL);
    if (sha256)
        cJSON_AddStringToObject(j, "policy_sha256", sha256);
    cJSON_AddItemToObject(j, "diagnostics", policy_report_json(c->found));
    cJSON_AddItemToArray(c->report, j);
}

static void print_file(const struct check *c, const char *file, const struct policy *p)
{
    if (p)
        printf("%s: ok: model %s, %zu monitors, %zu triggers\n", file, p->model, p->n_monitors,
               p->n_triggers);
    else
        policy_report_print(c->found);
}

static void check_file(struct check *c, const char *file)
{
    struct err e = {0};
    struct policy *p = NULL;
    char sha256[SHA256_HEX_BYTES] = "";
    enum err_code code = policy_load(file, &c->facts, &p, c->found, &e);
    if (code == ERR_OK)
        code = policy_hash(p, sha256, &e);
    c->failed = c->failed || code != ERR_OK;
    c->n_mistakes += c->found->n + c->found->n_dropped;
    if (code != ERR_OK && c->found->n == 0) /* not a mistake in it: it cannot be read */
        cli_fail(c->cli, &e);
    else if (c->cli->json)
        report_file(c, file, code == ERR_OK ? sha256 : NULL);
    else
        print_file(c, file, p);
    if (p)
        snprintf(c->model, sizeof(c->model), "%s", p->model);
    policy_free(p);
}

/* ---- what the schema says ---- */

static enum policy_label label_of(const char *type)
{
    return strcmp(type, "binary") == 0       ? POLICY_LABEL_BINARY
           : strcmp(type, "multiclass") == 0 ? POLICY_LABEL_MULTICLASS
           : strcmp(type, "regression") == 0 ? POLICY_LABEL_REGRESSION
                                             : POLICY_LABEL_UNKNOWN;
}

/* *names is owned, its texts belong to the schema. */
static enum err_code read_facts(const cJSON *schema, struct policy_facts *out, const char ***names,
                                struct err *e)
{
    struct schema_columns columns = {0};
    enum err_code code = schema_columns_read(schema, &columns, e);
    if (code != ERR_OK)
        return code;
    *names = calloc(columns.n + 1, sizeof(**names));
    for (size_t i = 0; *names && i < columns.n; i++)
        (*names)[i] = columns.items[i].name;
    *out = (struct policy_facts){.label = label_of(columns.label_type),
                                 .n_features = *names ? columns.n : 0,
                                 .features = *names};
    schema_columns_free(&columns);
    return ERR_OK;
}

static int check_all(struct check *c)
{
    const struct cli *cli = c->cli;
    c->found = calloc(1, sizeof(*c->found));
    c->report = cJSON_CreateArray();
    if (!c->found || !c->report)
        return cli_fail(cli, &(struct err){.code = ERR_NOMEM, .message = "out of memory"});
    for (int i = 0; i < cli->n_args; i++)
        check_file(c, cli->args[i]);
    if (cli->json)
        show_json(cli, cJSON_Duplicate(c->report, true));
    if (c->n_mistakes > 0)
        cli_say("%zu mistake%s", c->n_mistakes, c->n_mistakes == 1 ? "" : "s");
    else if (!c->failed && !cli->json && cli->n_args == 1)
        cli_say("Next: leeway policy put %s %s", c->model, cli->args[0]);
    return c->failed ? CLI_FAILED : CLI_OK;
}

static int run(struct cli *cli)
{
    int code = CLI_OK;
    const char *schema_file = NULL, **names = NULL;
    cJSON *schema = NULL;
    struct check c = {.cli = cli};
    struct err e = {0};
    const struct opt opts[] = {
        {.name = "schema",
         .kind = OPT_STRING,
         .dest = &schema_file,
         .arg = "FILE",
         .help = "Checks feature names and metrics against this schema, too."},
        {.kind = OPT_END}};
    if (!cli_parse(cli, opts, &code))
        return code;
    enum err_code rc = schema_file ? schema_file_load(schema_file, &schema, &e) : ERR_OK;
    if (rc == ERR_OK && schema)
        rc = read_facts(schema, &c.facts, &names, &e);
    code = rc == ERR_OK ? check_all(&c) : cli_fail(cli, &e);
    free(c.found);
    cJSON_Delete(c.report);
    free(names);
    cJSON_Delete(schema);
    return code;
}

const struct command cmd_policy_check = {
    .name = "policy check",
    .synopsis = "FILE...",
    .summary = "Every mistake of a policy file, with its place",
    .about = "Reads policy files without asking leewayd and prints every mistake as "
             "FILE:LINE:COLUMN with what was expected. Exit code 1 where there is one.",
    .examples = "leeway policy check loan.policy.yaml\n"
                "leeway policy check *.yaml --schema loan.schema.yaml\n",
    .group = GROUP_MODELS,
    .min_args = 1,
    .max_args = -1,
    .run = run,
};
