"""Formal experiments: started, changed, assigned to, ended, judged."""
