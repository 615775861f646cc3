#include "fleet/tunnel_local.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "fleet/error.h"

/* "/" and a number. */
enum { NAME_ROOM = 12 };

struct local_folder {
	char *path;
	atomic_uint next; /* number of the next socket */
};

/* ---- what others left ---- */

/* Only sockets, only ours, and never through a symbolic link: the parent may be /tmp. */
static void
remove_folder(int parent, const char *name)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;
	struct stat st;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return;
	}
	if (fstat(fd, &st) == 0 && st.st_uid == geteuid()) {
		while ((entry = readdir(dir))) {
			struct stat item;

			if (fstatat(fd, entry->d_name, &item, AT_SYMLINK_NOFOLLOW) == 0 &&
				S_ISSOCK(item.st_mode))
				unlinkat(fd, entry->d_name, 0);
		}
		unlinkat(parent, name, AT_REMOVEDIR);
	}
	closedir(dir);
}

static bool
is_of_dead_process(const char *name)
{
	int pid, end = 0;

	return sscanf(name, "virt-fleet-%d-%n", &pid, &end) == 1 && end && pid > 1 && kill(pid, 0) &&
	       errno == ESRCH;
}

static void
remove_stale(const char *parent)
{
	int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((entry = readdir(dir))) {
		if (is_of_dead_process(entry->d_name))
			remove_folder(fd, entry->d_name);
	}
	closedir(dir);
}

/* ---- the folder ---- */

static bool
is_our_own(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid() && !(st.st_mode & 022);
}

static char *
make_in(const char *parent)
{
	g_autofree char *template = g_strdup_printf("%s/virt-fleet-%d-XXXXXX", parent, (int)getpid());

	if (strlen(template) + NAME_ROOM > sizeof(((struct sockaddr_un *)NULL)->sun_path)) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	remove_stale(parent);
	return mkdtemp(template) ? g_steal_pointer(&template) : NULL;
}

struct local_folder *
local_folder_new(GError **error)
{
	const char *runtime = g_getenv("XDG_RUNTIME_DIR");
	struct local_folder *folder;
	char *path = NULL;

	if (runtime && is_our_own(runtime))
		path = make_in(runtime);
	if (!path)
		path = make_in("/tmp");
	if (!path) {
		g_set_error(error, FLEET_ERROR, FLEET_ERROR_FAILED, "can't make a private folder in /tmp: %s",
			g_strerror(errno));
		return NULL;
	}
	folder = g_new0(struct local_folder, 1);
	folder->path = path;
	return folder;
}

void
local_folder_free(struct local_folder *folder)
{
	if (!folder)
		return;
	remove_folder(AT_FDCWD, folder->path);
	g_free(folder->path);
	g_free(folder);
}

/* ---- sockets ---- */

/* Who cleans /tmp up by age takes the folder of a console that has not connected for days. */
static bool
folder_is_there(const struct local_folder *folder)
{
	return mkdir(folder->path, 0700) == 0 || (errno == EEXIST && is_our_own(folder->path));
}

static bool
listen_at(int fd, const struct sockaddr_un *address)
{
	return bind(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 && listen(fd, 1) == 0;
}

bool
local_socket_open(struct local_folder *folder, struct local_socket *local, GError **error)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	g_snprintf(address.sun_path, sizeof(address.sun_path), "%s/%u", folder->path,
		atomic_fetch_add(&folder->next, 1));
	if (fd < 0 || !folder_is_there(folder) || !listen_at(fd, &address)) {
		g_set_error(error, FLEET_ERROR, FLEET_ERROR_FAILED, "can't listen on %s: %s",
			address.sun_path, g_strerror(errno));
		if (fd >= 0)
			close(fd);
		return false;
	}
	local->fd = fd;
	local->path = g_strdup(address.sun_path);
	return true;
}

static bool
is_ourselves(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && peer.pid == getpid() &&
	       peer.uid == geteuid();
}

int
local_socket_accept(const struct local_socket *local)
{
	int fd;

	while ((fd = accept4(local->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
		if (is_ourselves(fd))
			return fd;
		close(fd);
	}
	return -1;
}

void
local_socket_close(struct local_socket *local)
{
	if (local->fd < 0)
		return;
	close(local->fd);
	local->fd = -1;
	unlink(local->path);
	g_clear_pointer(&local->path, g_free);
}
