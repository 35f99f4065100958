/*
 * sha256 - the hash of FIPS 180-4, as a Content-Security-Policy names what it
 * lets through.
 */
#ifndef SHA256_H
#define SHA256_H

#include <stddef.h>

#define SHA256_SIZE   32
#define SHA256_BASE64 45 /* bytes of it in base 64, with the NUL */

/* The hash of n bytes, in base 64 (RFC 4648, 4). */
void sha256_base64(const void *bytes, size_t n, char out[SHA256_BASE64]);

#endif
