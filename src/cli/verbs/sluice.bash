# Completion of sluice for Bash, from 3.2 on; needs nothing else.

_sluice() {
  local line="${COMP_LINE:0:COMP_POINT}" words=() touches="" i part typed directive=0

  # Bash cuts words at = and : and @ too; what touches is one word.
  for ((i = 0; i < COMP_CWORD; i++)); do
    part="${COMP_WORDS[i]}"
    line="${line#*"$part"}"
    if [[ -n $touches ]]; then words[${#words[@]} - 1]+="$part"; else words+=("$part"); fi
    if [[ $line == [[:space:]]* ]]; then touches=""; else touches=1; fi
  done
  part="${line#"${line%%[![:space:]]*}"}"
  if [[ -n $touches ]]; then words[${#words[@]} - 1]+="$part"; else words+=("$part"); fi

  # What Bash puts in stands for what follows the last cut only, and for the cut itself when it is an @.
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

  # Bash offers files by itself when there is nothing else.
  if ((directive & 4)) && type compopt &>/dev/null; then compopt +o default; fi
}

complete -o default -F _sluice sluice kubectl-sluice
