# bash completion for virt-fleet. What there is to choose from comes from the program itself: from its --help, and from the
# words with which it refuses a wrong choice. So nothing here has to be kept up to date.

# _virt_fleet_allowed ARGUMENT…: what the program says is allowed instead of the last argument's "?"
_virt_fleet_allowed() {
	"$1" "${@:2}" --demo </dev/null 2>&1 | sed -n 's/.*allowed\( are\)\?: //p' | tr -s ', ' '\n'
}

# The commands, as --help lists them.
_virt_fleet_commands() {
	"$1" --help | sed -n 's/^  virt-fleet \([a-z][a-z]*\) .*/\1/p'
}

_virt_fleet() {
	local program=$1 cur=$2 prev=$3 command= what= i words=

	COMPREPLY=()
	# readline splits at "=": --view=ho comes as three words
	if [ "$cur" = = ]; then
		cur=
	elif [ "$prev" = = ] && ((COMP_CWORD > 2)); then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-*) ;;
		*)
			if [ -z "$command" ]; then
				case " $(_virt_fleet_commands "$program" | tr '\n' ' ') " in
				*" ${COMP_WORDS[i]} "*) command=${COMP_WORDS[i]} ;;
				esac
			elif [ -z "$what" ]; then
				what=${COMP_WORDS[i]}
			fi
			;;
		esac
	done
	case $prev in
	--config | --ssh-config | -F | --event-log)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	--view) words=$(_virt_fleet_allowed "$program" snapshot --view '?') ;;
	--theme) words=$(_virt_fleet_allowed "$program" --theme '?') ;;
	--output | -o)
		if [ "$command" = do ]; then
			words=$(_virt_fleet_allowed "$program" do "${what:-start}" --where x -o '?')
		else
			words=$(_virt_fleet_allowed "$program" list vms -o '?')
		fi
		;;
	--columns | --sort)
		# the last one of a list: what is before it stays
		words=$("$program" list "${what:-vms}" --columns help 2>/dev/null | awk '{print $1}')
		local before=
		case $cur in *,*) before=${cur%,*}, cur=${cur##*,} ;; esac
		mapfile -t COMPREPLY < <(compgen -P "$before" -W "$words" -- "$cur")
		compopt -o nospace 2>/dev/null
		return
		;;
	list) [ "$command" = list ] && words=$(_virt_fleet_allowed "$program" list '?') ;;
	do) [ "$command" = do ] && words=$(_virt_fleet_allowed "$program" do '?') ;;
	esac
	# a verb's arguments, and hosts
	if [ "$command" = do ] && [ -n "$what" ] && [ -z "$words" ] && [ "${cur#-}" = "$cur" ]; then
		words="$(_virt_fleet_allowed "$program" do "$what" '?=') $(compgen -A hostname)"
	fi
	if [ -z "$words" ]; then
		case $cur in
		-*) words=$("$program" --help | sed -n 's/^  \(-., \)\?\(--[a-z-]*\)\(=\)\?.*/\2\3/p') ;;
		*)
			# hosts, as for ssh
			[ -n "$command" ] || words=$(_virt_fleet_commands "$program")
			words="$words $(compgen -A hostname)"
			;;
		esac
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
	case ${COMPREPLY[0]-} in *=) compopt -o nospace 2>/dev/null ;; esac
}

complete -F _virt_fleet virt-fleet
