/*
 * cmd_completion - scripts with which shells complete command lines.
 *
 * All that a script knows comes from the tables of commands, and is written
 * into it: a shell asks the program for nothing but the IDs of jobs.
 */
#include "cmd.h"

#include <stdio.h>
#include <string.h>

/* What may stand in a place. */
enum kind {
	NOTHING, /* that is known of; */
	FILES,
	DIRS,
	WORDS, /* one of these; */
	JOBS   /* the ID of a job in one of these states, or in any */
};

/* ---- The words of commands ---- */

/* What may come next in the name of a command. */
struct step {
	const char *word;
	size_t len;
	const struct cmd *cmd; /* that it completes; NULL: one word more */
	size_t next;	       /* where to go on; 0 at first */
};

/* True if a command before that one begins with the same word. */
static int
seen_before(const struct opt_table *table, size_t i, const char *word,
    size_t len)
{
	while (i-- > 0)
		if (strncmp(table->cmds[i]->name, word, len) == 0 &&
		    table->cmds[i]->name[len] == ' ')
			return 1;
	return 0;
}

/*
 * Takes the next of the words that names begin with, each once, or of those
 * behind this first word; 0 at the end.
 */
static int
next_step(struct step *s, const struct opt_table *table,
    const struct step *first)
{
	size_t i, skip = first != NULL ? first->len + 1 : 0;
	const char *name;

	while (table->cmds[s->next] != NULL) {
		i = s->next++;
		name = table->cmds[i]->name;
		if (first != NULL &&
		    (strncmp(name, first->word, skip - 1) != 0 ||
			name[skip - 1] != ' '))
			continue;
		s->word = name + skip;
		s->len = strcspn(s->word, " ");
		s->cmd = s->word[s->len] == '\0' ? table->cmds[i] : NULL;
		if (s->cmd != NULL || !seen_before(table, i, name, s->len))
			return 1;
	}
	return 0;
}

static void
add_bytes(struct buf *words, const char *word, size_t len)
{
	if (words->len > 0)
		buf_putc(words, ' ');
	buf_add(words, word, len);
}

static void
add_word(struct buf *words, const char *word)
{
	add_bytes(words, word, strlen(word));
}

static void
add_steps(struct buf *words, const struct opt_table *table,
    const struct step *first)
{
	struct step s = { NULL, 0, NULL, 0 };

	while (next_step(&s, table, first))
		add_bytes(words, s.word, s.len);
}

/* ---- What the words in the tables stand for ---- */

static void
add_states(const struct opt_table *table, const struct cmd *cmd,
    struct buf *words)
{
	int state;

	(void)table;
	(void)cmd;
	for (state = 0; state < JOB_STATES; state++)
		add_word(words, job_state_name(state));
}

static void
add_keys(const struct opt_table *table, const struct cmd *cmd,
    struct buf *words)
{
	const struct conf_key *key;

	(void)table;
	(void)cmd;
	for (key = conf_keys; key->name != NULL; key++)
		add_word(words, key->name);
}

static void
add_commands(const struct opt_table *table, const struct cmd *cmd,
    struct buf *words)
{
	(void)cmd;
	add_steps(words, table, NULL);
}

/* The states of the jobs that a command is for; none: all. */
static void
add_job_states(const struct opt_table *table, const struct cmd *cmd,
    struct buf *words)
{
	static const struct {
		const char *name; /* or its first word */
		unsigned states;
	} rows[] = {
		{ "retry", 1U << JOB_FAILED | 1U << JOB_DEAD },
		{ "cancel",
		    1U << JOB_PENDING | 1U << JOB_PROCESSING |
			1U << JOB_FAILED },
		{ "purge", 1U << JOB_COMPLETED | 1U << JOB_DEAD },
		{ "dlq", 1U << JOB_DEAD },
	};
	size_t i;
	int state;

	(void)table;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		for (state = 0; state < JOB_STATES; state++)
			if (opt_is_named(cmd, rows[i].name) &&
			    (rows[i].states >> state & 1) != 0)
				add_word(words, job_state_name(state));
}

struct meaning {
	const char *word; /* as struct opt and struct cmd have it */
	enum kind kind;
	void (*add)(const struct opt_table *table, const struct cmd *cmd,
	    struct buf *words);
};

/* Of the value of an option, */
static const struct meaning values[] = {
	{ "DIR", DIRS, NULL },
	{ "FILE", FILES, NULL },
	{ "STATE", WORDS, add_states },
	{ NULL, NOTHING, NULL },
};

/* and of an argument. */
static const struct meaning arguments[] = {
	{ "JOB", JOBS, add_job_states },
	{ "KEY", WORDS, add_keys },
	{ "COMMAND", WORDS, add_commands },
	{ NULL, NOTHING, NULL },
};

/* A place in a command line, and what may stand there. */
struct place {
	const struct opt_table *table;
	const struct cmd *cmd; /* NULL: before there is one */
	enum kind kind;
	struct buf words; /* separated by blanks */
};

/*
 * Finds out what stands in the place of a word like STATE or N|auto; what is
 * in small letters stands for itself.
 */
static void
find_kind(struct place *p, const struct meaning *meanings, const char *word,
    size_t len)
{
	const struct meaning *m;
	const char *end = word + len;
	size_t n;

	p->kind = NOTHING;
	buf_clear(&p->words);
	for (; word < end; word += n + 1) {
		for (n = 0; word + n < end && word[n] != '|';)
			n++;
		if (*word >= 'a' && *word <= 'z') {
			p->kind = WORDS;
			add_bytes(&p->words, word, n);
		}
		for (m = meanings; m->word != NULL; m++) {
			if (strlen(m->word) != n ||
			    memcmp(m->word, word, n) != 0)
				continue;
			p->kind = m->kind;
			if (m->add != NULL)
				m->add(p->table, p->cmd, &p->words);
		}
	}
}

/* One of the arguments of a command. */
struct argument {
	const char *word; /* without brackets and dots */
	size_t len;
	int number; /* 0 at first */
	int repeated;
};

/* Takes the next one from "FROM [TO...]"; 0 at the end. */
static int
next_argument(const char **args, struct argument *a)
{
	a->word = *args + strspn(*args, " [");
	a->len = strcspn(a->word, " ]");
	*args = a->word + a->len + strspn(a->word + a->len, "]");
	a->repeated = a->len > 3 && memcmp(a->word + a->len - 3, "...", 3) == 0;
	if (a->repeated)
		a->len -= 3;
	a->number++;
	return a->len > 0;
}

/* The next option that has a text in the help; NULL at the end. */
static const struct opt *
next_opt(const struct opt *opt)
{
	while (opt != NULL && opt->name != NULL && opt->help == NULL)
		opt++;
	return opt != NULL && opt->name != NULL ? opt : NULL;
}

/* ---- Writing shell ---- */

/* How a shell is told what may stand in a place, around the words. */
struct form {
	const char *before;
	const char *behind;
};

static void
put_kind(struct buf *out, const struct form *forms, const struct place *p)
{
	buf_printf(out, "%s%s%s", forms[p->kind].before, buf_text(&p->words),
	    forms[p->kind].behind);
}

static void
put_lines(struct buf *out, const char *const *line)
{
	for (; *line != NULL; line++)
		buf_printf(out, "%s\n", *line);
}

/*
 * Appends text to what stands in single quotes; what is in `special` gets a
 * backslash.
 */
static void
put_text(struct buf *out, const char *text, const char *special)
{
	for (; *text != '\0'; text++) {
		if (strchr(special, *text) != NULL)
			buf_putc(out, '\\');
		if (*text == '\'')
			buf_puts(out, "'\\''");
		else
			buf_putc(out, *text);
	}
}

/* Appends the words that one more must follow, each behind a blank. */
static void
put_families(struct buf *out, const struct opt_table *table)
{
	struct step s = { NULL, 0, NULL, 0 };

	while (next_step(&s, table, NULL))
		if (s.cmd == NULL)
			buf_printf(out, " %.*s", (int)s.len, s.word);
}

/* Appends what a word of a command is for. */
static void
put_summary(struct buf *out, const struct opt_table *table,
    const struct step *s)
{
	struct buf words = BUF_EMPTY;

	if (s->cmd == NULL)
		add_steps(&words, table, s);
	put_text(out, s->cmd != NULL ? s->cmd->summary : buf_text(&words), "");
	buf_free(&words);
}

/* ---- bash ---- */

/* clang-format off */
static const char *const bash_head[] = {
	"# bash completion for queuectl, made by 'queuectl completion bash'.",
	"",
	"# Sets `kind` to what may stand in a place: behind COMMAND if it is",
	"# no whole name yet, as its option (COMMAND -), as the value of one",
	"# (COMMAND --OPTION; empty: it takes none), or as an argument",
	"# (COMMAND NUMBER).",
	"_queuectl_kind() {",
	"\tkind=",
	"\tcase $1 in",
	NULL
};

static const char *const bash_tail[] = {
	"\tesac",
	"}",
	"",
	"# Sets `word` to what the shell makes of $1, but expands nothing.",
	"_queuectl_unquote() {",
	"\tlocal rest=$1 quote='' c",
	"\tword=",
	"\twhile [[ -n $rest ]]; do",
	"\t\tc=${rest:0:1} rest=${rest:1}",
	"\t\tcase $quote$c in",
	"\t\t\\\\ | \\\"\\\\) word+=${rest:0:1} rest=${rest:1} ;;",
	"\t\t\\' | \\\") quote=$c ;;",
	"\t\t\\'\\' | \\\"\\\") quote= ;;",
	"\t\t*) word+=$c ;;",
	"\t\tesac",
	"\tdone",
	"}",
	"",
	"# Takes an option; one that a value must follow is left in `option`.",
	"_queuectl_option() {",
	"\tcase $word in",
	"\t--) [[ -z $command ]] || ended=yes ;;",
	"\t--spool=*) spool=${word#*=} ;;",
	"\t-s?*) spool=${word#-s} ;;",
	"\t*)",
	"\t\t_queuectl_kind \"$command $word\"",
	"\t\toption=${kind:+$word} ;;",
	"\tesac",
	"}",
	"",
	"_queuectl_argument() {",
	"\t_queuectl_kind \"$command\"",
	"\tif [[ -n $kind ]]; then",
	"\t\tcommand=${command:+$command }$word",
	"\telse",
	"\t\t((number++))",
	"\tfi",
	"}",
	"",
	"_queuectl_offer() {",
	"\t[[ $1 != \"$cur\"* ]] || COMPREPLY+=(\"$prefix$1\")",
	"}",
	"",
	"# Offers the jobs in the states that are named, or all.",
	"_queuectl_jobs() {",
	"\tlocal id",
	"\twhile IFS= read -r id; do",
	"\t\tcase $id in",
	"\t\t'' | *[!A-Za-z0-9._~-]*) ;;",
	"\t\t*) _queuectl_offer \"$id\" ;;",
	"\t\tesac",
	"\tdone <<<\"$(command queuectl ${spool:+-s \"$spool\"} list -q \\",
	"\t\t\"${@/#/--state=}\" 2>/dev/null)\"",
	"}",
	"",
	"_queuectl_reply() {",
	"\tlocal reply",
	"\tcase $1 in",
	"\twords)",
	"\t\tfor reply in \"${@:2}\"; do",
	"\t\t\t_queuectl_offer \"$reply\"",
	"\t\tdone ;;",
	"\tjobs) _queuectl_jobs \"${@:2}\" ;;",
	"\tfiles | dirs)",
	"\t\tcompopt -o filenames 2>/dev/null",
	"\t\twhile IFS= read -r reply; do",
	"\t\t\t[[ -z $reply ]] || COMPREPLY+=(\"$prefix$reply\")",
	"\t\tdone <<<\"$(compgen \"-${1:0:1}\" -- \"$cur\")\" ;;",
	"\tesac",
	"}",
	"",
	"_queuectl() {",
	"\tlocal IFS=$' \\t\\n' words=() command='' kind='' spool='' prefix=''",
	"\tlocal cur word option='' ended='' number=1 i n",
	"\tCOMPREPLY=()",
	"\t# Readline breaks words at '=': they are put together again.",
	"\tfor ((i = 1; i <= COMP_CWORD; i++)); do",
	"\t\tword=${COMP_WORDS[i]} n=${#words[@]}",
	"\t\tif ((n > 0)) && [[ $word == '=' || ${words[n - 1]} == *= ]]; then",
	"\t\t\twords[n - 1]+=$word",
	"\t\telse",
	"\t\t\twords+=(\"$word\")",
	"\t\tfi",
	"\tdone",
	"\tn=$((${#words[@]} - 1))",
	"\t((n >= 0)) || return 0",
	"\tfor ((i = 0; i < n; i++)); do",
	"\t\t_queuectl_unquote \"${words[i]}\"",
	"\t\tif [[ -n $option ]]; then",
	"\t\t\t[[ $option != -s && $option != --spool ]] || spool=$word",
	"\t\t\toption=",
	"\t\telif [[ -z $ended && $word == -?* ]]; then",
	"\t\t\t_queuectl_option",
	"\t\telse",
	"\t\t\t_queuectl_argument",
	"\t\tfi",
	"\tdone",
	"\tspool=${spool/#\\~\\//$HOME/}",
	"\t_queuectl_unquote \"${words[n]}\"",
	"\tcur=$word",
	"\tif [[ -n $option ]]; then",
	"\t\t_queuectl_kind \"$command $option\"",
	"\telif [[ -z $ended && $cur == --*=* ]]; then",
	"\t\t_queuectl_kind \"$command ${cur%%=*}\"",
	"\t\t[[ $COMP_WORDBREAKS == *=* ]] || prefix=${cur%%=*}=",
	"\t\tcur=${cur#*=}",
	"\telif [[ -z $ended && $cur == -* ]]; then",
	"\t\t_queuectl_kind \"$command -\"",
	"\telse",
	"\t\t_queuectl_kind \"$command\"",
	"\t\t[[ -n $kind ]] || _queuectl_kind \"$command $number\"",
	"\tfi",
	"\t# shellcheck disable=SC2086 # a kind and its words",
	"\t_queuectl_reply $kind",
	"\treturn 0",
	"}",
	"",
	"complete -F _queuectl queuectl",
	NULL
};
/* clang-format on */

static const struct form bash_forms[] = { { "any", "" }, { "files", "" },
	{ "dirs", "" }, { "words ", "" }, { "jobs ", "" } };

/* The rest of a line that begins with a pattern: what may stand there. */
static void
bash_line(struct buf *out, const struct place *p)
{
	buf_puts(out, ") kind='");
	put_kind(out, bash_forms, p);
	buf_puts(out, "' ;;\n");
}

/* The names of options, each with its dashes. */
static void
bash_options(struct buf *out, const struct opt *opts)
{
	const struct opt *opt;

	for (opt = next_opt(opts); opt != NULL; opt = next_opt(opt + 1)) {
		if (opt->letter != 0)
			buf_printf(out, " -%c", opt->letter);
		buf_printf(out, " --%s", opt->name);
	}
}

/* What may stand behind the options; `before` is what comes before them. */
static void
bash_values(struct buf *out, struct place *p, const char *before,
    const struct opt *opts)
{
	const struct opt *opt;

	for (opt = next_opt(opts); opt != NULL; opt = next_opt(opt + 1)) {
		if (opt->arg == NULL)
			continue;
		find_kind(p, values, opt->arg, strlen(opt->arg));
		buf_puts(out, "\t");
		if (opt->letter != 0)
			buf_printf(out, "%s -%c' | ", before, opt->letter);
		buf_printf(out, "%s --%s'", before, opt->name);
		bash_line(out, p);
	}
}

static void
bash_cmd(struct buf *out, struct place *p)
{
	const char *args = p->cmd->args;
	struct argument a = { NULL, 0, 0, 0 };
	struct buf before = BUF_EMPTY;

	buf_printf(&before, "'%s", p->cmd->name);
	buf_printf(out, "\t%s -') kind='words", buf_text(&before));
	bash_options(out, p->cmd->opts);
	bash_options(out, p->table->globals);
	buf_puts(out, "' ;;\n");
	bash_values(out, p, buf_text(&before), p->cmd->opts);
	while (next_argument(&args, &a)) {
		find_kind(p, arguments, a.word, a.len);
		if (p->kind == NOTHING)
			continue;
		buf_printf(out, "\t%s ", buf_text(&before));
		if (a.repeated)
			buf_puts(out, "'[1-9]*");
		else
			buf_printf(out, "%d'", a.number);
		bash_line(out, p);
	}
	buf_free(&before);
}

static void
bash_steps(struct buf *out, struct place *p, const struct step *first)
{
	p->kind = WORDS;
	buf_clear(&p->words);
	add_steps(&p->words, p->table, first);
	buf_puts(out, "\t'");
	if (first != NULL)
		buf_add(out, first->word, first->len);
	buf_putc(out, '\'');
	bash_line(out, p);
}

static void
write_bash(struct buf *out, struct place *p)
{
	const struct cmd *const *cmd;
	struct step s = { NULL, 0, NULL, 0 };

	put_lines(out, bash_head);
	bash_steps(out, p, NULL);
	while (next_step(&s, p->table, NULL))
		if (s.cmd == NULL)
			bash_steps(out, p, &s);
	for (cmd = p->table->cmds; *cmd != NULL; cmd++) {
		p->cmd = *cmd;
		bash_cmd(out, p);
	}
	buf_puts(out, "\t*' -') kind='words");
	bash_options(out, p->table->globals);
	buf_puts(out, "' ;;\n");
	bash_values(out, p, "*'", p->table->globals);
	put_lines(out, bash_tail);
}

/* ---- zsh ---- */

/* clang-format off */
static const char *const zsh_head[] = {
	"#compdef queuectl",
	"# zsh completion for queuectl, made by 'queuectl completion zsh'.",
	"",
	"_queuectl_globals() {",
	"\tglobals=(",
	NULL
};

static const char *const zsh_middle[] = {
	"\t)",
	"}",
	"",
	"# What follows a command: more of its name, or options and arguments.",
	"_queuectl_table() {",
	"\t_queuectl_next=() specs=()",
	"\tcase $1 in",
	NULL
};

static const char *const zsh_tail[] = {
	"\tesac",
	"}",
	"",
	"# _arguments and _describe have variables of their own; what must",
	"# be seen through them has a name like no other.",
	"_queuectl_commands() {",
	"\t_describe -t commands command _queuectl_next",
	"}",
	"",
	"# The jobs in the states that are named, or all.",
	"_queuectl_jobs() {",
	"\tlocal expl",
	"\tlocal -a ids",
	"\tids=(${(f)\"$(command queuectl $_queuectl_spool list -q \\",
	"\t\t--state=${^@} 2>/dev/null)\"})",
	"\t_wanted jobs expl job compadd -a ids",
	"}",
	"",
	"_queuectl() {",
	"\tlocal name= word",
	"\tlocal -a _queuectl_next _queuectl_spool specs globals",
	"\tlocal -i i last=1",
	"\ttypeset -A opt_args",
	"\t_queuectl_globals",
	"\t_queuectl_table ''",
	"\tfor ((i = 2; i < CURRENT; i++)); do",
	"\t\tword=${(Q)words[i]}",
	"\t\tcase $word in",
	"\t\t(-s|--spool) _queuectl_spool=(-s ${(Q)words[++i]}) ;;",
	"\t\t(--spool=*) _queuectl_spool=(-s ${word#*=}) ;;",
	"\t\t(-s?*) _queuectl_spool=(-s ${word#-s}) ;;",
	"\t\t(-*) ;;",
	"\t\t(*)",
	"\t\t\t((${#_queuectl_next} > 0)) || continue",
	"\t\t\tname+=${name:+ }$word last=i",
	"\t\t\t_queuectl_table $name ;;",
	"\t\tesac",
	"\tdone",
	"\t_queuectl_spool=(${_queuectl_spool/#\\~\\//$HOME/})",
	"\tif ((${#_queuectl_next} > 0)); then",
	"\t\t_arguments -s -S $globals '*:command:_queuectl_commands'",
	"\telse",
	"\t\tshift $((last - 1)) words",
	"\t\t((CURRENT -= last - 1))",
	"\t\t_arguments -s -S $globals $specs",
	"\tfi",
	"}",
	"",
	"if [[ ${funcstack[1]} == _queuectl ]]; then",
	"\t_queuectl \"$@\"",
	"else",
	"\tcompdef _queuectl queuectl",
	"fi",
	NULL
};
/* clang-format on */

static const struct form zsh_forms[] = { { " ", "" }, { "_files", "" },
	{ "_files -/", "" }, { "(", ")" }, { " _queuectl_jobs ", "" } };

/* How a word for _arguments ends: what is wanted, and where it comes from. */
static void
zsh_action(struct buf *out, const struct place *p, const char *word, size_t len)
{
	buf_putc(out, ':');
	for (; len > 0; word++, len--)
		buf_printf(out, *word == ':' ? "\\%c" : "%c", *word);
	buf_putc(out, ':');
	put_kind(out, zsh_forms, p);
	buf_puts(out, "'\n");
}

static void
zsh_options(struct buf *out, struct place *p, const struct opt *opts)
{
	const struct opt *opt;

	for (opt = next_opt(opts); opt != NULL; opt = next_opt(opt + 1)) {
		/* The star: it may be given again, and be completed again. */
		buf_puts(out, opt->arg != NULL ? "\t\t'*" : "\t\t'");
		if (opt->arg == NULL && opt->letter != 0)
			buf_printf(out, "(-%c --%s)", opt->letter, opt->name);
		if (opt->letter != 0)
			buf_printf(out, "'{-%c%s,--%s%s}'", opt->letter,
			    opt->arg != NULL ? "+" : "", opt->name,
			    opt->arg != NULL ? "=" : "");
		else
			buf_printf(out, "--%s%s", opt->name,
			    opt->arg != NULL ? "=" : "");
		buf_putc(out, '[');
		put_text(out, opt->help, "[]\\");
		buf_putc(out, ']');
		if (opt->arg == NULL) {
			buf_puts(out, "'\n");
			continue;
		}
		find_kind(p, values, opt->arg, strlen(opt->arg));
		zsh_action(out, p, opt->arg, strlen(opt->arg));
	}
}

static void
zsh_cmd(struct buf *out, struct place *p)
{
	const char *args = p->cmd->args;
	struct argument a = { NULL, 0, 0, 0 };

	buf_printf(out, "\t('%s') specs=(\n", p->cmd->name);
	zsh_options(out, p, p->cmd->opts);
	while (next_argument(&args, &a)) {
		find_kind(p, arguments, a.word, a.len);
		if (p->kind == NOTHING)
			continue;
		if (a.repeated)
			buf_puts(out, "\t\t'*");
		else
			buf_printf(out, "\t\t'%d", a.number);
		zsh_action(out, p, a.word, a.len);
	}
	buf_puts(out, "\t) ;;\n");
}

static void
zsh_steps(struct buf *out, const struct opt_table *table,
    const struct step *first)
{
	struct step s = { NULL, 0, NULL, 0 };

	buf_puts(out, "\t('");
	if (first != NULL)
		buf_add(out, first->word, first->len);
	buf_puts(out, "') _queuectl_next=(\n");
	while (next_step(&s, table, first)) {
		buf_puts(out, "\t\t'");
		buf_add(out, s.word, s.len);
		buf_putc(out, ':');
		put_summary(out, table, &s);
		buf_puts(out, "'\n");
	}
	buf_puts(out, "\t) ;;\n");
}

static void
write_zsh(struct buf *out, struct place *p)
{
	const struct cmd *const *cmd;
	struct step s = { NULL, 0, NULL, 0 };

	put_lines(out, zsh_head);
	zsh_options(out, p, p->table->globals);
	put_lines(out, zsh_middle);
	zsh_steps(out, p->table, NULL);
	while (next_step(&s, p->table, NULL))
		if (s.cmd == NULL)
			zsh_steps(out, p->table, &s);
	for (cmd = p->table->cmds; *cmd != NULL; cmd++) {
		p->cmd = *cmd;
		zsh_cmd(out, p);
	}
	put_lines(out, zsh_tail);
}

/* ---- fish ---- */

/* clang-format off */
static const char *const fish_head[] = {
	"# fish completion for queuectl, made by 'queuectl completion fish'.",
	"",
	"# Prints -s and the spool, if the command line has it.",
	"function __queuectl_spool",
	"\tset -l words (commandline -opc)",
	"\tset -l spool",
	"\twhile set -q words[2]",
	"\t\tset -e words[1]",
	"\t\tswitch $words[1]",
	"\t\t\tcase -s --spool",
	"\t\t\t\tset spool $words[2]",
	"\t\t\tcase '--spool=*' '-s?*'",
	"\t\t\t\tset spool (string replace -r '^(-s|--spool=)' '' \\",
	"\t\t\t\t\t-- $words[1])",
	"\t\tend",
	"\tend",
	"\tif test -n \"$spool\"",
	"\t\tprintf '%s\\n' -s (string replace -r '^~/' \"$HOME/\" -- $spool)",
	"\tend",
	"end",
	"",
	"# The jobs in the states that are named, or all.",
	"function __queuectl_jobs",
	"\tcommand queuectl (__queuectl_spool) list -q \\",
	"\t\t--state=$argv 2>/dev/null",
	"end",
	"",
	"# True for a command and an option of it that takes a value.",
	"function __queuectl_takes",
	"\tswitch \"$argv\"",
	NULL
};

static const char *const fish_middle[] = {
	"\t\t\treturn 0",
	"\tend",
	"\treturn 1",
	"end",
	"",
	"# True for the first word of a name.",
	"function __queuectl_is_first",
	NULL
};

static const char *const fish_tail[] = {
	"end",
	"",
	"# Prints the name of the command so far, and if that is whole the",
	"# number of the argument that comes next.",
	"function __queuectl_place",
	"\tset -l words (commandline -opc)",
	"\tset -l name ''",
	"\tset -l number ''",
	"\tset -l ended 0",
	"\twhile set -q words[2]",
	"\t\tset -e words[1]",
	"\t\tset -l word $words[1]",
	"\t\tif test $ended = 0; and test \"$word\" = --",
	"\t\t\ttest -n \"$name\"; and set ended 1",
	"\t\telse if test $ended = 0; and string match -q -- '-?*' $word",
	"\t\t\tif __queuectl_takes \"$name $word\"; and set -q words[2]",
	"\t\t\t\tset -e words[1]",
	"\t\t\tend",
	"\t\telse if test -n \"$number\"",
	"\t\t\tset number (math $number + 1)",
	"\t\telse",
	"\t\t\tset name (string trim -- \"$name $word\")",
	"\t\t\t__queuectl_is_first $name; or set number 1",
	"\t\tend",
	"\tend",
	"\tstring trim -- \"$name $number\"",
	"end",
	"",
	"function __queuectl_at",
	"\tstring match -q -- $argv[1] (__queuectl_place)",
	"end",
	"",
	"complete -c queuectl -f",
	NULL
};
/* clang-format on */

static const struct form fish_forms[] = { { " -x", "" }, { " -r -F", "" },
	{ " -x -a '(__fish_complete_directories)'", "" }, { " -x -a '", "'" },
	{ " -x -a '(__queuectl_jobs ", ")'" } };

/* The options that take a value, as patterns. */
static void
fish_takes(struct buf *out, const char *name, const struct opt *opts)
{
	const struct opt *opt;

	for (opt = next_opt(opts); opt != NULL; opt = next_opt(opt + 1)) {
		if (opt->arg == NULL)
			continue;
		if (opt->letter != 0)
			buf_printf(out, " '%s -%c'", name, opt->letter);
		buf_printf(out, " '%s --%s'", name, opt->name);
	}
}

/* Begins an entry for the places that are like `place` and `behind`. */
static void
fish_entry(struct buf *out, const char *place, const char *behind)
{
	buf_printf(out, "complete -c queuectl -n '__queuectl_at \"%s%s\"'",
	    place, behind);
}

static void
fish_options(struct buf *out, struct place *p, const struct opt *opts)
{
	const struct opt *opt;

	for (opt = next_opt(opts); opt != NULL; opt = next_opt(opt + 1)) {
		if (p->cmd != NULL)
			fish_entry(out, p->cmd->name, " *");
		else
			buf_puts(out, "complete -c queuectl");
		if (opt->letter != 0)
			buf_printf(out, " -s %c", opt->letter);
		buf_printf(out, " -l %s", opt->name);
		if (opt->arg != NULL) {
			find_kind(p, values, opt->arg, strlen(opt->arg));
			put_kind(out, fish_forms, p);
		}
		buf_puts(out, " -d '");
		put_text(out, opt->help, "\\");
		buf_puts(out, "'\n");
	}
}

static void
fish_cmd(struct buf *out, struct place *p)
{
	const char *args = p->cmd->args;
	struct argument a = { NULL, 0, 0, 0 };
	char number[16];

	fish_options(out, p, p->cmd->opts);
	while (next_argument(&args, &a)) {
		find_kind(p, arguments, a.word, a.len);
		if (p->kind == NOTHING)
			continue;
		snprintf(number, sizeof number, a.repeated ? " *" : " %d",
		    a.number);
		fish_entry(out, p->cmd->name, number);
		put_kind(out, fish_forms, p);
		buf_putc(out, '\n');
	}
}

static void
fish_steps(struct buf *out, const struct opt_table *table,
    const struct step *first)
{
	struct step s = { NULL, 0, NULL, 0 };
	struct buf place = BUF_EMPTY;

	if (first != NULL)
		buf_add(&place, first->word, first->len);
	while (next_step(&s, table, first)) {
		fish_entry(out, buf_text(&place), "");
		buf_puts(out, " -a '");
		buf_add(out, s.word, s.len);
		buf_puts(out, "' -d '");
		put_summary(out, table, &s);
		buf_puts(out, "'\n");
	}
	buf_free(&place);
}

static void
write_fish(struct buf *out, struct place *p)
{
	const struct cmd *const *cmd;
	struct step s = { NULL, 0, NULL, 0 };

	put_lines(out, fish_head);
	buf_puts(out, "\t\tcase");
	fish_takes(out, "*", p->table->globals);
	for (cmd = p->table->cmds; *cmd != NULL; cmd++)
		fish_takes(out, (*cmd)->name, (*cmd)->opts);
	buf_putc(out, '\n');
	put_lines(out, fish_middle);
	buf_puts(out, "\tcontains -- $argv");
	put_families(out, p->table);
	buf_putc(out, '\n');
	put_lines(out, fish_tail);
	fish_options(out, p, p->table->globals);
	fish_steps(out, p->table, NULL);
	while (next_step(&s, p->table, NULL))
		if (s.cmd == NULL)
			fish_steps(out, p->table, &s);
	for (cmd = p->table->cmds; *cmd != NULL; cmd++) {
		p->cmd = *cmd;
		fish_cmd(out, p);
	}
}

/* ---- completion ---- */

static const struct {
	const char *name;
	void (*write)(struct buf *out, struct place *p);
} shells[] = {
	{ "bash", write_bash },
	{ "zsh", write_zsh },
	{ "fish", write_fish },
};

static int
run_completion(const struct opt_args *args)
{
	struct place p = { NULL, NULL, NOTHING, BUF_EMPTY };
	struct buf out = BUF_EMPTY;
	size_t i;

	for (i = 0; i < sizeof shells / sizeof shells[0]; i++)
		if (strcmp(shells[i].name, args->argv[0]) == 0)
			break;
	if (i == sizeof shells / sizeof shells[0]) {
		cmd_warn(args->argv[0], "must be bash, zsh or fish");
		return MSG_USAGE;
	}
	p.table = args->table;
	shells[i].write(&out, &p);
	cmd_print(&out);
	buf_free(&out);
	buf_free(&p.words);
	return MSG_OK;
}

const struct cmd cmd_completion = { "completion", NULL, "bash|zsh|fish",
	"print a script with which the shell completes", NULL, 1, 1,
	run_completion };
