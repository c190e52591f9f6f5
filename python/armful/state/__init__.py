"""What a process keeps in memory: the variants and their posteriors, the keys, and the updates that wait for a commit."""
