/*
 * cmd_policy_put.c - leeway policy put: puts a policy into force.
 */
#include <stdlib.h>

#include "base/file.h"
#include "command.h"
#include "field.h"
#include "policy_report.h"
#include "show.h"

static void show(struct page *page, const cJSON *answer, void *user)
{
    const struct cli *cli = user;
    page_line(page, STYLE_PLAIN, "%s now goes by %s (%.12s)", cli->args[0], cli->args[1],
              field_text(answer, "policy_sha256"));
    page_line(page, STYLE_PLAIN, "Next: leeway status");
}

static int run(struct cli *cli)
{
    int code = CLI_OK;
    struct err e = {0};
    struct control_answer answer = {0};
    struct buf path = BUF_INIT, text = BUF_INIT;
    if (!cli_parse(cli, NULL, &code))
        return code;
    enum err_code rc = file_read(cli->args[1], POLICY_REPORT_MAX_BYTES, &text.data, &text.len, &e);
    control_path(&path, "/v1/models/{}/policy", cli->args[0]);
    if (rc != ERR_OK)
        code = cli_fail(cli, &e);
    else if (control_send(cli, "PUT", path.data, "application/yaml", &text, &answer, &e) == ERR_OK)
        show_answer(cli, &answer, show, cli);
    else
        code = policy_report_refusal(cli, cli->args[1], &answer, &e);
    control_answer_clean_up(&answer);
    buf_free(&text);
    buf_free(&path);
    return code;
}

const struct command cmd_policy_put = {
    .name = "policy put",
    .synopsis = "MODEL FILE",
    .summary = "Put a policy into force",
    .about = "Sends a policy to leewayd, which checks it against the model's schema; a faulty one "
             "changes nothing.",
    .examples = "leeway policy put loan loan.policy.yaml\n",
    .group = GROUP_MODELS,
    .min_args = 2,
    .max_args = 2,
    .run = run,
};
