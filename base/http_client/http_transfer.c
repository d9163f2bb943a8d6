/*
 * http_transfer.c - one try of a call: libcurl's options, the body out, the body in, the outcome.
 */
#include "http_client_internal.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/* ---- body in ---- */

static bool goes_to_file(struct http_call *call)
{
    long status = 0;
    curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
    return call->save_to != NULL && status >= 200 && status < 300;
}

static enum err_code save(struct http_call *call, const char *data, size_t len)
{
    struct err *e = &call->io_error;
    if (len > call->max_saved_bytes - call->n_saved_bytes)
        return err_set(e, ERR_LIMIT, "%s: answer over %zu bytes", call->peer,
                       call->max_saved_bytes);
    if (call->saving == NULL && file_writer_open(call->save_to, &call->saving, e) != ERR_OK)
        return e->code;
    call->n_saved_bytes += len;
    return file_writer_append(call->saving, data, len, e);
}

static enum err_code keep(struct http_call *call, const char *data, size_t len)
{
    if (len > call->max_body_bytes - call->received.len)
        return err_set(&call->io_error, ERR_LIMIT, "%s: answer over %zu bytes", call->peer,
                       call->max_body_bytes);
    buf_append(&call->received, data, len);
    if (buf_failed(&call->received))
        return err_set(&call->io_error, ERR_NOMEM, "%s: out of memory", call->peer);
    return ERR_OK;
}

static size_t on_body(char *data, size_t size, size_t n, void *user)
{
    struct http_call *call = user;
    size_t len = size * n;
    enum err_code code = goes_to_file(call) ? save(call, data, len) : keep(call, data, len);
    return code == ERR_OK ? len : CURL_WRITEFUNC_ERROR;
}

/* ---- body out ---- */

static size_t on_upload(char *out, size_t size, size_t n, void *user)
{
    struct http_call *call = user;
    size_t len = fread(out, 1, size * n, call->upload);
    if (len == 0 && ferror(call->upload)) {
        err_set_errno(&call->io_error, errno, "read %s", call->body_file);
        return CURL_READFUNC_ABORT;
    }
    return len;
}

/* libcurl rewinds when a kept connection turns out to be closed after part of the body was sent. */
static int on_rewind(void *user, curl_off_t offset, int origin)
{
    struct http_call *call = user;
    return fseeko(call->upload, offset, origin) == 0 ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
}

static enum err_code upload_file(struct http_call *call, struct err *e)
{
    struct stat st;
    call->upload = fopen(call->body_file, "rbe");
    if (call->upload == NULL || fstat(fileno(call->upload), &st) != 0)
        return err_set_errno(e, errno, "open %s", call->body_file);
    if (!S_ISREG(st.st_mode))
        return err_set(e, ERR_INVALID, "%s: expected a regular file", call->body_file);
    curl_easy_setopt(call->easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(call->easy, CURLOPT_READFUNCTION, on_upload);
    curl_easy_setopt(call->easy, CURLOPT_READDATA, call);
    curl_easy_setopt(call->easy, CURLOPT_SEEKFUNCTION, on_rewind);
    curl_easy_setopt(call->easy, CURLOPT_SEEKDATA, call);
    curl_easy_setopt(call->easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)st.st_size);
    return ERR_OK;
}

static void upload_memory(struct http_call *call)
{
    curl_easy_setopt(call->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body_len);
    curl_easy_setopt(call->easy, CURLOPT_POSTFIELDS, call->body != NULL ? call->body : "");
}

static bool sends_body(const struct http_call *call)
{
    return call->body != NULL || strcmp(call->method, "POST") == 0 ||
           strcmp(call->method, "PUT") == 0 || strcmp(call->method, "PATCH") == 0;
}

static enum err_code set_method_and_body(struct http_call *call, struct err *e)
{
    if (strcmp(call->method, "HEAD") == 0) {
        curl_easy_setopt(call->easy, CURLOPT_NOBODY, 1L);
        return ERR_OK;
    }
    enum err_code code = ERR_OK;
    if (call->body_file != NULL)
        code = upload_file(call, e);
    else if (sends_body(call))
        upload_memory(call);
    curl_easy_setopt(call->easy, CURLOPT_CUSTOMREQUEST, call->method);
    return code;
}

/* ---- the handle ---- */

static void set_limits(struct http_call *call, int64_t timeout_ms)
{
    CURL *easy = call->easy;
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* never wait for a resolver thread */
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_PROXY, ""); /* nor one from the environment */
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
}

enum err_code transfer_begin(struct http_call *call, int64_t timeout_ms, struct err *e)
{
    CURL *easy = call->easy = curl_easy_init();
    if (easy == NULL)
        return err_set(e, ERR_NOMEM, "%s: out of memory", call->peer);
    call->curl_message[0] = '\0';
    set_limits(call, timeout_ms);
    curl_easy_setopt(easy, CURLOPT_URL, call->url);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, call);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call->curl_message);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "leeway/" LEEWAY_VERSION);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, call->headers);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
    if (call->ca_file != NULL)
        curl_easy_setopt(easy, CURLOPT_CAINFO, call->ca_file);
    return set_method_and_body(call, e);
}

/* ---- the outcome ---- */

static enum err_code code_of(CURLcode code)
{
    switch ((int)code) {
    case CURLE_OPERATION_TIMEDOUT:
        return ERR_TIMEOUT;
    case CURLE_OUT_OF_MEMORY:
        return ERR_NOMEM;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_SSL_CACERT_BADFILE:
        return ERR_INVALID;
    default:
        return ERR_UNREACHABLE;
    }
}

static void note_failure(struct http_call *call, CURLcode code)
{
    const char *text =
        call->curl_message[0] != '\0' ? call->curl_message : curl_easy_strerror(code);
    if (call->io_error.code != ERR_OK)
        call->outcome = call->io_error;
    else
        err_set(&call->outcome, code_of(code), "%s: %s", call->peer, text);
}

void transfer_finish(struct http_call *call, CURLcode code)
{
    long status = 0;
    const char *content_type = NULL;
    if (code != CURLE_OK) {
        note_failure(call, code);
        return;
    }
    curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(call->easy, CURLINFO_CONTENT_TYPE, &content_type);
    call->status = (int)status;
    call->outcome = (struct err){.code = ERR_OK};
    snprintf(call->content_type, sizeof call->content_type, "%s",
             content_type != NULL ? content_type : "");
    /* An empty body never came to on_body, but the file is wanted all the same. */
    if (goes_to_file(call) && call->saving == NULL && save(call, "", 0) != ERR_OK)
        call->outcome = call->io_error;
}

void transfer_discard(struct http_call *call)
{
    if (call->easy != NULL)
        curl_easy_cleanup(call->easy);
    if (call->upload != NULL)
        fclose(call->upload);
    if (call->saving != NULL)
        file_writer_abort(call->saving);
    buf_clear(&call->received);
    call->easy = NULL;
    call->upload = NULL;
    call->saving = NULL;
    call->n_saved_bytes = 0;
    call->io_error = (struct err){.code = ERR_OK};
    call->status = 0;
    call->content_type[0] = '\0';
}

/* struct http_result_headers is libcurl's handle by another name: it keeps the answer's headers
 * itself. */
const char *http_result_header(const struct http_result *r, const char *name)
{
    struct curl_header *header = NULL;
    if (r->headers == NULL ||
        curl_easy_header((CURL *)r->headers, name, 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
        return "";
    return header->value;
}
