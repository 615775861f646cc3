# Checks who includes whom (HACKING.md, "Layers").  Usage: awk -f tests/layers.awk FILES; prints each breach, exits 1 if any.
function folder(path) { return path ~ /\// ? substr(path, 1, index(path, "/") - 1) : "top" }
function breach(why) { printf "%s:%d: %s: %s\n", FILENAME, FNR, why, $0; bad = 1 }
BEGIN {
	may["config"] = "config"
	may["tui"] = "tui config"
	may["fleet"] = "fleet config"
	may["actions"] = "actions fleet config"
	may["views"] = "views actions fleet tui config"
	may["top"] = "config fleet actions views tui top"
	# a system header → the files that may include it
	only["curses.h"] = "^tui/[a-z_]*\\.c$"
	only["vterm.h"] = "^tui/vt\\.c$"
	only["libvirt/"] = "^fleet/(conn_libvirt[a-z_]*|events|stats|virerror)\\.c$"
	only["libssh/"] = "^fleet/tunnel(_[a-z_]*\\.h|[a-z_]*\\.c)$"
	only["libxml/"] = "^fleet/(domxml|capsxml|xml|events)\\.c$"
	only["yaml.h"] = "^config/yaml\\.c$"
	only["cjson/"] = "^(config/inventory|views/(batch_json|results)|fleet/json|fleet/eventlog|actions/journal(_lost|_read)?)\\.c$"
}
/^#include "/ {
	split($2, quoted, "\"")
	from = folder(FILENAME); to = folder(quoted[2])
	if (FILENAME ~ /^tests\//)
		next
	if (quoted[2] ~ /\.inc$/)
		next
	if (index(" " may[from] " ", " " to " ") == 0)
		breach(from "/ may not include " to "/")
	if (from == "tui" && to == "config" && quoted[2] !~ /^config\/(keyspec|theme)\.h$/)
		breach("tui/ knows only config/keyspec.h and config/theme.h")
	if (from == "views" && quoted[2] ~ /^fleet\/(conn_libvirt|conn_sim|tunnel|events|host|tracker|rates)\.h$/)
		breach("views/ knows the fleet, not what is behind it")
}
/^#include </ {
	split($2, angled, /[<>]/)
	for (header in only)
		if (index(angled[2], header) == 1 && FILENAME !~ /^tests\// && FILENAME !~ only[header])
			breach("only " only[header] " may include it")
}
/pthread_detach|pthread_cancel|GMutex|GAsyncQueue|GThreadPool/ { if (FILENAME !~ /^tests\//) breach("not used here (HACKING.md)") }
END { exit bad }
