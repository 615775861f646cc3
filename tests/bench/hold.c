/*
 * hold: what a plain libvirt program costs that keeps a connection to every host open, as virt-manager would – libvirt's
 * own +ssh transport, an ssh process each.
 *
 *   hold [--threads 32] [--refresh 2] [--steady SECONDS] <URIS      (a URI per line)
 *
 * Opens all of them from so many threads, lists the guests with their states, then lists them again every REFRESH
 * seconds. Prints known_s= known_cpu_s= guests= failed= steady_pct= pss_kib=, the last for it and its ssh processes.
 */
#include "tests/support/lab_usage.h"

#include <glib.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define LIMIT_S 300

struct hold {
	GPtrArray *uris;
	virConnectPtr
		*connections; /* each written by the thread that took its index, read after all are joined */
	_Atomic unsigned next, guests, failed;
};

static void *
event_loop(void *ctx)
{
	(void)ctx;
	while (virEventRunDefaultImpl() == 0)
		;
	return NULL;
}

/* List and state of each guest, as a table of them needs. */
static int
list_guests(virConnectPtr connection)
{
	virDomainStatsRecordPtr *records = NULL;
	int n = virConnectGetAllDomainStats(
		connection, VIR_DOMAIN_STATS_STATE, &records, VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT);

	virDomainStatsRecordListFree(records);
	return n;
}

static void *
open_some(void *ctx)
{
	struct hold *hold = ctx;
	unsigned i;

	while ((i = atomic_fetch_add(&hold->next, 1)) < hold->uris->len) {
		virConnectPtr connection = virConnectOpen(g_ptr_array_index(hold->uris, i));
		int guests = connection ? list_guests(connection) : -1;

		hold->connections[i] = connection;
		if (guests < 0)
			atomic_fetch_add(&hold->failed, 1);
		else
			atomic_fetch_add(&hold->guests, (unsigned)guests);
	}
	return NULL;
}

static void
open_all(struct hold *hold, int nthreads)
{
	g_autofree pthread_t *threads = g_new(pthread_t, nthreads);

	for (int i = 0; i < nthreads; i++)
		pthread_create(&threads[i], NULL, open_some, hold);
	for (int i = 0; i < nthreads; i++)
		pthread_join(threads[i], NULL);
}

static double
cpu_now(void)
{
	struct usage usage = { 0 };

	usage_read_tree(getpid(), &usage);
	return usage.cpu_s;
}

static void
measure_steady(struct hold *hold, int seconds, int refresh)
{
	double before = cpu_now(), after;
	int64_t began_us = g_get_monotonic_time(), end_us = began_us + seconds * G_USEC_PER_SEC;

	for (int64_t due = began_us; due < end_us; due += refresh * G_USEC_PER_SEC) {
		for (unsigned i = 0; i < hold->uris->len; i++)
			if (hold->connections[i])
				list_guests(hold->connections[i]);
		g_usleep((gulong)MAX(0, due + refresh * G_USEC_PER_SEC - g_get_monotonic_time()));
	}
	after = cpu_now();
	printf("steady_pct=%.2f ", (after - before) * 1e8 / (double)(g_get_monotonic_time() - began_us));
}

static GPtrArray *
read_uris(void)
{
	GPtrArray *uris = g_ptr_array_new_with_free_func(g_free);
	char line[4096];

	while (fgets(line, sizeof line, stdin))
		g_ptr_array_add(uris, g_strdup(g_strstrip(line)));
	return uris;
}

static void
be_quiet(void *ctx, virErrorPtr error)
{
	(void)ctx, (void)error;
}

int
main(int argc, char **argv)
{
	struct hold hold = { 0 };
	int threads = 32, refresh = 2, steady = 0;
	int64_t began_us;
	struct usage usage;
	pthread_t loop;
	const GOptionEntry entries[] = {
		{ "threads", 0, 0, G_OPTION_ARG_INT, &threads, "open from so many threads", "N" },
		{ "refresh", 0, 0, G_OPTION_ARG_INT, &refresh, "list all guests this often", "SECONDS" },
		{ "steady", 0, 0, G_OPTION_ARG_INT, &steady, "measure CPU for so long", "SECONDS" },
		{ 0 },
	};
	g_autoptr(GOptionContext) context = g_option_context_new("<URIS");
	g_autoptr(GError) error = NULL;

	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, &argc, &argv, &error) || threads < 1 || refresh < 1) {
		fprintf(stderr, "hold: %s\n", error ? error->message : "bad number");
		return 2;
	}
	alarm(LIMIT_S);
	hold.uris = read_uris();
	hold.connections = g_new0(virConnectPtr, hold.uris->len);
	virSetErrorFunc(NULL, be_quiet);
	if (virEventRegisterDefaultImpl() < 0 || pthread_create(&loop, NULL, event_loop, NULL))
		return EXIT_FAILURE;
	began_us = g_get_monotonic_time();
	open_all(&hold, threads);
	printf("known_s=%.3f ", (double)(g_get_monotonic_time() - began_us) / 1e6);
	usage_read_tree(getpid(), &usage);
	printf("known_cpu_s=%.3f guests=%u failed=%u pss_kib=%ld ", usage.cpu_s, hold.guests, hold.failed,
		usage.peak_kib);
	if (steady)
		measure_steady(&hold, steady, refresh);
	putchar('\n');
	fflush(stdout);
	/* closing 221 connections is no part of it, and the ssh processes end with our sockets */
	_exit(hold.failed ? EXIT_FAILURE : EXIT_SUCCESS);
}
