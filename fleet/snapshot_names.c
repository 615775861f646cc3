/* snapshot: what its enums and fields are called. */
#include "fleet/snapshot.h"

#include <assert.h>

#define FIELD_INFO(id, field_name, field_unit, field_help) \
	{ .name = field_name, .unit = field_unit, .help = field_help },

const struct field_info vm_field_info[VM_FIELD_COUNT] = { VM_FIELDS(FIELD_INFO) };
const struct field_info host_field_info[HOST_FIELD_COUNT] = { HOST_FIELDS(FIELD_INFO) };

static_assert(VM_FIELD_COUNT <= 32 && HOST_FIELD_COUNT <= 32, "the valid masks have 32 bits");

#define NAME_AT(id, name) [VM_STATE_##id] = name,
static const char *const vm_state_names[] = { VM_STATES(NAME_AT) };
#undef NAME_AT
#define NAME_AT(id, name) [VM_TYPE_##id] = name,
static const char *const vm_type_names[] = { VM_TYPES(NAME_AT) };
#undef NAME_AT
#define NAME_AT(id, name, title) [HYPERVISOR_##id] = name,
static const char *const hypervisor_names[] = { HYPERVISORS(NAME_AT) };
#undef NAME_AT
#define NAME_AT(id, name, title) [HYPERVISOR_##id] = title,
static const char *const hypervisor_titles[] = { HYPERVISORS(NAME_AT) };
#undef NAME_AT
#define NAME_AT(id, word, glyph, ascii, role, help) [LINK_##id] = word,
static const char *const link_words[] = { LINK_STATES(NAME_AT) };
#undef NAME_AT
#define NAME_AT(id, name) [STORAGE_##id] = name,
static const char *const storage_names[] = { STORAGES(NAME_AT) };
#undef NAME_AT
#define NAME_AT(id, name, help) [NIC_##id] = name,
static const char *const nic_kind_names[] = { NIC_KINDS(NAME_AT) };
#undef NAME_AT

const char *
vm_state_name(enum vm_state state)
{
	return vm_state_names[state];
}

const char *
vm_type_name(enum vm_type type)
{
	return vm_type_names[type];
}

const char *
hypervisor_name(enum hypervisor hypervisor)
{
	return hypervisor_names[hypervisor];
}

const char *
hypervisor_title(enum hypervisor hypervisor)
{
	return hypervisor_titles[hypervisor];
}

const char *
link_state_word(enum link_state link)
{
	return link_words[link];
}

const char *
storage_name(enum storage storage)
{
	return storage_names[storage];
}

const char *
nic_kind_name(enum nic_kind kind)
{
	return nic_kind_names[kind];
}
