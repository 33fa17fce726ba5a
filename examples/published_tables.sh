# The published capacities of language models, recomputed beside what was measured (KAGDB25, MMCT26): every digit that was
# published is a digit of our enclosure.
promptbound table --preset capacity
promptbound table --preset capacity -o capacity.tex

# What a prompt of Pythia-1.4B's width can hold, from its stored bits and from its published form.
promptbound eval memory-bits --m 1 --w 2048 --b 16
promptbound eval accessible-length-published --w 2048 --v 50304
