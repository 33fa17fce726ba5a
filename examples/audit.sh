# What the theorems say of a trained model and a soft prompt that was trained for it: text here, a page with figures, and JSON.
promptbound audit --model tests/models/data/tiny-gpt2 --prompt tests/models/data/tiny-gpt2-prompt
promptbound audit --model tests/models/data/tiny-gpt2 --prompt tests/models/data/tiny-gpt2-prompt -o audit.html
promptbound audit --model tests/models/data/tiny-gpt2 --prompt tests/models/data/tiny-gpt2-prompt -o audit.json
