/*
 * cmd_version.c - leeway version: this program's.
 */
#include <stdio.h>

#include "command.h"
#include "show.h"

static int run(struct cli *cli)
{
    int code = CLI_OK;
    if (!cli_parse(cli, NULL, &code))
        return code;
    if (!cli->json) {
        puts("leeway " LEEWAY_VERSION);
        return CLI_OK;
    }
    cJSON *j = cJSON_CreateObject();
    cJSON_AddStringToObject(j, "version", LEEWAY_VERSION);
    return show_json(cli, j);
}

const struct command cmd_version = {
    .name = "version",
    .summary = "This program's version",
    .about = "Prints the version of leeway; leewayd's is in `leeway status`.",
    .examples = "leeway version\n",
    .group = GROUP_OTHER,
    .run = run,
};
