# shellcheck shell=bash
# What bench and bench-real share: results are lines in files of $RESULTS, and become tables in the end.

say() { echo "bench: $*" >&2; }

# What the program said on stderr, when it is to be known: a line per host that failed.
complain() {
  [ ! -s "$RESULTS/stderr" ] || say "$(wc -l <"$RESULTS/stderr") complaints, the first: $(head -n 1 "$RESULTS/stderr")"
}

# value KEY LINE: the value of KEY=value in LINE
value() { sed -n "s/.*\b$1=\([^ ]*\).*/\1/p" <<<"$2"; }

# cost NAME KNOWN_S CPU_S KIB STEADY_PCT GUESTS, latency NAME LINE: rows of the tables
cost() { printf '%s|%s|%s|%s|%s|%s\n' "$@" >>"$RESULTS/cost.$PART"; }
latency() {
  printf '%s|%s|%s|%s|%s\n' "$1" "$(value p50_ms "$2")" "$(value p99_ms "$2")" "$(value max_ms "$2")" \
    "$(value keys "$2")" >>"$RESULTS/latency"
}

# gestures NAME LINE: one row for each of them
gestures() {
  local gesture
  for gesture in switch sort filter scroll; do
    printf '%s|%s|%s|%s|%s\n' "  $gesture: $1" "$(value "${gesture}_p50_ms" "$2")" "$(value "${gesture}_p99_ms" "$2")" \
      "$(value "${gesture}_max_ms" "$2")" "$GESTURES" >>"$RESULTS/latency"
  done
}

# table FILE: the costs, with multiples of the console's; a measurement that failed is "-"
table() {
  awk -F'|' '
    function number(format, n) { return n == "" ? "-" : sprintf(format, n) }
    function over(a, b) { return a != "" && b > 0 ? sprintf("%.1f x", a / b) : "" }
    { n = NR; for (i = 1; i <= 6; i++) cell[n, i] = $i
      if ($1 ~ /console|demo/) { wall = $2; cpu = $3; kib = $4; steady = $5 } }
    END {
      layout = "%-38s %7s %9s %7s %9s %7s %9s %7s %8s %7s\n"
      printf layout, "", "VMs", "all known", "", "CPU", "", "memory", "", "steady", ""
      for (r = 1; r <= n; r++)
        printf layout, cell[r, 1], cell[r, 6], number("%.2f s", cell[r, 2]), over(cell[r, 2], wall),
          number("%.2f s", cell[r, 3]), over(cell[r, 3], cpu),
          cell[r, 4] == "" ? "-" : sprintf("%.0f MiB", cell[r, 4] / 1024), over(cell[r, 4], kib),
          number("%.1f %%", cell[r, 5]), over(cell[r, 5], steady)
    }' "$1"
}

# latencies: all of them as a table
latencies() {
  [ -f "$RESULTS/latency" ] || return 0
  echo
  echo "from a key to what it does on the terminal, 160x50, ms: the cursor moved in view vms, and gestures"
  awk -F'|' 'BEGIN { printf "%-60s %8s %8s %8s %6s\n", "", "p50", "p99", "max", "keys" }
    { printf "%-60s %8s %8s %8s %6s\n", $1, $2, $3, $4, $5 }' "$RESULTS/latency"
}

# machine LOAD: what was measured on
machine() {
  echo "machine: $(nproc) cores, $(awk -F': ' '/^model name/ { print $2; exit }' /proc/cpuinfo)," \
    "load $1 before, $(cut -d' ' -f1 /proc/loadavg) after"
}
