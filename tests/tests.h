/*
 * tests - the suites, one for each file of src/ that is tested by function.
 */
#ifndef TESTS_H
#define TESTS_H

#include <check.h>

Suite *suite_buf(void);
Suite *suite_fs(void);
Suite *suite_outlet(void);
Suite *suite_when(void);
Suite *suite_text(void);
Suite *suite_retry(void);
Suite *suite_json(void);
Suite *suite_sha256(void);
Suite *suite_job(void);
Suite *suite_draft(void);
Suite *suite_conf(void);
Suite *suite_spool(void);
Suite *suite_registry(void);
Suite *suite_claim(void);
Suite *suite_index(void);
Suite *suite_proc(void);
Suite *suite_sink(void);
Suite *suite_progress(void);
Suite *suite_doctor(void);
Suite *suite_http(void);
Suite *suite_roster(void);
Suite *suite_opt(void);

#endif
