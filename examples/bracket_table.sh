# The bracket for a paper's table: how many prompt tokens are necessary and how many suffice, over d and eps, as LaTeX that
# \input takes (booktabs and siunitx), and the same numbers as CSV.
promptbound bounds --d 1:3 --L 2 --eps 1/4,1/10 --alpha inf -o bracket.tex
promptbound bounds --d 1:3 --L 2 --eps 1/4,1/10 --alpha inf -o bracket.csv

# One line of it, with what proves it.
promptbound bounds --d 2 --L 2 --eps 1/10 --alpha inf
