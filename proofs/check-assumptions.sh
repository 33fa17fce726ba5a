#!/bin/bash
# Checks the compiled Coq development against theorems.txt, and writes its index.
#
#   check-assumptions.sh          every main theorem rests on no axiom outside its layer, no proof is left open,
#                                 and README.md is what this script would write
#   check-assumptions.sh --write  the same checks, then write README.md
#
# Layers: none = closed under the global context; reals = the axioms of Coq's classical reals; interval = these
# and the primitive integers and floats that Coq-Interval computes with.
set -euo pipefail
cd "$(dirname "$0")"
write=no
[ "${1:-}" = --write ] && write=yes
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failures=0
fail() { echo "proofs: $1" >&2; failures=$((failures + 1)); }

if grep -nE '(^|[^[:alnum:]_])(Admitted|admit|give_up|Axiom|Axioms|Conjecture|Parameter|Parameters)([^[:alnum:]_]|$)' \
    algebra/*.v analysis/*.v certificates/*.v; then
  fail "an open proof or an axiom in the files above"
fi

# The theorems, and one Coq session a folder that prints statements and assumptions between marks.
grep -vE '^ *(#|$)' theorems.txt | sed 's/ *| */|/g; s/^ *//; s/ *$//' > "$scratch/all"
awk -F'|' 'NF != 5 { print "proofs: theorems.txt: five columns wanted: " $0 > "/dev/stderr"; bad = 1 } END { exit bad }' \
  "$scratch/all"
awk -F'|' '$4 == "definition"' "$scratch/all" > "$scratch/definitions"
awk -F'|' '$3 == "-"' "$scratch/all" > "$scratch/open"
awk -F'|' '$3 != "-" && $4 != "definition"' "$scratch/all" > "$scratch/proved"

# Statements print with the notations of the layer that they belong to, and all its files imported,
# so that names stay short.
session() { # folder, what to import first, scopes to open, files to import
  {
    echo "$2"
    for file in $4; do echo "From PromptBound Require Import ${file//\//.}" | sed 's/v$//'; done
    echo "Unset Printing Implicit Defensive. Set Printing Width 100. $3"
    cut -d'|' -f3 "$scratch/definitions" | { grep "^$1\." || true; } | while read -r name; do
      echo "Goal True. idtac \"@statement $name\". Abort."
      echo "Print PromptBound.$name."
    done
    for layer in none reals interval; do
      names=$(awk -F'|' -v layer=$layer -v folder="$1." '$4 == layer && index($3, folder) == 1 { print $3 }' "$scratch/proved")
      [ -n "$names" ] || continue
      for name in $names; do
        echo "Goal True. idtac \"@statement $name\". Abort."
        echo "Check PromptBound.$name."
      done
      # One traversal for all theorems of the layer: what any of them rests on, their conjunction rests on.
      echo "Definition ${layer}_theorems :="
      for name in $names; do echo "  (conj (@PromptBound.$name)"; done
      echo "  I$(echo "$names" | sed 's/.*/)/' | tr -d '\n')."
      echo "Goal True. idtac \"@assumptions $1.$layer\". Abort."
      echo "Print Assumptions ${layer}_theorems."
    done
  } > "$scratch/$1_session.v"
  (cd "$scratch" && coqc -q -w none -Q "$OLDPWD" PromptBound "$1_session.v")
}
algebraic='From mathcomp Require Import all_ssreflect all_algebra.
Import GRing.Theory Num.Theory Order.TTheory.'
open_algebraic='Local Open Scope ring_scope.'
session algebra "$algebraic" "$open_algebraic" "$(echo algebra/*.v)" > "$scratch/output.algebra" & pids=$!
session analysis "From Coq Require Import Reals.
$algebraic" "$open_algebraic" "$(echo algebra/*.v analysis/*.v)" > "$scratch/output.analysis" & pids="$pids $!"
session certificates 'From Coq Require Import Reals ZArith.' \
  'Local Open Scope Z_scope. Local Open Scope R_scope.' "$(echo certificates/*.v)" > "$scratch/output.certificates" & pids="$pids $!"
for pid in $pids; do wait "$pid"; done
cat "$scratch"/output.* > "$scratch/output"
awk -v dir="$scratch" '
  /^@statement / { file = dir "/statement." $2; next }
  /^@assumptions / { file = dir "/assumptions." $2; next }
  file { print > file }' "$scratch/output"

reals='ClassicalDedekindReals\.sig_forall_dec|ClassicalDedekindReals\.sig_not_dec|FunctionalExtensionality\.functional_extensionality_dep|Epsilon\.epsilon_statement|Classical_Prop\.classic|PropExtensionality\.propositional_extensionality'
interval="$reals|(PrimInt63|Uint63|Int63|PrimFloat|FloatAxioms|CarryType|FloatOps|Sint63)\..*"
axioms_of() { # names of the axioms that a group of theorems rests on
  # An axiom starts a line, "name : type" or the name alone with the type on the next lines.
  sed -n '/^[A-Za-z]/p' "$scratch/assumptions.$1" | sed 's/ .*//; /^Axioms:$/d; /^Closed$/d'
}
for group in $(awk -F'|' '{ split($3, part, "."); print part[1] "." $4 }' "$scratch/proved" | sort -u); do
  case ${group#*.} in
    none) allowed='^$' ;;
    reals) allowed="^($reals)\$" ;;
    interval) allowed="^($interval)\$" ;;
    *) fail "theorems.txt: unknown layer '${group#*.}'"; continue ;;
  esac
  [ -s "$scratch/assumptions.$group" ] || { fail "$group: no assumptions printed"; continue; }
  bad=$(axioms_of "$group" | grep -vE "$allowed" | tr '\n' ' ' || true)
  [ -z "$bad" ] || fail "a theorem of ${group%.*}/ listed as '${group#*.}' rests on: $bad"
done

{
  echo '# The Coq development'
  echo
  echo 'Written by `make -C proofs readme` from theorems.txt and the compiled files; do not edit by hand.'
  echo
  echo 'Items are those of the theory. Every statement below is printed by Coq. Axioms: *none* is a theorem over any'
  echo 'real (closed) field without axioms; *reals* are the classical axioms of the real numbers in the standard'
  echo 'library (sig_forall_dec, sig_not_dec, classic, functional extensionality, epsilon); *interval* adds the primitive'
  echo 'machine integers and floats.'
  echo
  echo '## Index'
  echo
  echo '| item | id | theorem | file | axioms | says |'
  echo '|---|---|---|---|---|---|'
  sort -s -t'|' -k1,1V "$scratch/proved" | while IFS='|' read -r item id name layer what; do
    file=$(echo "${name%.*}" | tr . /).v
    echo "| $item | $id | \`${name##*.}\` | [$file]($file) | $layer | ${what//|/\\|} |"
  done
  echo
  echo '## Not proved in Coq'
  echo
  echo 'The proof on paper in the theory is all there is for these.'
  echo
  echo '| item | id | what is missing |'
  echo '|---|---|---|'
  sort -s -t'|' -k1,1V "$scratch/open" | while IFS='|' read -r item id _ _ what; do
    echo "| $item | $id | ${what//|/\\|} |"
  done
  echo
  echo '## Definitions'
  echo
  echo 'What the statements below speak about; the comments in the files explain them.'
  while IFS='|' read -r _ _ name _ what; do
    printf '\n**%s**: %s\n```coq\n' "$name" "$what"
    sed '/^$/,$d' "$scratch/statement.$name"
    printf '```\n'
  done < "$scratch/definitions"
  echo
  echo '## Statements'
  sort -s -t'|' -k1,1V "$scratch/proved" | while IFS='|' read -r item id name layer what; do
    printf '\n**%s %s**\n```coq\n' "$item" "$name"
    cat "$scratch/statement.$name"
    printf '```\n'
  done
} > "$scratch/README.md"

if [ $write = yes ]; then
  cp "$scratch/README.md" README.md
elif ! cmp -s "$scratch/README.md" README.md; then
  fail "README.md is out of date: run make -C proofs readme"
fi
[ $failures = 0 ] || exit 1
echo "proofs: $(wc -l < "$scratch/proved") theorems within their axioms, $(wc -l < "$scratch/open") listed as unproved"
