#include "sha256.h"

#include <stdint.h>
#include <string.h>

/* FIPS 180-4, 4.2.2: of the cube roots of the first 64 primes. */
static const uint32_t constants[64] = { 0x428a2f98, 0x71374491, 0xb5c0fbcf,
	0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98,
	0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7,
	0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
	0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8,
	0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
	0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e,
	0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
	0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c,
	0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee,
	0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
	0xc67178f2 };

static uint32_t
rotate(uint32_t x, int n)
{
	return x >> n | x << (32 - n);
}

/* 6.2.2, step 1: the words of a block. */
static void
schedule(uint32_t w[64], const unsigned char block[64])
{
	uint32_t a, b;
	int t;

	for (t = 0; t < 16; t++)
		w[t] = (uint32_t)block[4 * t] << 24 |
		    (uint32_t)block[4 * t + 1] << 16 |
		    (uint32_t)block[4 * t + 2] << 8 | block[4 * t + 3];
	for (; t < 64; t++) {
		a = w[t - 15];
		b = w[t - 2];
		w[t] = w[t - 16] + (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) +
		    w[t - 7] + (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10);
	}
}

/* 6.2.2, steps 2 to 4. */
static void
digest_block(uint32_t hash[8], const unsigned char block[64])
{
	uint32_t w[64], v[8], t1, t2;
	int t;

	schedule(w, block);
	memcpy(v, hash, sizeof v);
	for (t = 0; t < 64; t++) {
		t1 = v[7] +
		    (rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25)) +
		    ((v[4] & v[5]) ^ (~v[4] & v[6])) + constants[t] + w[t];
		t2 = (rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22)) +
		    ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
		memmove(v + 1, v, 7 * sizeof *v);
		v[4] += t1;
		v[0] = t1 + t2;
	}
	for (t = 0; t < 8; t++)
		hash[t] += v[t];
}

static void
digest(const unsigned char *bytes, size_t n, unsigned char out[SHA256_SIZE])
{
	uint32_t hash[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
		0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };
	unsigned char block[64];
	size_t left;
	int i;

	for (left = n; left >= 64; left -= 64, bytes += 64)
		digest_block(hash, bytes);
	/* 5.1.1: a 1, zeros, and the length in bits. */
	memset(block, 0, sizeof block);
	memcpy(block, bytes, left);
	block[left] = 0x80;
	if (left >= 56) {
		digest_block(hash, block);
		memset(block, 0, sizeof block);
	}
	for (i = 0; i < 8; i++)
		block[63 - i] = (unsigned char)((uint64_t)n * 8 >> 8 * i);
	digest_block(hash, block);
	for (i = 0; i < SHA256_SIZE; i++)
		out[i] = (unsigned char)(hash[i / 4] >> (24 - i % 4 * 8));
}

void
sha256_base64(const void *bytes, size_t n, char out[SHA256_BASE64])
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned char hash[SHA256_SIZE + 1];
	uint32_t group;
	size_t i, k;

	hash[SHA256_SIZE] = 0;
	digest(bytes, n, hash);
	for (i = 0; i < SHA256_SIZE + 1; i += 3) {
		group = (uint32_t)hash[i] << 16 | (uint32_t)hash[i + 1] << 8 |
		    hash[i + 2];
		for (k = 0; k < 4; k++)
			*out++ = letters[group >> (18 - 6 * k) & 63];
	}
	out[-1] = '='; /* 32 bytes are two of the last three */
	*out = '\0';
}
