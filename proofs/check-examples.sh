#!/bin/bash
# Compiles every certificate in examples/, and checks that its mutations do not compile: each line
# (* mutation OLD NEW *) asks for a copy with the sed pattern OLD replaced by NEW everywhere.
set -euo pipefail
cd "$(dirname "$0")"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
compile() { (cd "$scratch" && timeout 120 coqc -q -w none -Q "$OLDPWD" PromptBound "$1") > "$scratch/log" 2>&1; }
failures=0 accepted=0 rejected=0
for file in examples/*.v; do
  cp "$file" "$scratch/certificate.v"
  if compile certificate.v; then accepted=$((accepted + 1)); else
    echo "proofs: $file does not compile" >&2
    cat "$scratch/log" >&2
    failures=$((failures + 1))
  fi
  while read -r old new; do
    sed "/^(\* mutation/!s|$old|$new|g" "$file" > "$scratch/mutated.v"
    if cmp -s "$file" "$scratch/mutated.v"; then
      echo "proofs: $file: nothing to mutate for $old" >&2
      failures=$((failures + 1))
    elif compile mutated.v; then
      echo "proofs: $file still compiles with $new for $old" >&2
      failures=$((failures + 1))
    else
      rejected=$((rejected + 1))
    fi
  done < <(sed -n 's/^(\* mutation \(.*\) \*)$/\1/p' "$file")
done
echo "proofs: $accepted example certificates accepted, $rejected mutations rejected, $failures failures"
[ $failures = 0 ]
