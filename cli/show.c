/*
 * show.c - see show.h.
 */
#include "show.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/json.h"

void show_answer(const struct cli *cli, const struct control_answer *answer, show_page *show,
                 void *user)
{
    struct page page = page_new();
    if (cli->json || !answer->json) {
        fwrite(answer->text, 1, answer->len, stdout);
        if (answer->len == 0 || answer->text[answer->len - 1] != '\n')
            fputc('\n', stdout);
        fflush(stdout);
    } else {
        show(&page, answer->json, user);
        page_show(&page, false);
    }
    page_free(&page);
}

static void show_again(const struct cli *cli, const struct control_answer *answer, show_page *show,
                       void *user, bool first)
{
    struct page page = page_new();
    if (cli->json || !answer->json) {
        show_answer(cli, answer, show, user);
    } else {
        if (!first && !page.tty)
            buf_puts(&page.text, "\n");
        show(&page, answer->json, user);
        page_show(&page, true);
    }
    page_free(&page);
}

static void sleep_ms(int64_t ms)
{
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}

/* The first look must succeed; later a daemon that restarts is waited for. Ends by Ctrl-C, or when
 * nobody reads any more. */
static int watch_loop(const struct cli *cli, const char *path, int64_t every_ms, show_page *show,
                      void *user)
{
    for (bool first = true;; first = false) {
        struct control_answer answer = {0};
        struct err e = {0};
        enum err_code code = control_get(cli, path, &answer, &e);
        if (code == ERR_OK)
            show_again(cli, &answer, show, user, first);
        control_answer_clean_up(&answer);
        if (ferror(stdout))
            return CLI_FAILED;
        if (code != ERR_OK && (first || code != ERR_UNREACHABLE))
            return cli_fail(cli, &e);
        if (code != ERR_OK)
            cli_say("%s: %s; trying again", cli->full_name, e.message);
        sleep_ms(every_ms);
    }
}

int show_get(const struct cli *cli, const char *path, const struct watch_options *watch,
             show_page *show, void *user)
{
    struct control_answer answer = {0};
    struct err e = {0};
    if (watch && watch->on)
        return watch_loop(cli, path, watch->every_ms, show, user);
    enum err_code code = control_get(cli, path, &answer, &e);
    if (code == ERR_OK)
        show_answer(cli, &answer, show, user);
    control_answer_clean_up(&answer);
    return code == ERR_OK ? CLI_OK : cli_fail(cli, &e);
}

int show_json(const struct cli *cli, cJSON *json)
{
    char *text = json ? json_print_pretty(json) : NULL;
    cJSON_Delete(json);
    if (!text)
        return cli_fail(cli, &(struct err){.code = ERR_NOMEM, .message = "out of memory"});
    puts(text);
    free(text);
    return CLI_OK;
}
