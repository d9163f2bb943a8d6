/*
 * sha256.h - SHA-256 (GnuTLS underneath) and its hex form, the name of every content-addressed thing.
 */
#ifndef BASE_SHA256_H
#define BASE_SHA256_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define SHA256_HEX_BYTES 65 /* 64 lower-case digits and the terminator */

struct sha256; /* a running digest */

struct sha256 *sha256_new(void); /* NULL: out of memory */
void sha256_update(struct sha256 *s, const void *data, size_t len);
void sha256_finish(struct sha256 *s, char hex[SHA256_HEX_BYTES]); /* s is spent: free it */
void sha256_free(struct sha256 *s);

void sha256_hex(const void *data, size_t len, char hex[SHA256_HEX_BYTES]);
enum err_code sha256_file(const char *path, char hex[SHA256_HEX_BYTES], struct err *e);

/* true for exactly 64 lower-case hex digits. */
bool sha256_is_hex(const char *text);

#endif
