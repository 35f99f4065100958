#include "index.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "job.h"
#include "tests.h"
#include "when.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

static struct index ix;

static void
setup(void)
{
	ck_assert_int_eq(index_init(&ix), 0);
}

static void
teardown(void)
{
	index_free(&ix);
}

/* The name of an entry, until the next but one call. */
static const char *
name_of(const struct index_entry *e)
{
	static char room[2][INDEX_ROOM];
	static int last;

	last = !last;
	return index_name(e, room[last]);
}

static struct index_entry *
add(const char *name, int64_t due, int64_t created, int priority)
{
	struct index_entry *e = index_add(&ix, JOB_PENDING, name, 0);

	ck_assert_ptr_nonnull(e);
	index_set(&ix, e, due, created, priority);
	return e;
}

/* Takes all that are due: these, in this order, ended by NULL. */
static void
expect_order(int64_t now, const char *const *names)
{
	struct index_entry *e;

	for (; *names != NULL; names++) {
		e = index_next(&ix, now);
		ck_assert_msg(e != NULL, "expected %s, got none", *names);
		ck_assert_msg(strcmp(name_of(e), *names) == 0,
		    "expected %s, got %s", *names, name_of(e));
		index_set_aside(&ix, e, INDEX_HELD);
	}
	e = index_next(&ix, now);
	ck_assert_msg(e == NULL, "expected none, got %s", e ? name_of(e) : "");
}

START_TEST(empty)
{
	ck_assert_ptr_null(index_next(&ix, WHEN_NEVER));
	ck_assert_int_eq(index_next_due(&ix), WHEN_NEVER);
	ck_assert_ptr_null(index_find(&ix, JOB_PENDING, "a"));
	ck_assert_uint_eq(ix.count, 0);
	index_sweep(&ix, JOB_PENDING, 1);
	index_set_fifo(&ix, 1);
	index_set_fifo(&ix, 0);
}
END_TEST

START_TEST(new_entry)
{
	struct index_entry *e = index_add(&ix, JOB_FAILED, "a", 55), *other;

	ck_assert_str_eq(name_of(e), "a");
	ck_assert_uint_eq(e->dir, JOB_FAILED);
	ck_assert_int_eq(e->due, 0);
	ck_assert_uint_eq(e->place, INDEX_NEW);
	/* The same again; another directory is another entry. */
	ck_assert_ptr_eq(index_add(&ix, JOB_FAILED, "a", 99 * INDEX_TICK), e);
	ck_assert_int_eq(index_known(e, 99 * INDEX_TICK), 98 * INDEX_TICK);
	ck_assert_ptr_eq(index_find(&ix, JOB_FAILED, "a"), e);
	ck_assert_ptr_null(index_find(&ix, JOB_PENDING, "a"));
	ck_assert_ptr_null(index_find(&ix, JOB_FAILED, "aa"));
	other = index_add(&ix, JOB_PENDING, "a", 0);
	ck_assert_ptr_ne(other, e);
	ck_assert_uint_eq(ix.count, 2);
	/* In no order yet. */
	ck_assert_ptr_null(index_next(&ix, WHEN_NEVER - 1));
	index_set(&ix, other, 0, 0, 0);
	ck_assert_ptr_eq(index_next(&ix, 0), other);
	index_remove(&ix, e);
	ck_assert_ptr_null(index_find(&ix, JOB_FAILED, "a"));
	ck_assert_ptr_nonnull(index_find(&ix, JOB_PENDING, "a"));
	ck_assert_uint_eq(ix.count, 1);
}
END_TEST

/* Names that are packed, and names that only look as if they could be. */
START_TEST(names)
{
	static const char *const all[] = { "20261126T162216.438-9fevqg",
		"20261126T162216.438-9fevqh", "20261126T162216.439-9fevqg",
		"00000000T000000.000-000000", "99999999T999999.999-zzzzzz",
		"20261126T162216.438-9fevqi", "20261126T162216.438-9fevq",
		"20261126T162216.438-9fevqgg", "20261126T162216.438-9FEVQG",
		"20261126t162216.438-9fevqg", "20261126T162216.438.9fevqg",
		"20261126T162216.438", "", "n" };
	struct index_entry *e[LEN(all)];
	char longest[256];
	size_t i;

	memset(longest, 'x', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	ck_assert_str_eq(name_of(add(longest, 0, 0, 0)), longest);
	for (i = 0; i < LEN(all); i++) {
		ck_assert_ptr_null(index_find(&ix, JOB_PENDING, all[i]));
		e[i] = add(all[i], 0, 0, 0);
	}
	for (i = 0; i < LEN(all); i++) {
		ck_assert_str_eq(name_of(e[i]), all[i]);
		ck_assert_ptr_eq(index_find(&ix, JOB_PENDING, all[i]), e[i]);
		ck_assert_ptr_null(index_find(&ix, JOB_FAILED, all[i]));
	}
	/* In their order, packed or not. */
	ck_assert_str_eq(name_of(index_next(&ix, 0)), "");
	index_remove(&ix, e[12]);
	ck_assert_str_eq(name_of(index_next(&ix, 0)), all[3]);
}
END_TEST

/* Never longer than it is, and not much shorter. */
START_TEST(known)
{
	struct index_entry *e = add("a", 0, 0, 0);
	int64_t base = INT64_C(1000) * 86400 * WHEN_SECOND, us, for_us;

	for (us = 0; us < WHEN_SECOND; us += 7777) {
		index_see(e, base + us);
		ck_assert_int_eq(index_known(e, base + us), 0);
		ck_assert_int_eq(index_known(e, 0), 0);
		for_us = index_known(e, base + us + 60 * WHEN_SECOND);
		ck_assert_int_le(for_us, 60 * WHEN_SECOND);
		ck_assert_int_gt(for_us, 60 * WHEN_SECOND - INDEX_TICK);
	}
	/* When the ticks run over, after eight years. */
	index_see(e, (INT64_C(1) << 32) * INDEX_TICK - 1);
	ck_assert_int_eq(index_known(e, (INT64_C(1) << 32) * INDEX_TICK), 0);
	index_see(e, ((INT64_C(1) << 32) - 3) * INDEX_TICK);
	ck_assert_int_eq(index_known(e, ((INT64_C(1) << 32) + 2) * INDEX_TICK),
	    5 * INDEX_TICK);
}
END_TEST

/* A million are to fit into 64 MB, with 4 bytes each for heap and bucket. */
START_TEST(small)
{
	ck_assert_uint_le(sizeof(struct index_entry), 56);
}
END_TEST

static void
add_some(void)
{
	add("old-low", 0, 1, 0);
	add("new-high", 0, 9, 10);
	add("c", 0, 5, 3);
	add("a", 0, 5, 3);
	add("b", 0, 5, 3);
	add("B", 0, 5, 3);
	add("older", 0, 4, 3);
	add("later", 100, 0, 10);
}

START_TEST(order)
{
	static const char *const want[] = { "new-high", "older", "B", "a", "b",
		"c", "old-low", NULL };

	add_some();
	expect_order(99, want);
}
END_TEST

START_TEST(order_fifo)
{
	static const char *const want[] = { "old-low", "older", "B", "a", "b",
		"c", "new-high", NULL };

	index_set_fifo(&ix, 1);
	add_some();
	expect_order(99, want);
}
END_TEST

/* The mode changes while all of them are ready. */
START_TEST(order_changes)
{
	static const char *const want[] = { "old-low", "older", "B", "a", "b",
		"c", "new-high", NULL };

	add_some();
	ck_assert_str_eq(name_of(index_next(&ix, 99)), "new-high");
	index_set_fifo(&ix, 1);
	ck_assert_str_eq(name_of(index_next(&ix, 99)), "old-low");
	index_set_fifo(&ix, 0);
	ck_assert_str_eq(name_of(index_next(&ix, 99)), "new-high");
	index_set_fifo(&ix, 1);
	expect_order(99, want);
}
END_TEST

START_TEST(due_times)
{
	struct index_entry *e;

	add("b", 20, 0, 0);
	add("a", 10, 0, 0);
	add("c", 30, 0, 10);
	ck_assert_ptr_null(index_next(&ix, 9));
	ck_assert_int_eq(index_next_due(&ix), 10);
	e = index_next(&ix, 10);
	ck_assert_str_eq(name_of(e), "a");
	ck_assert_uint_eq(e->place, INDEX_READY);
	ck_assert_int_eq(index_next_due(&ix), 20);
	/* It stays the next until it is taken. */
	ck_assert_ptr_eq(index_next(&ix, 11), e);
	ck_assert_str_eq(name_of(index_next(&ix, 30)), "c");
	ck_assert_int_eq(index_next_due(&ix), WHEN_NEVER);
	/* Delayed while it is ready. */
	index_delay(&ix, e, 50);
	ck_assert_uint_eq(e->place, INDEX_LATER);
	ck_assert_int_eq(index_next_due(&ix), 50);
	index_remove(&ix, index_find(&ix, JOB_PENDING, "c"));
	ck_assert_str_eq(name_of(index_next(&ix, 49)), "b");
	index_remove(&ix, index_find(&ix, JOB_PENDING, "b"));
	ck_assert_ptr_null(index_next(&ix, 49));
	ck_assert_ptr_eq(index_next(&ix, 50), e);
}
END_TEST

/* A delay keeps the rest of what orders an entry. */
START_TEST(delay_keeps_order)
{
	static const char *const want[] = { "high", "older", "newer", NULL };

	add("newer", 0, 2, 1);
	add("older", 0, 1, 1);
	add("high", 0, 3, 2);
	index_delay(&ix, index_find(&ix, JOB_PENDING, "older"), 10);
	index_delay(&ix, index_find(&ix, JOB_PENDING, "high"), 20);
	ck_assert_str_eq(name_of(index_next(&ix, 9)), "newer");
	expect_order(20, want);
}
END_TEST

START_TEST(set_aside)
{
	struct index_entry *a = add("a", 0, 0, 5), *b = add("b", 0, 0, 0);

	ck_assert_ptr_eq(index_next(&ix, 1), a);
	index_set_aside(&ix, a, INDEX_HELD);
	ck_assert_ptr_eq(index_next(&ix, 1), b);
	ck_assert_uint_eq(a->place, INDEX_HELD);
	ck_assert_ptr_eq(index_find(&ix, JOB_PENDING, "a"), a);
	index_set_aside(&ix, b, INDEX_IGNORED);
	ck_assert_uint_eq(ix.ignored, 1);
	ck_assert_ptr_null(index_next(&ix, 1));
	ck_assert_int_eq(index_next_due(&ix), WHEN_NEVER);
	/* Back again, both. */
	index_delay(&ix, a, 0);
	index_delay(&ix, b, 0);
	ck_assert_uint_eq(ix.ignored, 0);
	ck_assert_ptr_eq(index_next(&ix, 1), a);
	index_set_aside(&ix, b, INDEX_IGNORED);
	index_set_aside(&ix, a, INDEX_HELD);
	index_remove(&ix, b);
	ck_assert_uint_eq(ix.ignored, 0);
	index_remove(&ix, a);
	ck_assert_uint_eq(ix.count, 0);
}
END_TEST

START_TEST(sweep)
{
	static const char *const gone[] = { "later", "ready", "ignored" };
	static const char *const kept[] = { "marked", "held" };
	struct index_entry *e;
	size_t i;

	add("marked", 0, 0, 0)->mark = 7;
	add("ready", 0, 0, 9);
	add("later", 50, 0, 0)->mark = 6;
	index_set_aside(&ix, add("held", 0, 0, 0), INDEX_HELD);
	index_set_aside(&ix, add("ignored", 0, 0, 0), INDEX_IGNORED);
	e = index_add(&ix, JOB_FAILED, "ready", 0);
	index_set(&ix, e, 0, 0, 1);
	ck_assert_str_eq(name_of(index_next(&ix, 1)), "ready");
	index_sweep(&ix, JOB_PENDING, 7);
	for (i = 0; i < LEN(gone); i++)
		ck_assert_ptr_null(index_find(&ix, JOB_PENDING, gone[i]));
	for (i = 0; i < LEN(kept); i++)
		ck_assert_ptr_nonnull(index_find(&ix, JOB_PENDING, kept[i]));
	ck_assert_ptr_eq(index_find(&ix, JOB_FAILED, "ready"), e);
	ck_assert_uint_eq(ix.count, 3);
	ck_assert_uint_eq(ix.ignored, 0);
	ck_assert_ptr_eq(index_next(&ix, 1), e);
	index_remove(&ix, e);
	ck_assert_str_eq(name_of(index_next(&ix, 1)), "marked");
	ck_assert_int_eq(index_next_due(&ix), WHEN_NEVER);
}
END_TEST

static void
hasten(void *arg, struct index_entry *e)
{
	int *calls = arg;

	(*calls)++;
	if (strcmp(name_of(e), "goes") == 0)
		index_remove(&ix, e);
	else
		index_delay(&ix, e, 20);
}

START_TEST(each_later)
{
	static const char *const ready[] = { "now", NULL };
	static const char *const all[] = { "a", "b", NULL };
	int calls = 0;

	add("a", 900, 1, 0);
	add("b", 800, 2, 0);
	add("goes", 700, 0, 0);
	add("now", 1, 0, 0);
	index_set_aside(&ix, add("held", 900, 0, 0), INDEX_HELD);
	index_set_aside(&ix, add("ignored", 900, 0, 0), INDEX_IGNORED);
	ck_assert_str_eq(name_of(index_next(&ix, 10)), "now");
	index_each_later(&ix, hasten, &calls);
	ck_assert_int_eq(calls, 3);
	ck_assert_ptr_null(index_find(&ix, JOB_PENDING, "goes"));
	expect_order(10, ready);
	expect_order(20, all);
}
END_TEST

/* ---- Against a naive model ---- */

#define NAMES 150 /* in each of two directories */
#define STEPS 10000

/* An entry as the model knows it. */
struct twin {
	struct index_entry *entry; /* NULL: there is none */
	int64_t due, created;
	int priority;
	enum index_place place; /* LATER stands for READY as well */
	unsigned mark;
};

static struct twin twins[2 * NAMES];
static int fifo;
static int64_t now;

static unsigned
chance(unsigned n)
{
	static uint32_t x = 2463534242U;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return x % n;
}

/* Negative if a goes first, 0 if either may. */
static int
compare(const struct twin *a, const struct twin *b)
{
	if (!fifo && a->priority != b->priority)
		return a->priority > b->priority ? -1 : 1;
	if (a->created != b->created)
		return a->created < b->created ? -1 : 1;
	return strcmp(name_of(a->entry), name_of(b->entry));
}

static struct twin *
twin_of(const struct index_entry *e)
{
	size_t i;

	for (i = 0; i < LEN(twins); i++)
		if (twins[i].entry == e)
			return &twins[i];
	ck_abort_msg("an entry that nobody knows");
	return NULL;
}

/* The index and the model agree on what is next and when. */
static void
check_model(unsigned step)
{
	struct index_entry *e = index_next(&ix, now);
	const struct twin *best = NULL, *t;
	int64_t due = WHEN_NEVER;
	size_t i, count = 0, ignored = 0;

	for (i = 0; i < LEN(twins); i++) {
		t = &twins[i];
		count += t->entry != NULL;
		if (t->entry != NULL && t->place == INDEX_IGNORED)
			ignored++;
		if (t->entry == NULL || t->place != INDEX_LATER)
			continue;
		if (t->due > now && t->due < due)
			due = t->due;
		if (t->due <= now && (best == NULL || compare(t, best) < 0))
			best = t;
	}
	if (ix.count != count || ix.ignored != ignored)
		ck_abort_msg("step %u: expected %zu entries, %zu ignored, "
			     "got %zu, %zu",
		    step, count, ignored, ix.count, ix.ignored);
	if ((e == NULL) != (best == NULL) ||
	    (e != NULL &&
		(twin_of(e)->place != INDEX_LATER || twin_of(e)->due > now ||
		    compare(twin_of(e), best) != 0)))
		ck_abort_msg("step %u: expected %s, got %s", step,
		    best ? name_of(best->entry) : "none",
		    e ? name_of(e) : "none");
	if (index_next_due(&ix) != due)
		ck_abort_msg("step %u: expected due %lld, got %lld", step,
		    (long long)due, (long long)index_next_due(&ix));
}

static void
model_sweep(unsigned mark)
{
	size_t i;

	index_sweep(&ix, JOB_PENDING, mark);
	for (i = 0; i < NAMES; i++)
		if (twins[i].mark != mark && twins[i].place != INDEX_HELD)
			twins[i].entry = NULL;
}

static void
model_add(struct twin *t, size_t i)
{
	char name[JOB_NAME_MAX + 1];

	/* Every third as they are generated. */
	if (i % 3 == 0)
		job_id_make(name, (int64_t)(i % NAMES) * 1000, (uint32_t)i);
	else
		snprintf(name, sizeof name, "n%zu", i % NAMES);
	t->entry =
	    index_add(&ix, i < NAMES ? JOB_PENDING : JOB_FAILED, name, 0);
	ck_assert_ptr_nonnull(t->entry);
	t->due = t->created = 0;
	t->priority = 0;
	t->place = INDEX_LATER;
	index_set(&ix, t->entry, 0, 0, 0);
	t->mark = chance(3);
	t->entry->mark = t->mark & 255;
}

static void
model_change(struct twin *t)
{
	switch (chance(6)) {
	case 0:
		index_remove(&ix, t->entry);
		t->entry = NULL;
		break;
	case 1:
		t->place = chance(2) ? INDEX_HELD : INDEX_IGNORED;
		index_set_aside(&ix, t->entry, t->place);
		break;
	case 2:
		t->due = now + chance(50);
		t->place = INDEX_LATER;
		index_delay(&ix, t->entry, t->due);
		break;
	default:
		t->due = now + chance(40) - chance(20);
		t->created = chance(10);
		t->priority = (int)chance(4);
		t->place = INDEX_LATER;
		index_set(&ix, t->entry, t->due, t->created, t->priority);
		break;
	}
}

START_TEST(model)
{
	size_t i;
	unsigned step;

	memset(twins, 0, sizeof twins);
	fifo = 0;
	now = 1000;
	for (step = 0; step < STEPS; step++) {
		i = chance(LEN(twins));
		if (twins[i].entry == NULL)
			model_add(&twins[i], i);
		else
			model_change(&twins[i]);
		if (chance(200) == 0)
			model_sweep(chance(3));
		if (chance(50) == 0)
			index_set_fifo(&ix, fifo = !fifo);
		if (chance(3) == 0)
			now += chance(4);
		check_model(step);
	}
	for (i = 0; i < LEN(twins); i++)
		if (twins[i].entry != NULL &&
		    index_find(&ix, i < NAMES ? JOB_PENDING : JOB_FAILED,
			name_of(twins[i].entry)) != twins[i].entry)
			ck_abort_msg("%s is lost", name_of(twins[i].entry));
}
END_TEST

/* Many: the buckets are doubled several times, and all are found again. */
START_TEST(many)
{
	struct index_entry *e;
	char name[16];
	int i, last = 11;

	for (i = 0; i < 5000; i++) {
		snprintf(name, sizeof name, "n%d", i);
		add(name, i, 5000 - i, i % 11);
	}
	ck_assert_uint_eq(ix.count, 5000);
	for (i = 0; i < 5000; i++) {
		snprintf(name, sizeof name, "n%d", i);
		if (index_find(&ix, JOB_PENDING, name) == NULL)
			ck_abort_msg("%s is lost", name);
	}
	for (i = 0; (e = index_next(&ix, 4999)) != NULL; i++) {
		if ((int)e->priority > last)
			ck_abort_msg("%s too late", name_of(e));
		last = (int)e->priority;
		index_remove(&ix, e);
	}
	ck_assert_int_eq(i, 5000);
	ck_assert_uint_eq(ix.count, 0);
}
END_TEST

Suite *
suite_index(void)
{
	Suite *s = suite_create("index");
	TCase *t = tcase_create("index");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, empty);
	tcase_add_test(t, new_entry);
	tcase_add_test(t, names);
	tcase_add_test(t, known);
	tcase_add_test(t, small);
	tcase_add_test(t, order);
	tcase_add_test(t, order_fifo);
	tcase_add_test(t, order_changes);
	tcase_add_test(t, due_times);
	tcase_add_test(t, delay_keeps_order);
	tcase_add_test(t, set_aside);
	tcase_add_test(t, sweep);
	tcase_add_test(t, each_later);
	tcase_add_test(t, model);
	tcase_add_test(t, many);
	suite_add_tcase(s, t);
	return s;
}
