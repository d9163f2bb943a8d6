/*
 * cmd_policy_schema.c - leeway policy schema: the JSON Schema of policy files, for editors.
 */
#include "command.h"
#include "policies/policy.h"
#include "show.h"

static int run(struct cli *cli)
{
    int code = CLI_OK;
    return cli_parse(cli, NULL, &code) ? show_json(cli, policy_json_schema()) : code;
}

const struct command cmd_policy_schema = {
    .name = "policy schema",
    .summary = "The JSON Schema of policy files, for your editor",
    .about =
        "Prints the JSON Schema (draft 2020-12) of a policy file, with a sentence for every key.",
    .examples = "leeway policy schema > policy.schema.json\n",
    .group = GROUP_MODELS,
    .run = run,
};
