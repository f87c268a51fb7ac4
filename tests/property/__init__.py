"""Random edits, faults and crashes over several hubs: nothing is lost, all become equal."""
