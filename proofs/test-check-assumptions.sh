#!/bin/bash
# Does check-assumptions.sh reject what it must? Runs it on small developments of its own: a sound one passes; a
# theorem with an axiom outside its layer, an open proof and a listed name that does not exist fail.
set -euo pipefail
cd "$(dirname "$0")"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failures=0
run_case() { # what it is, pass or fail, the algebra file, the line of theorems.txt, what is reported
  rm -rf "$scratch/case"
  mkdir -p "$scratch/case"/{algebra,analysis,certificates}
  cp check-assumptions.sh "$scratch/case"
  echo "$3" > "$scratch/case/algebra/sample.v"
  for folder in analysis certificates; do echo 'Lemma trivial : True. Proof. easy. Qed.' > "$scratch/case/$folder/other.v"; done
  echo "$4" > "$scratch/case/theorems.txt"
  (cd "$scratch/case" && for file in */*.v; do coqc -q -w none -Q . PromptBound "$file"; done)
  got=fail
  "$scratch/case/check-assumptions.sh" --write > "$scratch/log" 2>&1 && got=pass
  if [ $got != "$2" ] || ! grep -q "$5" "$scratch/log"; then
    echo "proofs: check-assumptions.sh: $1: $got instead of $2" >&2
    cat "$scratch/log" >&2
    failures=$((failures + 1))
  fi
}
line='1 | sample | algebra.sample.claim | none | sample'
run_case 'a sound theorem' pass 'Theorem claim : True \/ False. Proof. now left. Qed.' "$line" '1 theorems within'
run_case 'an axiom outside the layer' fail \
  'From Coq Require Import Classical. Theorem claim (p : Prop) : p \/ ~ p. Proof. apply classic. Qed.' "$line" 'rests on: .*classic'
run_case 'an open proof' fail 'Theorem claim : True \/ False. Proof. Admitted.' "$line" 'an open proof'
run_case 'a name that does not exist' fail 'Theorem other : True. Proof. easy. Qed.' "$line" 'claim was not found'
echo "proofs: check-assumptions.sh judged 4 small developments, $failures wrongly"
[ $failures = 0 ]
