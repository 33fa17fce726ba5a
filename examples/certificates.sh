# Someone proves, someone else checks. The first makes a transformer, proves its error over the whole cube, and hands over
# certificate and model.
promptbound construct lookup-transformer --d 1 --L 2 --eps 1/10 --alpha inf --target reversal -o reversal.json
promptbound verify reversal.json --target reversal --eps 1/10 --alpha inf --certificate proof.json

# The second has promptbound-check alone, which shares no code with the search, and compares the model that was handed over.
promptbound-check --model reversal.json proof.json

# A certificate that was changed is rejected.
sed 's/"eps":"1\/10"/"eps":"1\/100"/' proof.json > forged.json
! promptbound-check forged.json
