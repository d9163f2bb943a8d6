/*
 * cmd_policy_stock.c - leeway policy stock: commented policies to start from.
 */
#include <stdio.h>
#include <string.h>

#include "base/suggest.h"
#include "base/yaml.h"
#include "command.h"
#include "show.h"
#include "stock_policies.h"
#include "base/table.h"

/* The value of the file's `description:` key; into out. */
static void description_of(const struct stock_policy *p, char *out, size_t size_bytes)
{
    struct yaml_doc *doc = NULL;
    const struct yaml_node *node = NULL;
    if (yaml_parse(p->name, p->text, strlen(p->text), &doc, NULL) == ERR_OK)
        node = yaml_find(yaml_root(doc), "description");
    snprintf(out, size_bytes, "%s", node ? yaml_text(node) : "");
    yaml_free(doc);
}

static int list_json(const struct cli *cli)
{
    char text[512];
    cJSON *list = cJSON_CreateArray();
    for (const struct stock_policy *p = stock_policies; p->name; p++) {
        cJSON *j = cJSON_CreateObject();
        description_of(p, text, sizeof(text));
        cJSON_AddStringToObject(j, "name", p->name);
        cJSON_AddStringToObject(j, "description", text);
        cJSON_AddItemToArray(list, j);
    }
    return show_json(cli, list);
}

static int list(void)
{
    static const struct table_column columns[] = {{"NAME", TABLE_KEEP}, {"FOR", TABLE_WRAP}};
    struct table *t = table_new(columns, 2);
    struct page page = page_new();
    char text[512];
    for (const struct stock_policy *p = stock_policies; p->name; p++) {
        description_of(p, text, sizeof(text));
        table_cell(t, STYLE_BOLD, "%s", p->name);
        table_cell(t, STYLE_PLAIN, "%s", text);
    }
    table_print(t, &page);
    page_show(&page, false);
    cli_say("Next: leeway policy stock NAME > policy.yaml, and set `model` in it");
    table_free(t);
    page_free(&page);
    return CLI_OK;
}

static int print(const struct cli *cli, const struct stock_policy *p)
{
    struct yaml_doc *doc = NULL;
    struct err e = {0};
    if (!cli->json) {
        fputs(p->text, stdout);
        return CLI_OK;
    }
    if (yaml_parse(p->name, p->text, strlen(p->text), &doc, &e) != ERR_OK)
        return cli_fail(cli, &e);
    int code = show_json(cli, yaml_to_json(yaml_root(doc)));
    yaml_free(doc);
    return code;
}

static int run(struct cli *cli)
{
    int code = CLI_OK;
    if (!cli_parse(cli, NULL, &code))
        return code;
    if (cli->n_args == 0)
        return cli->json ? list_json(cli) : list();
    struct suggest s = suggest_start(cli->args[0]);
    for (const struct stock_policy *p = stock_policies; p->name; p++) {
        if (strcmp(p->name, cli->args[0]) == 0)
            return print(cli, p);
        suggest_add(&s, p->name);
    }
    const char *near = suggest_best(&s);
    return cli_usage(cli, "there is no stock policy \"%.60s\"%s%s%s", cli->args[0],
                     near ? " (did you mean \"" : "", near ? near : "", near ? "\"?)" : "");
}

const struct command cmd_policy_stock = {
    .name = "policy stock",
    .synopsis = "[NAME]",
    .summary = "Commented policies to start from",
    .about = "Lists the stock policies, or prints one.",
    .examples = "leeway policy stock\n"
                "leeway policy stock default-classification > loan.policy.yaml\n",
    .group = GROUP_MODELS,
    .max_args = 1,
    .run = run,
};
