/*
 * cmd_policy_show.c - leeway policy show: the policy in force, as it was written.
 */
#include <stdio.h>

#include "base/yaml.h"
#include "command.h"
#include "show.h"

/* With --json the YAML as JSON: the API's document is text. */
static int print(const struct cli *cli, const struct control_answer *answer, struct err *e)
{
    struct yaml_doc *doc = NULL;
    if (!cli->json) {
        fwrite(answer->text, 1, answer->len, stdout);
        return CLI_OK;
    }
    if (yaml_parse("policy", answer->text, answer->len, &doc, e) != ERR_OK)
        return cli_fail(cli, e);
    int code = show_json(cli, yaml_to_json(yaml_root(doc)));
    yaml_free(doc);
    return code;
}

static int run(struct cli *cli)
{
    int code = CLI_OK;
    struct err e = {0};
    struct control_answer answer = {0};
    struct buf path = BUF_INIT;
    if (!cli_parse(cli, NULL, &code))
        return code;
    control_path(&path, "/v1/models/{}/policy", cli->args[0]);
    if (control_get(cli, path.data, &answer, &e) == ERR_OK)
        code = print(cli, &answer, &e);
    else
        code = cli_fail(cli, &e);
    control_answer_clean_up(&answer);
    buf_free(&path);
    return code;
}

const struct command cmd_policy_show = {
    .name = "policy show",
    .synopsis = "MODEL",
    .summary = "The policy in force, as it was written",
    .about = "Prints the policy file that a model goes by, comments included.",
    .examples = "leeway policy show loan > loan.policy.yaml\n",
    .group = GROUP_MODELS,
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
