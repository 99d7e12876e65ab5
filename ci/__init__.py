"""The release line: what is shipped, how it is built, what is checked, and what may be published.

`python -m ci VERB` runs it; ci/matrix.toml declares it.
"""
