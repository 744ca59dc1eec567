"""One file per controller: a deciding function from cached objects to a plan; `run` performs plans."""
