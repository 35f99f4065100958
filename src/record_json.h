/*
 * record_json - a job as a JSON object, for whoever shows jobs to programs.
 *
 * Owns: the names of the members, and what is said where a job holds bytes
 * that JSON cannot say.  draft.c reads what this writes.
 * Must not know: where the object is printed.
 */
#ifndef RECORD_JSON_H
#define RECORD_JSON_H

#include <stdint.h>

#include "buf.h"
#include "conf.h"
#include "record.h"
#include "spool.h"

/*
 * Appends the object of a job, without a newline.  Members that hold bytes
 * which are not UTF-8 have U+FFFD for each of them and are named by the
 * member not_utf8, an array.
 */
void record_json(struct buf *out, const struct record *r,
    const struct conf *conf);

/*
 * The same with the members runs, an array with an object for each attempt,
 * and notes, an array of the reasons why it does not run at `now`.
 */
void record_json_whole(struct buf *out, struct spool *s, const struct record *r,
    const struct conf *conf, int64_t now);

#endif
