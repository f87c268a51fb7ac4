"""What the façade offers beside syncing: status, history, conflicts, check-ups."""
