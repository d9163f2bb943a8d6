/*
 * cmd_model_create.c - leeway model create: declares a model by its schema file.
 */
#include "base/file.h"
#include "base/yaml.h"
#include "command.h"
#include "field.h"
#include "policy_report.h"
#include "schema_file.h"
#include "show.h"

#include <stdlib.h>

static void show(struct page *page, const cJSON *model, void *user)
{
    const bool *created = user;
    const char *name = field_text(model, "model");
    bool has_policy = field_text(model, "policy_sha256")[0];
    page_line(page, STYLE_PLAIN, "%s %s", name,
              *created ? "is created" : "was there already, the same; nothing changed");
    if (!has_policy)
        page_line(page, STYLE_PLAIN, "Next: leeway policy stock; leeway policy put %s FILE", name);
    page_line(page, STYLE_PLAIN, "%s leeway import %s FILE.csv --label COLUMN",
              has_policy ? "Next:" : "then:", name);
}

static int create(const struct cli *cli, cJSON *schema, const char *policy_file)
{
    struct control_answer answer = {0};
    struct err e = {0};
    char *policy = NULL;
    size_t len = 0;
    cJSON *body = cJSON_CreateObject();
    cJSON_AddItemToObject(body, "schema", schema);
    enum err_code rc =
        policy_file ? file_read(policy_file, POLICY_REPORT_MAX_BYTES, &policy, &len, &e) : ERR_OK;
    if (policy)
        cJSON_AddStringToObject(body, "policy", policy);
    free(policy);
    if (rc == ERR_OK)
        rc = control_post(cli, "/v1/models", body, &answer, &e);
    else
        cJSON_Delete(body);
    bool created = answer.status == 201;
    int code = CLI_OK;
    if (rc == ERR_OK)
        show_answer(cli, &answer, show, &created);
    else
        code = policy_report_refusal(cli, policy_file, &answer, &e);
    control_answer_clean_up(&answer);
    return code;
}

static int run(struct cli *cli)
{
    int code = CLI_OK;
    const char *schema_file = NULL, *policy_file = NULL;
    cJSON *schema = NULL;
    struct err e = {0};
    const struct opt opts[] = {{.name = "schema",
                                .kind = OPT_STRING,
                                .dest = &schema_file,
                                .arg = "FILE",
                                .required = true,
                                .help = "The schema, YAML or JSON."},
                               {.name = "policy",
                                .kind = OPT_STRING,
                                .dest = &policy_file,
                                .arg = "FILE",
                                .help = "Its policy; may be put later."},
                               {.kind = OPT_END}};
    if (!cli_parse(cli, opts, &code))
        return code;
    if (schema_file_load(schema_file, &schema, &e) != ERR_OK)
        return cli_fail(cli, &e);
    return create(cli, schema, policy_file);
}

const struct command cmd_model_create = {
    .name = "model create",
    .synopsis = "--schema FILE",
    .summary = "Declare a model by its schema",
    .about = "Declares features and label of a model, and optionally its policy. The same again is "
             "the same.",
    .examples = "leeway schema suggest history.csv --label approved > loan.schema.yaml\n"
                "leeway model create --schema loan.schema.yaml --policy loan.policy.yaml\n",
    .group = GROUP_MODELS,
    .run = run,
};
