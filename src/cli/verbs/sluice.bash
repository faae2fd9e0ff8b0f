# Bash completion for sluice; needs only Bash 3.2 or later.

_sluice() {
  local line="${COMP_LINE:0:COMP_POINT}" words=() touches="" i part typed directive=0

  # Bash also splits words at = : and @; rejoin adjacent parts.
  for ((i = 0; i < COMP_CWORD; i++)); do
    part="${COMP_WORDS[i]}"
    line="${line#*"$part"}"
    if [[ -n $touches ]]; then words[${#words[@]} - 1]+="$part"; else words+=("$part"); fi
    if [[ $line == [[:space:]]* ]]; then touches=""; else touches=1; fi
  done
  part="${line#"${line%%[![:space:]]*}"}"
  if [[ -n $touches ]]; then words[${#words[@]} - 1]+="$part"; else words+=("$part"); fi

  # Bash replaces only the part after the last split, including the split character if it is an @.
  typed="${words[${#words[@]} - 1]}"
  if [[ $typed == -*=* ]]; then typed="${typed#*=}"; fi
  if [[ -z ${part//[=:@]/} ]]; then part=""; fi
  typed="${typed%"$part"}"
  typed="${typed%@}"

  COMPREPLY=()
  while IFS= read -r line; do
    case "$line" in
      :[0-9]*) directive="${line#:}" ;;
      ?*)
        line="${line%%$'\t'*}"
        printf -v line '%q' "${line#"$typed"}"
        COMPREPLY+=("$line")
        ;;
    esac
  done < <("$1" __complete "${words[@]:1}" 2>/dev/null)

  # Bash offers files by default when there are no other completions.
  if ((directive & 4)) && type compopt &>/dev/null; then compopt +o default; fi
}

complete -o default -F _sluice sluice kubectl-sluice
