/*
 * policy_report.h - what is wrong with a policy file, told the same way by `policy check`, `policy
 * put` and `model create`.
 */
#ifndef CLI_POLICY_REPORT_H
#define CLI_POLICY_REPORT_H

#include <cjson/cJSON.h>

#include "cli.h"
#include "control_client.h"
#include "policies/policy.h"

#define POLICY_REPORT_MAX_BYTES ((size_t)POLICY_MAX_BYTES)

/* One line per mistake on stdout. */
void policy_report_print(const struct diagnostics *d);

/* [{"line", "column", "path", "message", "expected", "nearest"}, ...]; owned. */
cJSON *policy_report_json(const struct diagnostics *d);

/* leewayd refused: prints its diagnostics, if it sent any, with the file's own name; a faulty file
 * is CLI_FAILED, everything else as cli_fail. */
int policy_report_refusal(const struct cli *cli, const char *file,
                          const struct control_answer *answer, const struct err *e);

#endif
