/*
 * cmd_schema_suggest.c - leeway schema suggest: a first schema out of a CSV file.
 */
#include <stdio.h>
#include <string.h>

#include "base/yaml.h"
#include "command.h"
#include "schema_suggest.h"
#include "show.h"

static int print(const struct cli *cli, const struct buf *yaml)
{
    struct yaml_doc *doc = NULL;
    struct err e = {0};
    if (!cli->json) {
        fwrite(yaml->data, 1, yaml->len, stdout);
        cli_say("Next: read it, then leeway model create --schema FILE");
        return CLI_OK;
    }
    if (yaml_parse("suggestion", yaml->data, yaml->len, &doc, &e) != ERR_OK)
        return cli_fail(cli, &e);
    int code = show_json(cli, yaml_to_json(yaml_root(doc)));
    yaml_free(doc);
    return code;
}

static int suggest(const struct cli *cli, const struct schema_suggest_options *o)
{
    struct csv *csv = NULL;
    struct buf yaml = BUF_INIT;
    struct err e = {0};
    enum err_code code = csv_open(cli->args[0], &csv, &e);
    if (code == ERR_OK)
        code = schema_suggest(csv, o, &yaml, &e);
    int exit_code = code == ERR_OK ? print(cli, &yaml) : cli_fail(cli, &e);
    buf_free(&yaml);
    csv_close(csv);
    return exit_code;
}

static int run(struct cli *cli)
{
    int code = CLI_OK;
    char name[64];
    struct schema_suggest_options o = {.max_rows = 100000};
    const struct opt opts[] = {{.name = "label",
                                .kind = OPT_STRING,
                                .dest = &o.label,
                                .arg = "COLUMN",
                                .required = true,
                                .help = "The column to be predicted."},
                               {.name = "name",
                                .kind = OPT_STRING,
                                .dest = &o.model,
                                .arg = "MODEL",
                                .help = "Name of the model; the file's if absent."},
                               {.name = "regression",
                                .kind = OPT_FLAG,
                                .dest = &o.regression,
                                .help = "The label is an amount, not a class."},
                               {.name = "rows",
                                .kind = OPT_INT,
                                .dest = &o.max_rows,
                                .arg = "N",
                                .min = 1,
                                .max = 1e12,
                                .help = "Rows to look at, at most."},
                               {.kind = OPT_END}};
    if (!cli_parse(cli, opts, &code))
        return code;
    schema_suggest_name(cli->args[0], name, sizeof(name));
    if (!o.model)
        o.model = name;
    return suggest(cli, &o);
}

const struct command cmd_schema_suggest = {
    .name = "schema suggest",
    .synopsis = "FILE --label COLUMN",
    .summary = "A first schema out of a CSV file",
    .about =
        "Reads a CSV file (plain or gzip) and proposes a schema as YAML, with a comment on why "
        "each type was chosen. Works without leewayd.",
    .examples = "leeway schema suggest history.csv.gz --label approved > loan.schema.yaml\n"
                "leeway schema suggest houses.csv --label price --regression --name houses\n",
    .group = GROUP_MODELS,
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
