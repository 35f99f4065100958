# registry.c: a request to cancel is obeyed by whoever has the ID
# caught by: unit claim registry
/^registry_cancels(/,/^}/s/strcmp(text, own) == 0/1/
