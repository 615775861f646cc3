#include "config/config.h"

#include <criterion/criterion.h>

/* All of a spec in one line, so that a table can say what it should be. */
static char *
describe(const struct hostspec *spec)
{
	static const char *const transports[] = { "ssh", "direct", "sim" };
	const struct {
		const char *name, *value;
	} fields[] = {
		{ "user", spec->user },
		{ "host", spec->host },
		{ "driver", spec->driver },
		{ "path", spec->path },
		{ "socket", spec->socket },
		{ "uri", spec->uri },
	};
	GString *line = g_string_new(transports[spec->transport]);

	for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
		if (fields[i].value != NULL)
			g_string_append_printf(line, " %s=%s", fields[i].name, fields[i].value);
	}
	if (spec->port != 0)
		g_string_append_printf(line, " port=%u", spec->port);
	return g_string_free(line, FALSE);
}

static void
expect_spec(const struct hostspec *spec, const char *want, const char *text)
{
	g_autofree char *have = describe(spec);

	cr_expect_str_eq(have, want, "%s is %s", text, have);
}

/* clang-format off */
static const struct {
	const char *text, *hypervisor, *spec, *formatted;
} good[] = {
	{ "kvm1", "auto", "ssh host=kvm1 driver=auto", "kvm1" },
	{ "kvm1", NULL, "ssh host=kvm1 driver=auto", "kvm1" },
	{ "kvm1.dc1.example", "qemu", "ssh host=kvm1.dc1.example driver=qemu path=/system", "qemu+ssh://kvm1.dc1.example/system" },
	{ "kvm1", "kvm", "ssh host=kvm1 driver=qemu path=/system", "qemu+ssh://kvm1/system" },
	{ "xen1", "xen", "ssh host=xen1 driver=xen path=/system", "xen+ssh://xen1/system" },
	{ "lxc1", "lxc", "ssh host=lxc1 driver=lxc path=/system", "lxc+ssh://lxc1/system" },
	{ "t", "test", "ssh host=t driver=test path=/default", "test+ssh://t/default" },
	{ "root@kvm1", "auto", "ssh user=root host=kvm1 driver=auto", "root@kvm1" },
	{ "root@kvm1:2222", "auto", "ssh user=root host=kvm1 driver=auto port=2222", "root@kvm1:2222" },
	{ "me@realm@kvm1", "auto", "ssh user=me@realm host=kvm1 driver=auto", "me@realm@kvm1" },
	{ "DOM\\me@kvm1", "auto", "ssh user=DOM\\me host=kvm1 driver=auto", "DOM\\me@kvm1" },
	{ "192.0.2.7:22", "auto", "ssh host=192.0.2.7 driver=auto port=22", "192.0.2.7:22" },
	{ "::1", "auto", "ssh host=::1 driver=auto", "::1" },
	{ "[2001:db8::7]", "auto", "ssh host=2001:db8::7 driver=auto", "2001:db8::7" },
	{ "a@[2001:db8::7]:65535", "auto", "ssh user=a host=2001:db8::7 driver=auto port=65535", "a@[2001:db8::7]:65535" },
	{ "[fe80::1%eth0]:22", "auto", "ssh host=fe80::1%eth0 driver=auto port=22", "[fe80::1%eth0]:22" },

	{ "qemu+ssh://me@h/system", "auto", "ssh user=me host=h driver=qemu path=/system", "qemu+ssh://me@h/system" },
	{ "qemu+ssh://h", "auto", "ssh host=h driver=qemu path=/system", "qemu+ssh://h/system" },
	{ "xen+ssh://h/", "auto", "ssh host=h driver=xen path=/system", "xen+ssh://h/system" },
	{ "bhyve+ssh://h", "auto", "ssh host=h driver=bhyve path=/", "bhyve+ssh://h/" },
	{ "QEMU+SSH://h:22/system", "auto", "ssh host=h driver=qemu path=/system port=22", "qemu+ssh://h:22/system" },
	{ "test+ssh://a@h:2200/x/kvm001.xml", "auto", "ssh user=a host=h driver=test path=/x/kvm001.xml port=2200",
	  "test+ssh://a@h:2200/x/kvm001.xml" },
	{ "qemu+ssh://[::1]:22/session?socket=/run/s", "auto",
	  "ssh host=::1 driver=qemu path=/session socket=/run/s port=22", "qemu+ssh://[::1]:22/session?socket=/run/s" },
	{ "qemu+ssh://a%40b@h/sys%74em?socket=/a%20b%26c", "auto",
	  "ssh user=a@b host=h driver=qemu path=/system socket=/a b&c", "qemu+ssh://a%40b@h/system?socket=/a%20b%26c" },

	{ "test:///default", "auto", "direct driver=test path=/default uri=test:///default", "test:///default" },
	{ "test:/default", "auto", "direct driver=test path=/default uri=test:/default", "test:/default" },
	{ "lxc:///", "auto", "direct driver=lxc path=/ uri=lxc:///", "lxc:///" },
	{ "qemu+tls://h/system?x=y", "auto", "direct driver=qemu path=/system uri=qemu+tls://h/system?x=y",
	  "qemu+tls://h/system?x=y" },
	{ "qemu+unix:///system?socket=@abs", "xen", "direct driver=qemu path=/system uri=qemu+unix:///system?socket=@abs",
	  "qemu+unix:///system?socket=@abs" },
};
/* clang-format on */

Test(hostspec, reads_hosts_and_uris)
{
	for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
		g_autoptr(GError) error = NULL;
		struct hostspec *spec = hostspec_parse(good[i].text, good[i].hypervisor, &error), *again,
				*copy;
		g_autofree char *formatted = NULL;

		cr_assert_not_null(spec, "%s: %s", good[i].text, error ? error->message : "");
		expect_spec(spec, good[i].spec, good[i].text);
		copy = hostspec_copy(spec);
		expect_spec(copy, good[i].spec, "the copy");
		formatted = hostspec_format(spec);
		cr_expect_str_eq(formatted, good[i].formatted);
		again = hostspec_parse(formatted, "auto", NULL);
		cr_assert_not_null(again, "%s", formatted);
		expect_spec(again, good[i].spec, formatted);
		hostspec_free(spec);
		hostspec_free(copy);
		hostspec_free(again);
	}
	hostspec_free(NULL);
}

Test(hostspec, says_what_is_wrong)
{
	static const struct {
		const char *text, *hypervisor, *message;
	} cases[] = {
		{ "", "auto", "the host name is empty" },
		{ "root@", "auto", "the host name is empty" },
		{ "@kvm1", "auto", "the user name is empty" },
		{ ":22", "auto", "the host name is empty" },
		{ "-oProxyCommand=x", "auto",
			"the host name '-oProxyCommand=x' begins with '-', as options do" },
		{ "-l@kvm1", "auto", "the user name '-l' begins with '-', as options do" },
		{ "qemu+ssh://-x/system", "auto", "the host name '-x' begins with '-', as options do" },
		{ "kvm1\n", "auto", "the host name 'kvm1\\u000a' holds control characters" },
		{ "kvm\xe2\x80\xae"
		  "1",
			"auto", "the host name 'kvm\\u202e1' holds control characters" },
		{ "kvm1;reboot", "auto", "the host name 'kvm1;reboot' holds a ';', which no host name has" },
		{ "$(reboot)@kvm1", "auto", "the user name '$(reboot)' holds a '$', which no user name has" },
		{ "root:pw@kvm1", "auto", "the user name 'root:pw' holds a ':', which no user name has" },
		{ "kvm[1-3]", "auto", "the host name 'kvm[1-3]' holds a '[', which no host name has" },
		{ "kvm 1", "auto", "the host name 'kvm 1' holds a ' ', which no host name has" },
		{ "kvm1:", "auto", "'' is no port; allowed: 1 to 65535" },
		{ "kvm1:0", "auto", "'0' is no port; allowed: 1 to 65535" },
		{ "kvm1:65536", "auto", "'65536' is no port; allowed: 1 to 65535" },
		{ "kvm1:+22", "auto", "'+22' is no port; allowed: 1 to 65535" },
		{ "kvm1:ssh", "auto", "'ssh' is no port; allowed: 1 to 65535" },
		{ "2001:db8:::7", "auto",
			"'2001:db8:::7' is no host; an IPv6 address with a port is written [address]:port" },
		{ "[kvm1]:22", "auto",
			"'[kvm1]:22' is no host; allowed in brackets: an IPv6 address, with :port behind "
			"it" },
		{ "[::1]22", "auto",
			"'[::1]22' is no host; allowed in brackets: an IPv6 address, with :port behind it" },
		{ "[::1%]", "auto",
			"'[::1%]' is no host; allowed in brackets: an IPv6 address, with :port behind it" },
		{ "kvm1", "kwm",
			"'kwm' is no hypervisor known here; allowed: auto, qemu, kvm, xen, lxc, test; did "
			"you mean "
			"'kvm'?" },
		{ "qemu+ssh:///system", "auto", "a +ssh URI names a host: qemu+ssh://host/system" },
		{ "qemu+ssh://u:pw@h/system", "auto",
			"a password in a URI is not used; ssh's keys and agent are, or you are asked" },
		{ "qemu+ssh://h/system?keyfile=/k", "auto",
			"the parameter 'keyfile' of a +ssh URI is not supported; allowed: socket; all about "
			"the login belongs into ~/.ssh/config" },
		{ "qemu+ssh://h/system?socket=x", "auto", "the socket 'x' is no absolute path" },
		{ "qemu+ssh://h/system?socket=/a&socket=/b", "auto",
			"the URI names two sockets; allowed: one" },
		{ "qemu+ssh://h/system#x", "auto", "a '#' has no meaning in a libvirt URI; write it %23" },
		{ "qemu+ssh://h:0/system", "auto", "'0' is no port; allowed: 1 to 65535" },
		{ "qemu+ssh://h/a%0ab", "auto", "the URI's path holds control characters" },
		{ "auto+ssh://h/", "auto",
			"a URI names its driver; to have it found out, give the host alone" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;

		cr_assert_null(
			hostspec_parse(cases[i].text, cases[i].hypervisor, &error), "%s", cases[i].text);
		cr_expect(g_error_matches(error, CONFIG_ERROR, CONFIG_ERROR_VALUE));
		cr_expect_str_eq(error->message, cases[i].message);
	}
}

Test(hostspec, leaves_the_reason_of_a_bad_uri_to_glib)
{
	static const char *const texts[] = { "qemu+ssh://h:99999/system", "qemu+ssh://h/%zz",
		"qemu+ssh://h/%00", "qemu+ssh://[::1/system", "qemu+ssh://h/system?socket=%zz" };

	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autoptr(GError) error = NULL;

		cr_assert_null(hostspec_parse(texts[i], "auto", &error), "%s", texts[i]);
		cr_expect(g_error_matches(error, CONFIG_ERROR, CONFIG_ERROR_VALUE));
	}
}

Test(hostspec, expands_ranges)
{
	static const struct {
		const char *text, *names;
	} cases[] = {
		{ "kvm1", "kvm1" },
		{ "", "" },
		{ "kvm[1-3]", "kvm1 kvm2 kvm3" },
		{ "kvm[001-003].dc1", "kvm001.dc1 kvm002.dc1 kvm003.dc1" },
		{ "kvm[8-11]", "kvm8 kvm9 kvm10 kvm11" },
		{ "kvm[08-11]", "kvm08 kvm09 kvm10 kvm11" },
		{ "kvm[099-101]", "kvm099 kvm100 kvm101" },
		{ "kvm[7]", "kvm7" },
		{ "kvm[1,3,07-09]", "kvm1 kvm3 kvm07 kvm08 kvm09" },
		{ "[1, 2 - 3]x", "1x 2x 3x" },
		{ "r[1-2]-n[1-2]:22", "r1-n1:22 r1-n2:22 r2-n1:22 r2-n2:22" },
		{ "root@[::1]:22", "root@[::1]:22" },
		{ "test+ssh://[::1]/x/kvm[1-2].xml",
			"test+ssh://[::1]/x/kvm1.xml test+ssh://[::1]/x/kvm2.xml" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		g_auto(GStrv) names = hostspec_expand(cases[i].text, 4096, &error);
		g_autofree char *all = NULL;

		cr_assert_not_null(names, "%s", error ? error->message : "");
		all = g_strjoinv(" ", names);
		cr_expect_str_eq(all, cases[i].names);
	}
}

Test(hostspec, bounds_and_explains_ranges)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "kvm[", "the range '[' is not closed; allowed: [001-120], [1,3,7-9]" },
		{ "kvm[]", "the range '[]' is empty; allowed: [001-120], [1,3,7-9]" },
		{ "kvm[a-c]",
			"'a-c' in a range is no number and no FIRST-LAST; allowed: [001-120], [1,3,7-9]" },
		{ "kvm[1,,2]",
			"'' in a range is no number and no FIRST-LAST; allowed: [001-120], [1,3,7-9]" },
		{ "kvm[1-]",
			"'1-' in a range is no number and no FIRST-LAST; allowed: [001-120], [1,3,7-9]" },
		{ "kvm[1-2-3]",
			"'1-2-3' in a range is no number and no FIRST-LAST; allowed: [001-120], [1,3,7-9]" },
		{ "kvm[9-3]", "the range '9-3' runs backwards" },
		{ "kvm[1-101]", "the ranges make more than 100 names" },
		{ "kvm[1-60,1-60]", "the ranges make more than 100 names" },
		{ "kvm[1-11][1-11]", "the ranges make more than 100 names" },
		{ "kvm[1-999999999]", "the ranges make more than 100 names" },
		{ "kvm[1-9999999999]", "'1-9999999999' in a range is no number and no FIRST-LAST; allowed: "
				       "[001-120], [1,3,7-9]" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;

		cr_assert_null(hostspec_expand(cases[i].text, 100, &error), "%s", cases[i].text);
		cr_expect(g_error_matches(error, CONFIG_ERROR, CONFIG_ERROR_VALUE));
		cr_expect_str_eq(error->message, cases[i].message);
	}
	g_strfreev(hostspec_expand("kvm[1-100]", 100, NULL));
}
