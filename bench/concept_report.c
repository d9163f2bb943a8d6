/*
 * concept_report.c - one row at a time.
 */
#include "concept_report.h"

#include <math.h>
#include <stdio.h>

void concept_report_head(void)
{
    printf("| set | changes | found | delay of each | again | extra alarms | errors |\n");
    printf("|---|---:|---:|---|---:|---:|---:|\n");
}

static void print_delays(const struct concept_result *r)
{
    for (size_t k = 0; k < r->n_changes; k++)
        if (r->delays[k] != SIZE_MAX)
            printf("%s%zu", k > 0 ? ", " : "", r->delays[k]);
        else
            printf("%s-", k > 0 ? ", " : "");
}

void concept_report_set(const char *set, const struct concept_result *r)
{
    printf("| %s | %zu | %zu | ", set, r->n_changes, r->found);
    print_delays(r);
    printf(" | %zu | %zu | %.1f %% |\n", r->again, r->extra, 100.0 * r->errors / (double)r->n_rows);
}

void concept_report_totals_head(void)
{
    printf("| detector | found | again | extra alarms | mean delay | errors | steady rows an alarm "
           "|\n");
    printf("|---|---:|---:|---:|---:|---:|---:|\n");
}

void concept_report_totals(const char *detector, const struct concept_result *changing,
                           const struct concept_result *steady)
{
    printf("| %s | %zu/%zu | %zu | %zu | ", detector, changing->found, changing->n_changes,
           changing->again, changing->extra);
    if (changing->found > 0)
        printf("%.0f", concept_result_delay(changing));
    printf(" | %.1f %% | ", 100.0 * changing->errors / (double)changing->n_rows);
    if (steady->extra > 0)
        printf("%zu", steady->n_rows / steady->extra);
    printf(" |\n");
}

static cJSON *delays_json(const struct concept_result *r)
{
    cJSON *list = cJSON_CreateArray();
    for (size_t k = 0; k < r->n_changes; k++)
        cJSON_AddItemToArray(list, r->delays[k] != SIZE_MAX
                                       ? cJSON_CreateNumber((double)r->delays[k])
                                       : cJSON_CreateNull());
    return list;
}

cJSON *concept_report_json(const char *set, const char *detector, const struct concept_result *r)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "set", set);
    cJSON_AddStringToObject(json, "detector", detector);
    cJSON_AddNumberToObject(json, "rows", (double)r->n_rows);
    cJSON_AddNumberToObject(json, "changes", (double)r->n_changes);
    cJSON_AddNumberToObject(json, "found", (double)r->found);
    cJSON_AddNumberToObject(json, "again", (double)r->again);
    cJSON_AddNumberToObject(json, "extra", (double)r->extra);
    if (r->found > 0)
        cJSON_AddNumberToObject(json, "delay", concept_result_delay(r));
    cJSON_AddNumberToObject(json, "error_rate", r->errors / (double)r->n_rows);
    cJSON_AddItemToObject(json, "delays", delays_json(r));
    return json;
}
