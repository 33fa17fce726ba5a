# A layer made by hand, decided by memorize. docs/theory/examples/layer.json has one head; the two examples of pair.json are built so that no prompt of any length fits both (theory 5.4).
promptbound construct impossible-pair --model docs/theory/examples/layer.json -o pair.json
promptbound memorize --model pair.json --data pair.json --certificate impossible.json || test $? -eq 1
promptbound-check impossible.json

# Data that a prompt of two tokens gave, to twelve digits: possible, with the least length.
promptbound construct layer --d 2 --N 2 --m 2 -o layer.json
promptbound memorize --model layer.json --data layer.json --accuracy 1e-12 || test $? -eq 3
