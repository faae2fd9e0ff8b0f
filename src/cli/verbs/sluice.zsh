#compdef sluice kubectl-sluice
# Zsh completion for sluice.

_sluice() {
  local line
  local -a answer completions
  integer directive=0

  answer=("${(@f)$("${(Q)words[1]}" __complete "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
  for line in $answer; do
    case $line in
      (:<->) directive=${line#:} ;;
      (*$'\t'*) completions+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}") ;;
      (?*) completions+=("${line//:/\\:}") ;;
    esac
  done

  [[ $PREFIX == -*=* ]] && compset -P 1 '*='
  if (( $#completions )); then
    _describe -t values value completions
  elif (( ! (directive & 4) )); then
    _files
  fi
}

if [[ $funcstack[1] == _sluice ]]; then
  _sluice
else
  (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
  compdef _sluice sluice kubectl-sluice
fi
