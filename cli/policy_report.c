/*
 * policy_report.c - see policy_report.h.
 */
#include "policy_report.h"

#include <stdio.h>
#include <string.h>

void policy_report_print(const struct diagnostics *d)
{
    char line[DIAGNOSTIC_LINE_BYTES];
    for (size_t i = 0; i < d->n; i++)
        puts(diagnostic_format(d, i, line, sizeof(line)));
    if (d->n_dropped > 0)
        printf("%s: and %zu more\n", d->name, d->n_dropped);
}

cJSON *policy_report_json(const struct diagnostics *d)
{
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < d->n; i++) {
        const struct diagnostic *item = &d->items[i];
        cJSON *j = cJSON_CreateObject();
        cJSON_AddNumberToObject(j, "line", item->line);
        cJSON_AddNumberToObject(j, "column", item->column);
        cJSON_AddStringToObject(j, "path", item->path);
        cJSON_AddStringToObject(j, "message", item->message);
        cJSON_AddStringToObject(j, "expected", item->expected);
        cJSON_AddStringToObject(j, "nearest", item->nearest);
        cJSON_AddItemToArray(list, j);
    }
    return list;
}

int policy_report_refusal(const struct cli *cli, const char *file,
                          const struct control_answer *answer, const struct err *e)
{
    const cJSON *line = NULL, *lines = cJSON_GetObjectItem(answer->json, "diagnostics");
    int n = cJSON_GetArraySize(lines);
    if (n == 0)
        return cli_fail(cli, e);
    cJSON_ArrayForEach(line, lines)
    {
        const char *text = cJSON_IsString(line) ? line->valuestring : "";
        bool named = strncmp(text, "policy:", 7) == 0; /* what leewayd calls the text it was sent */
        printf("%s%s\n", named && file ? file : "", named && file ? text + 6 : text);
    }
    cli_say("%s: %d mistake%s; nothing changed", cli->full_name, n, n == 1 ? "" : "s");
    return CLI_FAILED;
}
