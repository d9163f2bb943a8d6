/*
 * http_retry.h - whether and when a try is repeated. Pure: numbers in, a decision out.
 */
#ifndef HTTP_RETRY_H
#define HTTP_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#define HTTP_BACKOFF_CAP_MS 10000

/* 408, 429, 502, 503 and 504: another try may find a better moment. */
bool http_status_is_passing(int status);

/*
 * The wait before the next try: full jitter, uniform * min(cap, base_ms * 2^(n_tries - 1)), but not
 * less than the server's Retry-After. uniform is in [0, 1), n_tries counts the tries made (1 or
 * more), retry_after_ms is 0 where the server named none. -1: the wait would not end before the
 * deadline.
 */
int64_t http_backoff_ms(int64_t base_ms, int n_tries, int64_t retry_after_ms, int64_t left_ms,
                        double uniform);

#endif
