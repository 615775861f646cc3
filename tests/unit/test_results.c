/* What became of acts, as scripts read it: hostile names, all results, in one order. */
#include "views/results.h"

#include "actions/registry.h"

#include <criterion/criterion.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

static struct results *
make(void)
{
	struct results *results = results_new();
	struct job jobs[] = {
		{ .host_name = (char *)(uintptr_t) "kvm2",
			.vm_name = (char *)(uintptr_t) "b",
			.verb = "stop",
			.state = JOB_FAILED,
			.error = (char *)(uintptr_t) "no \x1b[31m power",
			.started_us = 1000000,
			.ended_us = 2500000 },
		{ .host_name = (char *)(uintptr_t) "kvm1",
			.vm_name = (char *)(uintptr_t) "a\x1b[2J\xe2\x80\xae",
			.dest_name = (char *)(uintptr_t) "kvm3",
			.verb = "migrate",
			.state = JOB_DONE,
			.target = { .uuid = { 0xab } },
			.remark = (char *)(uintptr_t) "downtime 38 ms",
			.started_us = 1,
			.ended_us = 42000 },
		{ .host_name = (char *)(uintptr_t) "kvm1",
			.vm_name = (char *)(uintptr_t) "c",
			.verb = "stop",
			.state = JOB_CANCELLED },
	};

	setlocale(LC_ALL, "C.UTF-8");
	for (size_t i = 0; i < G_N_ELEMENTS(jobs); i++)
		results_add_job(results, &jobs[i]);
	return results;
}

static char *
print(const char *format)
{
	struct results *results = make();
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	results_print(results, format, out);
	fclose(out);
	results_free(results);
	return text;
}

Test(results, json_is_harmless_and_whole)
{
	char *text = print("json");

	cr_expect_str_eq(text,
		"[\n"
		"{\"host\":\"kvm1\",\"name\":\"a\\u001b[2J\\u202e\",\"uuid\":\"ab000000-0000-0000-0000-"
		"000000000000\","
		"\"verb\":\"migrate\",\"dest\":\"kvm3\",\"result\":\"done\",\"remark\":\"downtime 38 "
		"ms\",\"took_s\":0.041},\n"
		"{\"host\":\"kvm1\",\"name\":\"c\",\"uuid\":\"00000000-0000-0000-0000-000000000000\","
		"\"verb\":\"stop\","
		"\"result\":\"cancelled\"},\n"
		"{\"host\":\"kvm2\",\"name\":\"b\",\"uuid\":\"00000000-0000-0000-0000-000000000000\","
		"\"verb\":\"stop\","
		"\"result\":\"failed\",\"error\":\"no \\u001b[31m power\",\"took_s\":1.5}\n"
		"]\n",
		"%s", text);
	free(text);
	text = print("jsonl");
	cr_expect(g_str_has_prefix(text, "{\"host\":\"kvm1\""), "%s", text);
	free(text);
}

Test(results, the_table_is_for_the_eye)
{
	char *text = print("table");

	cr_expect(g_str_has_prefix(text, "HOST  NAME"), "%s", text);
	cr_expect_not(strchr(text, '\x1b'), "%s", text);
	cr_expect(strstr(text, "\nkvm2  b "), "%s", text);
	cr_expect(strstr(text, "kvm3  done       0.0s  downtime 38 ms\n"), "%s", text);
	cr_expect(strstr(text, "-     cancelled  -\n"), "%s", text);
	free(text);
}

Test(results, of_nobody_are_empty)
{
	struct results *results = results_new();
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	results_print(results, "table", out);
	results_print(results, "json", out);
	fclose(out);
	cr_expect_str_eq(text, "[]\n");
	free(text);
	results_free(results);
}
