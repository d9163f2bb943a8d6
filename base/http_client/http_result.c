/*
 * http_result.c - turns an answer that is not 2xx, or none, into a struct err.
 */
#include "base/http_client.h"

#include <string.h>

#include "base/json.h"

struct status_code {
    int status;
    enum err_code code;
};

/* Not simply err.h's list backwards: several codes share 400 and 500, and 405, 408, 429 have none.
 */
static const struct status_code codes[] = {
    {400, ERR_INVALID},     {401, ERR_UNAUTHORIZED}, {403, ERR_FORBIDDEN}, {404, ERR_NOT_FOUND},
    {405, ERR_UNSUPPORTED}, {408, ERR_TIMEOUT},      {409, ERR_CONFLICT},  {413, ERR_LIMIT},
    {422, ERR_REFUSED},     {429, ERR_BUSY},         {499, ERR_CANCELLED}, {501, ERR_UNSUPPORTED},
    {502, ERR_UNREACHABLE}, {503, ERR_BUSY},         {504, ERR_TIMEOUT},   {507, ERR_NO_SPACE},
};

static enum err_code code_of_status(int status)
{
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (codes[i].status == status)
            return codes[i].code;
    return status >= 400 && status < 500 ? ERR_INVALID : ERR_INTERNAL;
}

enum err_code http_result_check(const struct http_result *r, const char *what, struct err *e)
{
    cJSON *body = NULL;
    const char *text = r->body;
    if (r->code != ERR_OK)
        return err_set(e, r->code, "%s: %s", what, r->message);
    if (r->status >= 200 && r->status < 300)
        return ERR_OK;
    if (json_parse("answer", r->body, r->body_len, &body, NULL) == ERR_OK)
        json_get_string(body, "error", &text, NULL);
    enum err_code code =
        err_set(e, code_of_status(r->status), "%s answered %d%s%.*s", what, r->status,
                text[0] != '\0' ? ": " : "", (int)strcspn(text, "\r\n"), text);
    cJSON_Delete(body);
    return code;
}
