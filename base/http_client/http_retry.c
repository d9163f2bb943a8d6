/*
 * http_retry.c - exponential backoff with full jitter (Brooker, "Exponential Backoff And Jitter",
 * 2015).
 */
#include "http_retry.h"

bool http_status_is_passing(int status)
{
    return status == 408 || status == 429 || (status >= 502 && status <= 504);
}

int64_t http_backoff_ms(int64_t base_ms, int n_tries, int64_t retry_after_ms, int64_t left_ms,
                        double uniform)
{
    int64_t ceiling_ms = base_ms;
    for (int i = 1; i < n_tries && ceiling_ms < HTTP_BACKOFF_CAP_MS; i++)
        ceiling_ms *= 2;
    if (ceiling_ms > HTTP_BACKOFF_CAP_MS)
        ceiling_ms = HTTP_BACKOFF_CAP_MS;
    int64_t wait_ms = (int64_t)(uniform * (double)ceiling_ms);
    if (wait_ms < retry_after_ms)
        wait_ms = retry_after_ms;
    return wait_ms < left_ms ? wait_ms : -1;
}
