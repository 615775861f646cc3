#include "fleet/conn_libvirt_impl.h"

#include "fleet/snapshot.h"

#include <libvirt/libvirt.h>
#include <string.h>

static guint
guest_hash(gconstpointer key)
{
	const uint8_t *uuid = key;
	guint hash;

	memcpy(&hash, uuid + UUID_LEN - sizeof(hash), sizeof(hash));
	return hash;
}

static gboolean
guest_equal(gconstpointer a, gconstpointer b)
{
	return memcmp(a, b, UUID_LEN) == 0;
}

static void
guest_free(gpointer data)
{
	struct guest *guest = data;

	virDomainFree(guest->dom);
	vm_facts_unref(guest->facts);
	g_free(guest->off_vm);
	g_free(guest);
}

void
guests_init(struct libvirt *lv)
{
	lv->guests = g_hash_table_new_full(guest_hash, guest_equal, NULL, guest_free);
}

void
guests_done(struct libvirt *lv)
{
	g_hash_table_destroy(lv->guests);
}

struct guest *
guests_find(struct libvirt *lv, const uint8_t uuid[UUID_LEN])
{
	return g_hash_table_lookup(lv->guests, uuid);
}

struct guest *
guests_seen(struct libvirt *lv, struct _virDomain *dom)
{
	uint8_t uuid[UUID_LEN];

	virDomainGetUUID(dom, uuid);
	virDomainRef(dom);

	struct guest *guest = guests_find(lv, uuid);
	if (guest) {
		virDomainFree(guest->dom); /* the new one knows a new name or id */
	} else {
		guest = g_new0(struct guest, 1);
		memcpy(guest->uuid, uuid, UUID_LEN);
		g_hash_table_insert(lv->guests, guest->uuid, guest);
	}
	unsigned id = virDomainGetID(dom);

	guest->dom = dom;
	guest->id = id == (unsigned)-1 ? -1 : (int)id;
	guest->off_known &= guest->id < 0;
	guest->listed = lv->samples;
	return guest;
}

static gboolean
is_unlisted(gpointer key, gpointer value, gpointer data)
{
	(void)key;
	return ((const struct guest *)value)->listed != ((const struct libvirt *)data)->samples;
}

void
guests_sweep(struct libvirt *lv)
{
	g_hash_table_foreach_remove(lv->guests, is_unlisted, lv);
}

void
guests_changed(struct libvirt *lv, const uint8_t uuid[UUID_LEN])
{
	struct guest *guest = guests_find(lv, uuid);

	if (!guest)
		return;
	vm_facts_unref(guest->facts);
	guest->facts = NULL;
	guest->no_block = false;
	guest->changes++;
	guest->read = 0;
}

struct _virDomain *
guests_domain(struct libvirt *lv, const uint8_t uuid[UUID_LEN], GError **error)
{
	struct guest *guest = guests_find(lv, uuid);

	if (guest) {
		virDomainRef(guest->dom);
		return guest->dom;
	}
	virDomainPtr dom = virDomainLookupByUUID(lv->vir, uuid);
	if (!dom)
		libvirt_fail(lv, error, "find the guest");
	return dom;
}
