"""Keep a working directory in two-way sync with storage that you own."""
