"""Pages on this machine's own Docker and the real registries, and where a difference comes from.

`machine` is the host. `observe` is a run that goes on after a difference. `published` puts published
images into a lab. `causes` finds out by experiment what a difference comes from, and `report` says it.
"""
