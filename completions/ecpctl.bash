# bash completion for ecpctl; load with: source <(ecpctl completion bash)
_ecpctl_complete() {
  local line files=
  COMPREPLY=()
  local cur=${COMP_WORDS[COMP_CWORD]}
  # bash splits words at = and :, the program wants them whole: the words are taken from the line itself.
  local words
  read -ra words <<<"${COMP_LINE:0:COMP_POINT}"
  [[ ${COMP_LINE:0:COMP_POINT} == *[[:space:]] ]] && words+=("")
  while IFS= read -r line; do
    if [[ $line == :files ]]; then files=1; continue; fi
    COMPREPLY+=("$(printf '%q' "${line%%$'\t'*}")")
  done < <("${words[0]}" __complete -- "${words[@]:1}" 2>/dev/null)
  if [[ -n $files && ${#COMPREPLY[@]} -eq 0 ]]; then
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$cur")
  fi
}
complete -F _ecpctl_complete ecpctl
