/*
 * loopback.h - a blocking HTTP/1.1 call for tests: no library between the test and the bytes.
 */
#ifndef TESTS_LOOPBACK_H
#define TESTS_LOOPBACK_H

#include <stddef.h>

struct loopback_answer {
    int status;        /* 0: no answer came */
    char *head, *body; /* owned: loopback_free; terminated */
    size_t body_len;
};

/* headers: whole lines ended by \r\n each, or "". A connection of its own, 10 s deadline. */
struct loopback_answer loopback_call(int port, const char *method, const char *path,
                                     const char *headers, const void *body, size_t len);
void loopback_free(struct loopback_answer *a);

/* The value of a header, up to the line's end, in a buffer that the next call overwrites; NULL:
 * absent. */
const char *loopback_header(const struct loopback_answer *a, const char *name);

#endif
