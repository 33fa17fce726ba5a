# Completes the words of promptbound from what the program itself says: subcommands, options, ids of bounds.
_promptbound() {
  local current=${COMP_WORDS[COMP_CWORD]} subcommand=${COMP_WORDS[1]} help words=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    words="help $(promptbound --help 2>/dev/null | sed -n '/^Subcommands:/,$s/^  \([a-z][a-z-]*\) .*/\1/p')"
  else
    # The words before the current one, so that eval ID offers the parameters of ID alone.
    help=$(promptbound "${COMP_WORDS[@]:1:COMP_CWORD-1}" --help 2>/dev/null || promptbound "$subcommand" --help 2>/dev/null)
    if [ "${current#-}" != "$current" ]; then
      words=$(printf '%s\n' "$help" | sed -n 's/^  \(-[A-Za-z],\)\{0,1\}\(--[A-Za-z][A-Za-z-]*\).*/\2/p')
    elif [ "$subcommand" = eval ] || [ "$subcommand" = list ]; then
      words=$(promptbound eval --help 2>/dev/null | sed -n '/^Bounds/,/^$/s/^  \([a-z][a-z-]*\) .*/\1/p')
    fi
  fi
  # Where no word fits, names of files do.
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -o default -F _promptbound promptbound
