#include "tests/support/lab_private.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * The guest: a boot sector for the PC, real mode, that sleeps. Once the BIOS is through it costs no CPU, since it
 * stops the timer, which would wake QEMU 36 times a second, and it obeys the power button: with only the ACPI interrupt (IRQ 9) let through, the first one it gets writes "S5" to the PIIX4's
 * power control, which ends QEMU as a real shutdown does.
 */
static const unsigned char boot_code[] = {
	0xfa,                               /* cli */
	0x31, 0xc0,                         /* xor ax, ax */
	0x8e, 0xd8,                         /* mov ds, ax */
	0x8e, 0xd0,                         /* mov ss, ax */
	0xbc, 0x00, 0x7c,                   /* mov sp, 0x7c00 */
	0xc7, 0x06, 0xc4, 0x01, 0x2a, 0x7c, /* mov word [4 * 0x71], power_button */
	0xa3, 0xc6, 0x01,                   /* mov [4 * 0x71 + 2], ax */
	0xb0, 0x30,                         /* mov al, counter 0: once, and no count yet */
	0xe6, 0x43,                         /* out 0x43, al */
	0xb0, 0xfb,                         /* mov al, ~IRQ2 */
	0xe6, 0x21,                         /* out 0x21, al */
	0xb0, 0xfd,                         /* mov al, ~IRQ9 */
	0xe6, 0xa1,                         /* out 0xa1, al */
	0xba, 0x02, 0x06,                   /* mov dx, PM1 enable */
	0xb8, 0x00, 0x01,                   /* mov ax, power button */
	0xef,                               /* out dx, ax */
	0xfb,                               /* sti */
	0xf4,                               /* sleep: hlt */
	0xeb, 0xfd,                         /* jmp sleep */
	/* power_button, at 0x7c00 + 0x2a: */
	0xba, 0x04, 0x06, /* mov dx, PM1 control */
	0xb8, 0x00, 0x20, /* mov ax, sleep enable, type S5 */
	0xef,             /* out dx, ax */
	0xeb, 0xfe,       /* jmp $ */
};
#define POWER_BUTTON_AT 0x2a
#define SECTOR          512

G_STATIC_ASSERT(sizeof boot_code == POWER_BUTTON_AT + 9);

/* Another, that fills 14 of its 16 MiB first, so that there is something to copy. For memory beyond the first one it goes
 * through protected mode, from where a segment keeps its limit of 4 GiB. */
static const unsigned char full_code[] = {
	0xfa,                               /* cli */
	0x31, 0xc0,                         /* xor ax, ax */
	0x8e, 0xd8,                         /* mov ds, ax */
	0x0f, 0x01, 0x16, 0x36, 0x7c,       /* lgdt [gdtr] */
	0x0f, 0x20, 0xc0,                   /* mov eax, cr0 */
	0x0c, 0x01,                         /* or al, 1 */
	0x0f, 0x22, 0xc0,                   /* mov cr0, eax */
	0xbb, 0x08, 0x00,                   /* mov bx, 8 */
	0x8e, 0xc3,                         /* mov es, bx */
	0x24, 0xfe,                         /* and al, 0xfe */
	0x0f, 0x22, 0xc0,                   /* mov cr0, eax */
	0x66, 0xbf, 0x00, 0x00, 0x10, 0x00, /* mov edi, 1 MiB */
	0x66, 0xb9, 0x00, 0x00, 0x38, 0x00, /* mov ecx, 14 MiB / 4 */
	0x66, 0xb8, 0x5a, 0xa5, 0x5a, 0xa5, /* mov eax, anything */
	0x67, 0xf3, 0x66, 0xab,             /* rep stosd */
	0xfb,                               /* sleep: sti */
	0xf4,                               /* hlt */
	0xeb, 0xfc,                         /* jmp sleep */
	/* gdtr, at 0x7c00 + 0x36, and the table behind it: */
	0x0f, 0x00, 0x3c, 0x7c, 0x00, 0x00,             /* 2 entries, here */
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, /* none */
	0xff, 0xff, 0x00, 0x00, 0x00, 0x92, 0xcf, 0x00, /* data, from 0 to 4 GiB */
};
#define GDTR_AT 0x36

G_STATIC_ASSERT(sizeof full_code == GDTR_AT + 22);

/* A third one, that says back what it is told on its serial port. */
static const unsigned char echo_code[] = {
	0xfa,                               /* cli */
	0x31, 0xc0,                         /* xor ax, ax */
	0x8e, 0xd8,                         /* mov ds, ax */
	0x8e, 0xd0,                         /* mov ss, ax */
	0xbc, 0x00, 0x7c,                   /* mov sp, 0x7c00 */
	0xc7, 0x06, 0x30, 0x00, 0x3a, 0x7c, /* mov word [4 * 0x0c], heard */
	0xa3, 0x32, 0x00,                   /* mov [4 * 0x0c + 2], ax */
	0xba, 0xfb, 0x03,                   /* mov dx, line control */
	0xb0, 0x03,                         /* mov al, 8n1 */
	0xee,                               /* out dx, al */
	0xba, 0xf9, 0x03,                   /* mov dx, interrupt enable */
	0xb0, 0x01,                         /* mov al, when something came */
	0xee,                               /* out dx, al */
	0xba, 0xfc, 0x03,                   /* mov dx, modem control */
	0xb0, 0x0b,                         /* mov al, DTR, RTS, interrupts */
	0xee,                               /* out dx, al */
	0xb0, 0x30,                         /* mov al, counter 0: once, and no count yet */
	0xe6, 0x43,                         /* out 0x43, al */
	0xb0, 0xef,                         /* mov al, ~IRQ4 */
	0xe6, 0x21,                         /* out 0x21, al */
	0xb0, 0xff,                         /* mov al, none */
	0xe6, 0xa1,                         /* out 0xa1, al */
	0xb4, 0x21,                         /* mov ah, '!' */
	0xe8, 0x12, 0x00,                   /* call put */
	0xfb,                               /* sti */
	0xf4,                               /* sleep: hlt */
	0xeb, 0xfd,                         /* jmp sleep */
	/* heard, at 0x7c00 + 0x3a: */
	0xba, 0xf8, 0x03, /* mov dx, data */
	0xec,             /* in al, dx */
	0x88, 0xc4,       /* mov ah, al */
	0xe8, 0x05, 0x00, /* call put */
	0xb0, 0x20,       /* mov al, end of interrupt */
	0xe6, 0x20,       /* out 0x20, al */
	0xcf,             /* iret */
	0xba, 0xfd, 0x03, /* put: mov dx, line status */
	0xec,             /* wait: in al, dx */
	0xa8, 0x20,       /* test al, ready */
	0x74, 0xfb,       /* jz wait */
	0xba, 0xf8, 0x03, /* mov dx, data */
	0x88, 0xe0,       /* mov al, ah */
	0xee,             /* out dx, al */
	0xc3,             /* ret */
};

static const char guest_xml[] =
	"<domain type='qemu'>\n"
	"<name>%s</name>\n"
	"<memory unit='MiB'>16</memory>\n"
	"<vcpu>1</vcpu>\n"
	"<os><type arch='x86_64' machine='pc'>hvm</type><boot dev='hd'/></os>\n"
	"<features><acpi/><tcg><tb-cache unit='MiB'>8</tb-cache></tcg></features>\n"
	"<devices>\n"
	"<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='%s'/>"
	"<target dev='hda' bus='ide'/></disk>\n"
	"<controller type='usb' model='none'/>\n"
	"<serial type='pty'/><console type='pty'/>\n"
	"</devices>\n"
	"</domain>\n";

static void
write_disk(const char *path, const unsigned char *code, size_t size)
{
	char sector[SECTOR] = { 0 };
	memcpy(sector, code, size);
	sector[SECTOR - 2] = 0x55;
	sector[SECTOR - 1] = (char)0xaa;
	g_autoptr(GError) error = NULL;
	if (!g_file_set_contents(path, sector, sizeof sector, &error))
		lab_fail(NULL, "%s", error->message);
}

static void
start_guest(struct lab_libvirtd *daemon, const char *name, const unsigned char *code, size_t size)
{
	g_autofree char *disk = g_strdup_printf("%s/disks/%s.raw", lab_libvirtd_dir(daemon), name);
	g_autofree char *path = g_strdup_printf("%s/disks/%s.xml", lab_libvirtd_dir(daemon), name);
	g_autofree char *xml = g_strdup_printf(guest_xml, name, disk);
	write_disk(disk, code, size);
	lab_write(path, xml);
	if (geteuid() == 0 && lab_libvirtd_is_session(daemon))
		g_free(lab_run((const char *[]){ "chown", "nobody", disk, path, NULL }, NULL));
	g_free(lab_virsh(daemon, (const char *[]){ "define", path, NULL }));
	g_free(lab_virsh(daemon, (const char *[]){ "start", name, NULL }));
}

void
lab_guest_start(struct lab_libvirtd *daemon, const char *name)
{
	start_guest(daemon, name, boot_code, sizeof boot_code);
}

void
lab_guest_start_full(struct lab_libvirtd *daemon, const char *name)
{
	start_guest(daemon, name, full_code, sizeof full_code);
}

void
lab_guest_start_echo(struct lab_libvirtd *daemon, const char *name)
{
	start_guest(daemon, name, echo_code, sizeof echo_code);
}

pid_t
lab_guest_pid(struct lab_libvirtd *daemon, const char *name)
{
	g_autofree char *path = g_strdup_printf("%s/run/libvirt/qemu/%s%s.pid", lab_libvirtd_dir(daemon),
		lab_libvirtd_is_session(daemon) ? "run/" : "", name);
	g_autofree char *text = NULL;
	g_autoptr(GError) error = NULL;
	if (!g_file_get_contents(path, &text, NULL, &error))
		lab_fail(NULL, "guest %s: %s", name, error->message);
	return atoi(text);
}
