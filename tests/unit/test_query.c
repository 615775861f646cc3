/* The language on rows of a schema of its own: what is accepted, where faults are, and what is true. */
#include "fleet/query.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <string.h>

#define UNKNOWN (-1.0)

struct row {
	const char *host, *name, *tenant, *state, *tags, *uuid;
	double cpu, mem, net, age, ratio, latency, vcpus, autostart;
};

static const char *const states[] = { "unknown", "running", "off", "no name", "KEY CHANGED", NULL };
static const char *const labels[] = { "rack", "cpu", NULL };

#define TEXT(member)   (const void *)offsetof(struct row, member)
#define NUMBER(member) (const void *)offsetof(struct row, member)

static const struct query_field fields[] = {
	{ "name", "vm", "", QUERY_WORDS, 0, NULL, QUERY_SEARCHED, TEXT(name) },
	{ "host", NULL, "", QUERY_WORDS, 0, NULL, QUERY_SEARCHED | QUERY_OF_HOST, TEXT(host) },
	{ "tenant", NULL, "", QUERY_WORDS, 0, NULL, QUERY_SEARCHED, TEXT(tenant) },
	{ "state", NULL, "", QUERY_WORDS, 0, states, QUERY_SEARCHED, TEXT(state) },
	{ "tags", "tag", "", QUERY_LIST, 0, NULL, QUERY_SEARCHED | QUERY_OF_HOST, TEXT(tags) },
	{ "uuid", NULL, "", QUERY_WORDS, 0, NULL, QUERY_SEARCHED | QUERY_HEX, TEXT(uuid) },
	{ "cpu", NULL, "", QUERY_NUMBER, UNIT_PCT, NULL, 0, NUMBER(cpu) },
	{ "mem", NULL, "", QUERY_NUMBER, UNIT_BYTES, NULL, 0, NUMBER(mem) },
	{ "mem-used", NULL, "", QUERY_NUMBER, UNIT_BYTES, NULL, 0, NUMBER(mem) },
	{ "net", NULL, "", QUERY_NUMBER, UNIT_BYTES_S, NULL, 0, NUMBER(net) },
	{ "age", NULL, "", QUERY_NUMBER, UNIT_SECONDS, NULL, 0, NUMBER(age) },
	{ "ratio", NULL, "", QUERY_NUMBER, UNIT_RATIO, NULL, 0, NUMBER(ratio) },
	{ "latency", NULL, "", QUERY_NUMBER, UNIT_MS, NULL, 0, NUMBER(latency) },
	{ "vcpus", NULL, "", QUERY_NUMBER, UNIT_COUNT, NULL, 0, NUMBER(vcpus) },
	{ "autostart", NULL, "", QUERY_FLAG, 0, NULL, 0, NUMBER(autostart) },
};

static const struct row web = { .host = "kvm017",
	.name = "Web-Éclair-01",
	.tenant = "Acme or Bolt",
	.state = "running",
	.tags = "prod,ssd",
	.uuid = "12345678-0000-4000-8000-00000000beef",
	.cpu = 80.4,
	.mem = 4.0 * 1024 * 1024 * 1024,
	.net = 150e6,
	.age = 90,
	.ratio = 2.34,
	.latency = 1500,
	.vcpus = 4,
	.autostart = 1 };

static const struct row blank = { .host = "xen1",
	.name = "db-7",
	.state = "unknown",
	.cpu = UNKNOWN,
	.mem = UNKNOWN,
	.net = UNKNOWN,
	.age = UNKNOWN,
	.ratio = UNKNOWN,
	.latency = UNKNOWN,
	.vcpus = UNKNOWN,
	.autostart = UNKNOWN };

/* CTX counts how often it is called. */
static void
get(const struct query_field *field, const void *ctx, const void *row, struct value *out)
{
	const char *place = (const char *)row + (size_t)field->data;
	unsigned *calls = (unsigned *)(uintptr_t)ctx;

	if (calls)
		++*calls;
	if (field->type == QUERY_WORDS || field->type == QUERY_LIST) {
		value_text(out, *(const char *const *)(const void *)place);
		return;
	}
	double number = *(const double *)(const void *)place;

	if (number < 0)
		return;
	if (field->type == QUERY_FLAG)
		value_flag(out, number != 0);
	else
		value_number(out, number);
}

static const char *
label(const struct query_schema *schema G_GNUC_UNUSED, const void *row, const char *name)
{
	return row == &web ? (strcmp(name, "rack") == 0 ? "b7" : "epyc") : NULL;
}

static const void *
host(const struct query_schema *schema G_GNUC_UNUSED, const void *row)
{
	return ((const struct row *)row)->host;
}

static const struct query_schema schema = { .plural = "VMs",
	.fields = fields,
	.nfields = G_N_ELEMENTS(fields),
	.labels = labels,
	.get = get,
	.label = label,
	.host = host };

static struct query *
make(const char *text, enum query_mode mode)
{
	g_autoptr(GError) error = NULL;
	struct query *query = query_new(&schema, text, mode, NULL, &error);

	cr_assert(query, "%s: %s", text, error ? error->message : "no error");
	cr_expect(g_str_has_prefix(query_text(query), text));
	return query;
}

static bool
matches(const char *text, const struct row *row)
{
	struct query *query = make(text, QUERY_WHOLE);
	bool yes = query_match(query, NULL, row);

	cr_expect_eq(query_match(query, NULL, row), yes, "%s: the memo differs", text);
	query_free(query);
	return yes;
}

/* ---- what is true ---- */

struct example {
	char text[64];
	bool web, blank;
};

ParameterizedTestParameters(query, truth)
{
	static struct example examples[] = {
		{ "", true, true },
		{ " \t ", true, true },
		/* words */
		{ "web", true, false },
		{ "WEB-", true, false },
		{ "éclair", true, false },
		{ "ÉCLAIR", true, false },
		{ "!web", false, true },
		{ "!!web", true, false },
		{ "! web", false, true },
		{ "web acme", true, false },
		{ "web kvm018", false, false },
		{ "0000beef", true, false },
		{ "beef", false, false },
		{ "\"acme or\"", true, false },
		{ "'acme or'", true, false },
		{ "\"or\"", true, false },
		{ "\"a\\\"b\"", false, false },
		{ "o'brien", false, false },
		/* or, and, parentheses */
		{ "web or db", true, true },
		{ "nobody or db", false, true },
		{ "web and acme", true, false },
		{ "web nobody or db", false, true },
		{ "we*clair", true, false },
		{ "kvm0?7", true, false },
		{ "\"we*clair\"", false, false },
		{ "web (nobody or acme)", true, false },
		{ "!(web or db)", false, false },
		{ "!(web acme)", false, true },
		{ "(web)(acme)", true, false },
		{ "((web))", true, false },
		{ "WEB OR DB", true, true },
		{ "web AND acme", true, false },
		/* texts */
		{ "host=kvm017", true, false },
		{ "host=KVM017", true, false },
		{ "host=kvm01", false, false },
		{ "host=kvm0*", true, false },
		{ "host=*1*", true, true },
		{ "host=kvm?17", true, false },
		{ "host=\"kvm0*\"", false, false },
		{ "host!=kvm0*", false, true },
		{ "name=web-?clair-01", true, false },
		{ "name=*É*", true, false },
		{ "host = kvm017", true, false },
		{ "vm=db-7", false, true },
		{ "tenant=\"acme or bolt\"", true, false },
		{ "HOST=xen1", false, true },
		{ "name~^db-\\d+$", false, true },
		{ "name~(web|db)", false, true },
		{ "name~(?i)(web|db)", true, true },
		{ "(name~(?i)^(web|db))", true, true },
		{ "name!~^db", true, false },
		{ "name~\"^db-\\d\"", false, true },
		{ "name~É", true, false },
		/* a missing text is no text */
		{ "tenant=acme*", true, false },
		{ "tenant!=acme*", false, true },
		{ "!tenant=acme*", false, true },
		{ "tenant~A", true, false },
		{ "tenant!~A", false, true },
		{ "tenant=-", false, true },
		{ "tenant!=-", true, false },
		{ "!tenant=-", true, false },
		/* lists: any of it */
		{ "tag=prod", true, false },
		{ "tags=ssd", true, false },
		{ "tag=pro", false, false },
		{ "tag!=prod", false, true },
		{ "tag=p*", true, false },
		{ "tag~^ss", true, false },
		{ "tag=prod tag=ssd", true, false },
		{ "tag=-", false, true },
		/* labels */
		{ "label.rack=b7", true, false },
		{ "rack=b7", true, false },
		{ "rack=B?", true, false },
		{ "rack!=b7", false, true },
		{ "label.cpu=epyc", true, false },
		{ "rack=-", false, true },
		{ "rack!=-", true, false },
		/* words that are all known */
		{ "state=running", true, false },
		{ "state=RUNNING", true, false },
		{ "state=run*", true, false },
		{ "state!=off", true, false },
		{ "!state=off", true, false },
		{ "state!=running", false, false },
		{ "state=unknown", false, true },
		{ "state!=unknown", true, false },
		{ "state=-", false, true },
		{ "state=no-name", false, false },
		{ "state=\"key changed\"", false, false },
		{ "state=key_changed", false, false },
		/* numbers */
		{ "cpu>80", true, false },
		{ "cpu>80.4", false, false },
		{ "cpu>=80.4%", true, false },
		{ "cpu<81", true, false },
		{ "cpu<=80", false, false },
		{ "cpu=80", true, false },
		{ "cpu=80.4", true, false },
		{ "cpu=80.6", false, false },
		{ "cpu!=80", false, false },
		{ "cpu!=79", true, false },
		{ "mem>=4G", true, false },
		{ "mem=4GiB", true, false },
		{ "mem=4gb", true, false },
		{ "mem<4097M", true, false },
		{ "mem=4", false, false },
		{ "mem>4G", false, false },
		{ "mem-used=4096m", true, false },
		{ "net>100M/s", true, false },
		{ "net>100M", true, false },
		{ "net>1G", false, false },
		{ "age>30s", true, false },
		{ "age>1m", true, false },
		{ "age=1m30s", true, false },
		{ "age<1h30m", true, false },
		{ "age>2", true, false },
		{ "ratio>2.3:1", true, false },
		{ "ratio=2.3", true, false },
		{ "ratio>=2.4", false, false },
		{ "latency>1s", true, false },
		{ "latency>20", true, false },
		{ "latency=1500ms", true, false },
		{ "vcpus=4", true, false },
		{ "vcpus<1k", true, false },
		{ "cpu > 80 mem >= 4G", true, false },
		/* what is not known is neither */
		{ "!cpu>80", false, false },
		{ "!cpu>90", true, false },
		{ "!(cpu>80 or mem>1G)", false, false },
		{ "cpu=-", false, true },
		{ "cpu!=-", true, false },
		{ "cpu>80 or db", true, true },
		{ "!(cpu>80 web)", false, true },
		/* yes or no */
		{ "autostart=yes", true, false },
		{ "autostart=no", false, false },
		{ "autostart!=yes", false, false },
		{ "autostart=ON", true, false },
		{ "autostart=-", false, true },
	};

	return cr_make_param_array(struct example, examples, G_N_ELEMENTS(examples));
}

ParameterizedTest(struct example *example, query, truth)
{
	cr_expect_eq(matches(example->text, &web), example->web, "'%s' of web", example->text);
	cr_expect_eq(matches(example->text, &blank), example->blank, "'%s' of blank", example->text);
}

/* ---- what is wrong ---- */

struct wrong {
	char text[64];
	size_t at, length;
	bool incomplete;
	char words[64]; /* part of the message */
};

ParameterizedTestParameters(query, faults)
{
	static struct wrong wrong[] = {
		{ "web !", 5, 0, true, "nothing follows the '!'" },
		{ "(! )", 1, 1, false, "nothing follows the '!'" },
		{ "web cpu>", 8, 0, true, "80%" },
		{ "cpu!", 4, 0, true, "operator" },
		{ "web (db", 7, 0, true, "not closed" },
		{ "web)", 3, 1, false, "no parenthesis is open" },
		{ "web ( ) db", 4, 3, false, "nothing stands between" },
		{ "web or", 6, 0, true, "nothing follows 'or'" },
		{ "or web", 0, 2, false, "'or'" },
		{ "web or or db", 4, 2, false, "'or'" },
		{ "and web", 0, 3, false, "'and'" },
		{ "web and", 7, 0, true, "nothing follows 'and'" },
		{ "web and or db", 4, 3, false, "'and'" },
		{ "web cqu>80", 4, 3, false, "did you mean 'cpu'?" },
		{ "xyzzy=1", 0, 5, false, "allowed are: name, host" },
		{ "label.rock=b7", 0, 10, false, "did you mean 'rack'?" },
		{ ">80", 0, 1, false, "no field stands before '>'" },
		{ "name>m", 4, 1, false, "allowed are: = != ~ !~" },
		{ "cpu~8", 3, 1, false, "allowed are: = != < <= > >=" },
		{ "autostart>1", 9, 1, false, "allowed are: = !=" },
		{ "cpu>4G web", 4, 2, false, "80%" },
		{ "cpu>eighty", 4, 6, false, "'eighty'" },
		{ "mem>0x10", 4, 4, false, "4G" },
		{ "mem>-4G", 4, 3, false, "4G" },
		{ "mem>1e300", 4, 5, false, "4G" },
		{ "cpu>-", 4, 1, false, "number" },
		{ "net>100M/", 4, 5, true, "100M/s" },
		{ "state=runing web", 6, 6, false, "did you mean 'running'?" },
		{ "state=runn", 6, 4, true, "did you mean 'running'?" },
		{ "state=x* web", 6, 2, false, "allowed are: unknown, running" },
		{ "autostart=maybe", 10, 5, false, "yes, no" },
		{ "autostart=y", 10, 1, true, "yes, no" },
		{ "name=\"web", 5, 4, true, "quote" },
		{ "name=\"\" web", 5, 2, false, "no value" },
		{ "\"web", 4, 0, true, "quote" },
		{ "\"\" web", 0, 2, false, "between the quotes" },
		{ "name~a**b web", 7, 1, false, "regular expression" },
		{ "name~[", 5, 1, true, "regular expression" },
	};

	return cr_make_param_array(struct wrong, wrong, G_N_ELEMENTS(wrong));
}

ParameterizedTest(struct wrong *wrong, query, faults)
{
	g_autoptr(GError) error = NULL;
	struct query_fault fault = { 0 };
	struct query *typing;

	cr_assert_null(query_new(&schema, wrong->text, QUERY_WHOLE, &fault, &error), "%s", wrong->text);
	cr_assert_not_null(error, "%s", wrong->text);
	cr_expect_eq(fault.at, wrong->at, "'%s': at %zu: %s", wrong->text, fault.at, error->message);
	cr_expect_eq(fault.length, wrong->length, "'%s': %zu bytes", wrong->text, fault.length);
	cr_expect_eq(fault.incomplete, wrong->incomplete, "'%s'", wrong->text);
	cr_expect(strstr(error->message, wrong->words), "'%s': %s", wrong->text, error->message);
	typing = query_new(&schema, wrong->text, QUERY_TYPING, NULL, NULL);
	cr_expect_eq(typing != NULL, wrong->incomplete, "'%s' while it is typed", wrong->text);
	query_free(typing);
}

Test(query, says_when_it_is_partial)
{
	static const struct {
		const char *text, *shown;
	} cases[] = { { "web", "web" }, { "cpu>80", "cpu>80" }, { "cpu>", "cpu>…" }, { "host=k", "host=k…" },
		{ "host=k ", "host=k " } };

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct query *query = make(cases[i].text, QUERY_TYPING);

		cr_expect_str_eq(query_text(query), cases[i].shown);
		query_free(query);
	}
}

Test(query, half_a_field_may_be_left_out)
{
	static const struct {
		const char *text, *shown;
		bool web, blank;
	} cases[] = { { "cp", "…", true, true }, { "web cp", "web …", true, false },
		{ "(web or !cpu", "(web or !…", true, false }, { "web label.r", "web …", true, false },
		{ "cp ", "cp ", false, false }, { "\"cp\"", "\"cp\"", false, false },
		{ "xyz", "xyz", false, false }, { "cp web", "cp web", false, false } };

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct query *query = query_new(&schema, cases[i].text, QUERY_TYPING_FIELD, NULL, NULL);

		cr_assert_not_null(query);
		cr_expect_str_eq(query_text(query), cases[i].shown);
		cr_expect_eq(query_match(query, NULL, &web), cases[i].web, "%s", cases[i].text);
		cr_expect_eq(query_match(query, NULL, &blank), cases[i].blank, "%s", cases[i].text);
		query_free(query);
	}
}

Test(query, what_is_incomplete_is_left_out_while_typing)
{
	static const struct {
		const char *text;
		bool web, blank;
	} cases[] = {
		{ "cpu>", true, true },
		{ "web cpu>", true, false },
		{ "db or cpu>", false, true },
		{ "(web or db", true, true },
		{ "(db or (web state=runn", true, true },
		{ "web !", true, false },
		{ "!state=", true, true },
		{ "db or", false, true },
		{ "host=kvm0", true, false },
		{ "tag=pr", true, false },
		{ "state=run", true, false },
		{ "host=\"kvm0", true, true },
		{ "host!=kvm0", true, true },
		{ "host=kvm0 ", false, false },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct query *query = make(cases[i].text, QUERY_TYPING);

		cr_expect_eq(query_match(query, NULL, &web), cases[i].web, "%s", cases[i].text);
		cr_expect_eq(query_match(query, NULL, &blank), cases[i].blank, "%s", cases[i].text);
		query_free(query);
	}
}

/* ---- limits ---- */

static char *
repeat(const char *text, size_t n)
{
	GString *out = g_string_new(NULL);

	for (size_t i = 0; i < n; i++)
		g_string_append(out, text);
	return g_string_free(out, FALSE);
}

Test(query, has_limits)
{
	static const struct {
		const char *text;
		size_t most;
		const char *end, *words;
	} cases[] = {
		{ "w ", QUERY_TERMS_MAX, "", "words" },
		{ "(", QUERY_DEPTH_MAX - 1, "w", "within each other" },
		{ "!", QUERY_DEPTH_MAX - 1, "w", "within each other" },
		{ "w", QUERY_TEXT_MAX, "", "characters" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *most = repeat(cases[i].text, cases[i].most);
		g_autofree char *good = g_strconcat(most, cases[i].end, NULL);
		g_autofree char *bad = g_strconcat(most, cases[i].text, cases[i].end, NULL);
		g_autoptr(GError) error = NULL;

		query_free(make(good, QUERY_TYPING));
		cr_expect_null(query_new(&schema, bad, QUERY_TYPING, NULL, &error), "%s", cases[i].words);
		cr_assert_not_null(error);
		cr_expect(strstr(error->message, cases[i].words), "%s", error->message);
	}
}

Test(query, regular_expressions_have_limits)
{
	g_autofree char *longest = repeat("a", QUERY_REGEX_MAX);
	g_autofree char *good = g_strconcat("name~", longest, NULL), *bad = g_strconcat(good, "a", NULL);
	g_autofree char *many = repeat("a", 200);
	g_autoptr(GError) error = NULL;
	struct row row = web;
	struct query *query;

	query_free(make(good, QUERY_WHOLE));
	cr_expect_null(query_new(&schema, bad, QUERY_WHOLE, NULL, &error));
	cr_assert_not_null(error);
	/* would take longer than the universe lasts; LIMIT_MATCH of the operator's own does not lift ours */
	row.name = many;
	cr_expect_not(matches("name~^(a+)+$b", &row));
	query = make("name~(*LIMIT_MATCH=4000000000)^(a+)+b", QUERY_WHOLE);
	cr_expect_not(query_match(query, NULL, &row));
	query_free(query);
}

Test(query, takes_hostile_texts)
{
	struct row row = web;

	row.name = "web\xff\xfe\x80";
	cr_expect(matches("name~^web", &row));
	cr_expect(matches("web", &row));
	cr_expect_not(matches("é", &row));
	cr_expect(matches("name=web*", &row));
	row.tags = ",,";
	cr_expect_not(matches("tag=prod", &row));
}

/* ---- how it asks ---- */

Test(query, asks_once_per_host_and_the_cheap_first)
{
	struct query *query = make("name~x tag=nothing", QUERY_WHOLE);
	unsigned calls = 0;

	for (int i = 0; i < 10; i++)
		cr_expect_not(query_match(query, &calls, &web));
	cr_expect_eq(calls, 1, "%u", calls);
	cr_expect_not(query_match(query, &calls, &blank));
	cr_expect_eq(calls, 2, "%u", calls);
	cr_expect_not(query_match(query, &calls, &web));
	cr_expect_eq(calls, 3, "%u", calls);
	query_forget(query);
	cr_expect_not(query_match(query, &calls, &web));
	cr_expect_eq(calls, 4, "%u", calls);
	query_free(query);
}

static void
collect_name(const struct query_field *field, void *ctx)
{
	g_string_append_printf(ctx, "%s ", field->name);
}

Test(query, tells_its_fields)
{
	struct query *query = make("(cpu>1 or !tag=x) rack=7", QUERY_WHOLE);
	GString *names = g_string_new(NULL);

	query_each_field(query, collect_name, names);
	cr_expect(strstr(names->str, "cpu ") && strstr(names->str, "tags ") && !strstr(names->str, "name "),
		"%s", names->str);
	query_free(query);
	query = make("web", QUERY_WHOLE);
	query_each_field(query, collect_name, names);
	cr_expect(strstr(names->str, "name ") && strstr(names->str, "uuid ") && !strstr(names->str, "mem "),
		"%s", names->str);
	query_free(query);
	g_string_free(names, TRUE);
}

Test(query, is_explained_with_a_caret)
{
	g_autoptr(GError) error = NULL;
	struct query_fault fault;
	g_autofree char *text = NULL;

	cr_assert_null(query_new(&schema, "é 日 state=runing", QUERY_WHOLE, &fault, &error));
	text = query_explain("é 日 state=runing", &fault, error);
	cr_expect(g_str_has_suffix(text, "\n  é 日 state=runing\n             ^^^^^^"), "%s", text);
}

/* ---- completion ---- */

static void
emit(void *ctx G_GNUC_UNUSED, const struct query_field *field, const char *label_name, query_emit take,
	void *to)
{
	take(to, label_name ? "b7" : field->name);
	take(to, "two words");
	take(to, "zebra");
	take(to, "zebra");
}

Test(query, completes)
{
	static const struct {
		const char *text, *completions; /* with "|" between; NULL: none */
	} cases[] = {
		{ "mem-", "mem-used" },
		{ "web mem", "web mem=|web mem!=|web mem<|web mem<=|web mem>|web mem>=|web mem-used" },
		{ "(!te", "(!tenant" },
		{ "autostart", "autostart=|autostart!=" },
		{ "label.r", "label.rack" },
		{ "label.rack", "label.rack=|label.rack!=|label.rack~|label.rack!~" },
		{ "state=", "state=unknown|state=running|state=off|state=no-name|state=key-changed" },
		{ "state!=r", "state!=running" },
		{ "autostart=", "autostart=yes|autostart=no" },
		{ "host=z", "host=zebra" },
		{ "host=", "host=\"two words\"|host=host|host=zebra" },
		{ "host=t", "host=\"two words\"" },
		{ "host=\"t", "host=\"two words\"" },
		{ "rack=b", "rack=b7" },
		{ "cpu>", NULL },
		{ "name~z", NULL },
		{ "\"mem", NULL },
		{ "zzz", NULL },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_auto(GStrv) found = query_complete(&schema, cases[i].text, emit, NULL);
		g_autofree char *joined = found ? g_strjoinv("|", found) : NULL;

		cr_expect_eq(g_strcmp0(joined, cases[i].completions), 0, "'%s': %s", cases[i].text, joined);
	}
}

Test(query, completes_nothing_with_every_field)
{
	g_auto(GStrv) found = query_complete(&schema, "", NULL, NULL);

	cr_assert_not_null(found);
	cr_expect_eq(g_strv_length(found), G_N_ELEMENTS(fields) + 2);
}
