/*
 * viewer: what to type in another terminal to see a guest's screen. Made of the config and of what its host says, quoted for
 * a shell where that needs it; pure.
 */
#pragma once

#include "config/config.h"
#include "fleet/model.h"

/* "vnc on 127.0.0.1:5901", "spice on /run/….sock"; NULL: it has no screen. Caller frees. */
char *viewer_screen(const struct vm *vm);

/* "virt-viewer -c qemu+ssh://root@kvm017/system --uuid …"; NULL: it has no screen that is served. Caller frees. */
char *viewer_line(const struct config_host *host, const struct vm *vm);

/* "ssh -L 5901:127.0.0.1:5901 root@kvm017", for whatever viewer; NULL: as above, or its host is not reached by ssh. Caller
 * frees. */
char *viewer_tunnel(const struct config_host *host, const struct vm *vm);

/* Why there is no line; static, NULL: there is one. */
const char *viewer_why_not(const struct vm *vm);
